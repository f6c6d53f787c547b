"""The messages of an edge node in the order of their sequence numbers. Pure.

MQTT keeps the order of one connection, but servers in a cluster, or bridges, may not. What is ahead of
a missing message waits for it; the caller asks for a rebirth when that takes too long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_WRAP: Final = 256
_AHEAD: Final = 128
"""Messages that may wait; a number further ahead than this is behind."""


class Sequence:
    """What comes next, and what waits for it."""

    def __init__(self) -> None:
        """Nothing is expected before a birth."""
        self._next: int | None = None
        self._waiting: dict[int, Any] = {}

    @property
    def incomplete(self) -> bool:
        """True while something is missing."""
        return bool(self._waiting)

    def born(self, seq: int | None) -> None:
        """An NBIRTH came: everything begins anew (its number is 0, and others are taken)."""
        self._next = None if seq is None else (seq + 1) % _WRAP
        self._waiting.clear()

    def take(self, seq: int | None, message: Any) -> Iterator[Any]:
        """Take a message and yield those whose turn has come."""
        if self._next is None or seq is None:
            yield message
            return
        if (seq - self._next) % _WRAP > _AHEAD:
            return  # seen already, or of before the birth
        self._waiting[seq] = message
        while self._next in self._waiting:
            yield self._waiting.pop(self._next)
            self._next = (self._next + 1) % _WRAP
