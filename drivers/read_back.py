"""What was written and is to be read back: when, and what the values that come say. No I/O.

Writes do not wait for it, so a tag may have been written again before it is looked at. A device that has one
of the values written since has followed; one that has none of them has not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from control.signal import BAD, Columns
from drivers.api import Holds, WriteResult
from drivers.statistics import Statistics
from drivers.writes import Order

Value = float | str | None
"""What was read; None: nothing good."""


@dataclass(slots=True, eq=False)
class Verification:
    """A written order that is to be read back at `due` (monotonic)."""

    order: Order
    results: list[WriteResult]
    due: float
    waits: dict[int, int]
    """The tags that have not been judged, and where each one's last write is in the results."""
    wrote: dict[int, float | str]
    """The values that they should have."""

    def verify(self, tag: int) -> None:
        """The device has the value."""
        at = self.waits.pop(tag)
        self.results[at] = replace(self.results[at], verified=True)

    def differ(self, tag: int, got: Value) -> None:
        """It has another one."""
        told = "nothing good" if got is None else repr(got)
        self._fail(tag, f"wrote {self.wrote[tag]!r}, read back {told}", Holds.ANOTHER)

    def give_up(self, reason: str) -> None:
        """Nobody can look any more."""
        for tag in list(self.waits):
            self._fail(tag, f"written, but not verified: {reason}", Holds.NOBODY_KNOWS)

    def _fail(self, tag: int, error: str, holds: Holds) -> None:
        at = self.waits.pop(tag)
        self.results[at] = replace(self.results[at], error=error, holds=holds)


class Verifications:
    """Those of one device, in the order of their writes."""

    def __init__(self, statistics: Statistics) -> None:
        """Begin with none; what they show is counted."""
        self._waiting: deque[Verification] = deque()
        self._statistics = statistics

    @property
    def due(self) -> float | None:
        """When the next one is due (monotonic), if any."""
        return self._waiting[0].due if self._waiting else None

    def add(self, order: Order, results: list[WriteResult], tags: Sequence[int], due: float) -> None:
        """Have tags of an order read back, the last write of each; the others' results stand."""
        last = {result.tag: at for at, result in enumerate(results) if result.error is None}
        asked = {write.tag: write.value for write in order.writes}
        rounded = {result.tag: result.wrote for result in results if result.wrote is not None}
        waits, wrote = {tag: last[tag] for tag in tags}, asked | rounded
        self._waiting.append(Verification(order, list(results), due, waits, wrote))

    def next(self, most: int) -> tuple[int, ...]:
        """Return tags of the oldest one, at most so many, that are to be read now."""
        return tuple(islice(self._waiting[0].waits, most))

    def judge(self, tags: Sequence[int], seen: Columns) -> None:
        """Take what was read of tags of the oldest one."""
        values = values_of(seen)
        for tag in tags:
            self._judge(tag, values.get(tag))
        self._finish()

    def _judge(self, tag: int, got: Value) -> None:
        since = [each for each in self._waiting if tag in each.waits]
        found = next((at for at in reversed(range(len(since))) if since[at].wrote[tag] == got), None)
        if found is None:
            self._statistics.writes_differing += 1
            since[0].differ(tag, got)
            return
        for overtaken in since[:found]:
            del overtaken.waits[tag]
        since[found].verify(tag)
        self._statistics.writes_verified += 1

    def give_up_next(self, reason: str) -> None:
        """Nobody can look at the oldest one."""
        self._waiting[0].give_up(reason)
        self._finish()

    def give_up_all(self, reason: str) -> None:
        """Nobody can look any more."""
        for each in self._waiting:
            each.give_up(reason)
        self._finish()

    def _finish(self) -> None:
        """Hand out the results of those in which every tag has been judged."""
        for each in [each for each in self._waiting if not each.waits]:
            self._waiting.remove(each)
            each.order.finish(each.results)


def values_of(seen: Columns) -> Mapping[int, Value]:
    """Return what columns hold, by tag."""
    values: dict[int, Value] = {}
    for tag, value, quality in zip(seen.tag, seen.value, seen.quality, strict=True):
        values[int(tag)] = float(value) if quality < BAD else None
    for text in seen.texts:
        values[text.tag] = text.value if text.quality < BAD else None
    return values
