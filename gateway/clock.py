"""Is this machine's clock disciplined, and how well? As the kernel sees it.

Source: adjtimex(2). The kernel counts a clock as unsynchronised (STA_UNSYNC) unless a time service
(chrony, ntpd, systemd-timesyncd) keeps it, and knows an upper bound of the error.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),  # the kernel's structure is 208 bytes; room to spare
    )


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the kernel says of the clock."""

    synchronised: bool
    error_bound_s: float | None
    """Largest error the clock may have, where a time service keeps it."""


def read_clock_state() -> ClockState | None:
    """Return the state of the system's clock; None where the platform does not tell."""
    if not sys.platform.startswith("linux"):
        return None
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state < 0:
        return None
    synchronised = state != _TIME_ERROR and not timex.status & _STA_UNSYNC
    return ClockState(synchronised, timex.maxerror / 1e6 if synchronised else None)
