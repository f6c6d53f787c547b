"""Which sequences of a stream have arrived: spans, the watermark, and the gaps between them. Pure."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator

import orjson

Span = tuple[int, int]
"""First and last sequence, both included."""


class Spans:
    """A set of sequences kept as disjoint spans with a gap between any two, in ascending order."""

    __slots__ = ("_first", "_last")

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        for first, last in spans:
            self.add(first, last)

    def __iter__(self) -> Iterator[Span]:
        """Iterate over the spans, lowest first."""
        return zip(self._first, self._last, strict=True)

    def __len__(self) -> int:
        """Return how many spans there are (not how many sequences)."""
        return len(self._first)

    def __contains__(self, sequence: int) -> bool:
        """Tell whether a sequence is in the set."""
        at = bisect.bisect_right(self._first, sequence) - 1
        return at >= 0 and sequence <= self._last[at]

    def __eq__(self, other: object) -> bool:
        """Compare as sets."""
        return isinstance(other, Spans) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # mutable

    @classmethod
    def of_json(cls, text: str) -> Spans:
        """Return the spans of `to_json`."""
        return cls(orjson.loads(text))

    def to_json(self) -> str:
        """Return the spans as a list of pairs."""
        return orjson.dumps(list(self)).decode()

    def add(self, first: int, last: int | None = None) -> None:
        """Add a sequence, or every sequence from `first` to `last`."""
        last = first if last is None else last
        low = bisect.bisect_left(self._last, first - 1)
        high = bisect.bisect_right(self._first, last + 1)
        if low < high:
            first, last = min(first, self._first[low]), max(last, self._last[high - 1])
        self._first[low:high], self._last[low:high] = [first], [last]

    def reach(self, start: int = 1) -> int:
        """Return the last sequence of the unbroken run from `start`; `start - 1` when there is none."""
        at = bisect.bisect_right(self._first, start) - 1
        return self._last[at] if at >= 0 and start <= self._last[at] else start - 1

    @property
    def top(self) -> int:
        """Return the highest sequence, 0 when there is none."""
        return self._last[-1] if self._last else 0

    def gaps(self, start: int, end: int) -> list[Span]:
        """Return what is missing between `start` and `end`, both included."""
        missing, expected = [], start
        for first, last in self:
            if first > end:
                break
            if first > expected:
                missing.append((expected, first - 1))
            expected = max(expected, last + 1)
        if expected <= end:
            missing.append((expected, end))
        return missing


class Arrivals:
    """One stream's account: what is stored, what is given up, and how far the record is complete.

    The watermark is the last sequence of the unbroken run from 1, where a sequence counts when it is
    stored, or when it is given up because nobody has it any more: then a gap record says so.
    """

    __slots__ = ("_heard", "lost", "stored")

    def __init__(self, stored: Iterable[Span] = (), lost: Iterable[Span] = ()) -> None:
        self.stored = Spans(stored)
        self.lost = Spans(lost)
        self._heard = 0

    @property
    def watermark(self) -> int:
        """Highest sequence below which nothing is awaited any more."""
        reached = 0
        while True:
            further = max(self.stored.reach(reached + 1), self.lost.reach(reached + 1))
            if further == reached:
                return reached
            reached = further

    def accept(self, sequence: int) -> bool:
        """Note an arrival; False: it has been stored before. What was given up may still arrive."""
        if sequence in self.stored:
            return False
        self.stored.add(sequence)
        return True

    def hear_of(self, sequence: int) -> None:
        """Note that a sequence exists, stored or not."""
        self._heard = max(self._heard, sequence)

    def missing(self, end: int = 0) -> list[Span]:
        """Return the gaps above the watermark, up to the highest sequence known or `end`."""
        settled = Spans(self.stored)
        for first, last in self.lost:
            settled.add(first, last)
        return settled.gaps(self.watermark + 1, max(end, self._heard, settled.top))

    def give_up(self, first: int, last: int) -> list[Span]:
        """Settle what is missing between `first` and `last`; returns what that was."""
        given_up = [
            (max(low, first), min(high, last))
            for low, high in self.missing(last)
            if low <= last and high >= first
        ]
        for low, high in given_up:
            self.lost.add(low, high)
        return given_up
