"""Event ids: UUIDs of version 7 (RFC 9562), which sort by the time they were made.

Within a process they always increase, also where many are made in one millisecond or the clock is
set back: the 74 bits behind the time then count on from the last id (RFC 9562, 6.2, method 2).
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from typing import Final

_RANDOM_BITS: Final = 74
_STEP_BITS: Final = 32


class _Generator:
    """Makes ids; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._time_ms = 0
        self._random = 0

    def next(self, time_ns: int) -> uuid.UUID:
        """Return an id for a time, larger than every id before it."""
        with self._lock:
            if time_ns // 1_000_000 > self._time_ms:
                self._time_ms = time_ns // 1_000_000
                self._random = secrets.randbits(_RANDOM_BITS - 1)  # the highest bit is room to count
            else:
                self._random += 1 + secrets.randbits(_STEP_BITS)
                if self._random >> _RANDOM_BITS:
                    self._time_ms += 1
                    self._random = secrets.randbits(_RANDOM_BITS - 1)
            high, low = self._random >> 62, self._random & (1 << 62) - 1
            return uuid.UUID(int=self._time_ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


_generator: Final = _Generator()


def uuid7(time_ns: int | None = None) -> uuid.UUID:
    """Return a new id. `time_ns` is the UTC time it carries; none is now."""
    return _generator.next(time.time_ns() if time_ns is None else time_ns)
