"""The lease in a device: who holds it, has it expired, may we take it. Pure: no I/O, no clock.

Two registers, the holder's number and a counter that the holder counts on. Nothing in a device compares
and writes in one step, so a claim is written, left to settle, and read again: of two that claim at a time,
the one whose number stands then has it. A holder looks before each count: when it finds another number, or
could not count for `expires_after`, it has lost the lease and stops to write.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

NOBODY: Final = 0
COUNTS: Final = 32_767
"""The counter goes from 1 to this and begins again: it fits a signed 16-bit register."""


class Claimable(enum.Enum):
    """Whether a lease that somebody looks at can be claimed."""

    YES = "yes"
    HELD = "held"
    """Its holder counts on."""
    UNKNOWN = "unknown"
    """It is another's, and not yet known whether that one still lives."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a device holds."""

    owner: int
    counter: int


class LeaseWatch:
    """Looks at a lease that is not ours."""

    def __init__(self, number: int, expires_after_s: float) -> None:
        """`number` is ours."""
        self._number, self._expires_after_s = number, expires_after_s
        self._seen: Seen | None = None
        self._since_s = 0.0

    def look(self, seen: Seen, now_s: float) -> Claimable:
        """Take what was read at a monotonic time, and say whether the lease can be claimed."""
        before, self._seen = self._seen, seen
        if before != seen:
            self._since_s = now_s
        if seen.owner in (NOBODY, self._number) or now_s - self._since_s >= self._expires_after_s:
            return Claimable.YES
        moved = before is not None and before.owner == seen.owner and before.counter != seen.counter
        return Claimable.HELD if moved else Claimable.UNKNOWN

    def forget(self) -> None:
        """Begin anew: nothing has been seen."""
        self._seen = None


def counted(counter: int) -> int:
    """Return the counter after this one."""
    return counter % COUNTS + 1 if 0 <= counter <= COUNTS else 1
