"""The clocks of this moment, and which start of the machine the monotonic one counts from."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from control.carry.start import Now

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot() -> str:
    """Return what tells this start of the machine from every other; empty where nothing does."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def now() -> Now:
    """Return the clocks."""
    return Now(time.monotonic_ns(), time.time_ns(), boot())
