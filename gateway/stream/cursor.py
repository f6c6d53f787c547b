"""Which records of one partition to send next: fresh ones in order, and those that are asked for again. Pure.

The broker's acknowledgement is not durability, so a record counts as delivered when a historian's
watermark has passed it. Until then it may be sent again: everything behind the watermark after a new
connection, what a historian asks for, and, where the watermark stands still although the broker has
acknowledged more, what lies directly behind it: a little first, twice as much each time that helps.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

CHUNK: Final = 64
"""Records read and sent in one turn, so that no partition and no repetition keeps the others waiting."""
_SPANS: Final = 256
_LONGEST_PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Turn:
    """Records to read and send: those behind `after` up to `last`, at most `limit`."""

    after: int
    last: int
    limit: int
    repeat: bool


@dataclass(slots=True)
class _Recovery:
    """Repeating what a watermark waits for, piece by piece."""

    until: int
    """Last sequence that had been acknowledged by the broker when the watermark stood still."""
    size: int
    end: int
    """Last sequence of the piece that is being repeated."""


class Cursor:
    """The state of one partition. Times are monotonic."""

    def __init__(self, head: int, ahead: int, stall_after_s: float) -> None:
        """Begin with `head`, the last sequence that an earlier run of the gateway may have sent."""
        self.sent = head
        """Last sequence that was ever sent: no watermark can be beyond it."""
        self.next = 1
        self.stalls = 0
        self.refused = 0
        """Requests that were refused because too many waited."""
        self._ahead, self._stall_after_s = ahead, stall_after_s
        self._unacknowledged: dict[int, None] = {}
        self._spans: deque[tuple[int, int]] = deque()
        self._repeated_last = False
        self._recovery: _Recovery | None = None
        self._confirmed: int | None = None
        self._since = 0.0
        self._patience_s = stall_after_s

    def rewind(self, floor: int, now: float) -> None:
        """Begin behind `floor` on a new connection."""
        self.next = floor + 1
        self._unacknowledged.clear()
        self._spans.clear()
        self._recovery = None
        self._since, self._patience_s = now, self._stall_after_s

    def turn(self, head: int, confirmed: int | None) -> Turn | None:
        """Return what to send now; None when there is nothing, or no more may be sent ahead."""
        room = CHUNK if confirmed is None else min(CHUNK, self._ahead - (self.next - 1 - confirmed))
        fresh = self.next <= head and room > 0
        if self._spans and not (fresh and self._repeated_last):
            self._repeated_last = True
            first, last = self._spans.popleft()
            end = min(last, first + CHUNK - 1)
            if end < last:
                self._spans.appendleft((end + 1, last))
            return Turn(first - 1, end, CHUNK, repeat=True)
        self._repeated_last = False
        return Turn(self.next - 1, head, room, repeat=False) if fresh else None

    def held_back(self, head: int, confirmed: int | None) -> bool:
        """Tell whether records wait because too many are ahead of the watermark."""
        return confirmed is not None and self.next <= head and self.next - 1 - confirmed >= self._ahead

    def passed(self, sequence: int) -> None:
        """Note that there is nothing fresh to send up to a sequence: sent, or not there any more."""
        self.next = max(self.next, sequence + 1)

    def sending(self, sequence: int, *, repeat: bool) -> None:
        """Note that a record has been handed to the connection."""
        self.sent = max(self.sent, sequence)
        if not repeat:
            self.next = sequence + 1
            self._unacknowledged[sequence] = None

    def acknowledged(self, sequence: int) -> None:
        """Note that the broker has a record."""
        self._unacknowledged.pop(sequence, None)

    @property
    def taken(self) -> int:
        """Return the last sequence up to which the broker has acknowledged all."""
        return min(self._unacknowledged, default=self.next) - 1

    def ask_again(self, first: int, last: int) -> bool:
        """Have a range sent again, as far as it was sent before; False when too many ranges wait."""
        last = min(last, self.next - 1)
        if last < first or any(start <= first and last <= end for start, end in self._spans):
            return True
        if len(self._spans) >= _SPANS:
            self.refused += 1
            return False
        self._spans.append((first, last))
        return True

    def watch(self, confirmed: int | None, now: float) -> None:
        """Look after the watermark; call it when it moves and about once a second."""
        if confirmed is None:
            return
        if confirmed != self._confirmed or self.taken <= confirmed:
            self._confirmed, self._since, self._patience_s = confirmed, now, self._stall_after_s
            self._go_on_repeating(confirmed)
        elif now - self._since >= self._patience_s:
            self.stalls += 1
            self._since, self._patience_s = now, min(2 * self._patience_s, _LONGEST_PATIENCE_S)
            self._recovery = _Recovery(self.taken, CHUNK, confirmed + CHUNK)
            self.ask_again(confirmed + 1, min(self.taken, confirmed + CHUNK))

    def _go_on_repeating(self, confirmed: int) -> None:
        recovery = self._recovery
        if recovery is None or confirmed < recovery.end:
            return
        if confirmed >= recovery.until:
            self._recovery = None
            return
        recovery.size *= 2
        recovery.end = confirmed + recovery.size
        self.ask_again(confirmed + 1, min(recovery.until, recovery.end))
