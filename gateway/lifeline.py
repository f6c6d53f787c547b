"""A child process that ends when the process that started it does, however that ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

VARIABLE: Final = "CELLGATE_PARENT"
_PR_SET_PDEATHSIG: Final = 1


def tie(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment for a child that `hold` is to end with this process."""
    return {**environment, VARIABLE: str(os.getpid())}


def hold() -> None:
    """Ask the kernel for SIGTERM when the parent named in the environment is gone. No-op without one.

    Exits at once where the parent died before this was called.
    """
    parent = os.environ.get(VARIABLE)
    if parent is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit("the process that started this one is gone")
