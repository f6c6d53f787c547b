"""The system's clocks, and sleeping on an absolute deadline, from compiled code.

These are calls into the C library without the interpreter: the pacing of the engine neither waits
for the GIL nor drifts. Only where `AVAILABLE`; elsewhere the engine is paced by Python.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from typing import Any, Final

import numba

from control.kernels.atomic import Words
from control.kernels.jit import COMPILING, part

MONOTONIC: Final = 1
REALTIME: Final = 0
_ABSOLUTE: Final = 1
_INTERRUPTED: Final = 4
_SECOND: Final = 1_000_000_000


def _is_available() -> bool:
    """Say whether the C library has the calls, and a timespec is two 8-byte words."""
    if not (COMPILING and sys.platform.startswith("linux") and struct.calcsize("l") == 8):
        return False
    return hasattr(ctypes.CDLL(None), "clock_nanosleep")


AVAILABLE: Final = _is_available()

_types: Any = numba.types
_clock_gettime: Any
_clock_nanosleep: Any
if AVAILABLE:
    _clock_gettime = _types.ExternalFunction("clock_gettime", _types.int32(_types.int32, _types.uintp))
    _clock_nanosleep = _types.ExternalFunction(
        "clock_nanosleep", _types.int32(_types.int32, _types.int32, _types.uintp, _types.uintp)
    )
else:  # never called, but the loop that would is compiled, or interpreted, there too

    @part
    def _clock_gettime(_clock: int, _timespec: int) -> int:
        return -1

    @part
    def _clock_nanosleep(_clock: int, _flags: int, _deadline: int, _left: int) -> int:
        return -1


@part
def read(clock: int, timespec: Words) -> int:
    """Return a clock in nanoseconds; `timespec` is two words to work in."""
    _clock_gettime(clock, timespec.ctypes.data)
    seconds: int = timespec[0]
    nanoseconds: int = timespec[1]
    return seconds * _SECOND + nanoseconds


@part
def sleep_until(deadline_ns: int, timespec: Words) -> None:
    """Sleep until the monotonic clock shows the deadline; signals do not shorten it."""
    timespec[0] = deadline_ns // _SECOND
    timespec[1] = deadline_ns % _SECOND
    while _clock_nanosleep(MONOTONIC, _ABSOLUTE, timespec.ctypes.data, 0) == _INTERRUPTED:
        pass
