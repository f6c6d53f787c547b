"""Keeping records that every consumer has for a while longer, for a sink that rewinds. Pure.

A retained record is nobody's loss: when room is short it goes before any other does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

_MARKS: Final = 16
"""Marks within the time that is kept: records are trimmed that much late, at most."""


class Retention:
    """How far a journal may be trimmed now."""

    def __init__(self, keep_s: float) -> None:
        """Keep records for so long after they were committed; 0 keeps none."""
        self._keep_s = keep_s
        self._marks: dict[int, deque[tuple[float, int]]] = {}
        self._old: dict[int, int] = {}
        self._safe: dict[int, int] = {}
        self._trimmed: dict[int, int] = {}

    def trims(self, safe: Mapping[int, int], heads: Mapping[int, int], now_s: float) -> dict[int, int]:
        """Return up to where each partition may be trimmed now, where that is news.

        Args:
            safe: what every consumer has, for the partitions where that has changed.
            heads: last committed sequence of each partition.
            now_s: monotonic.
        """
        if not self._keep_s:
            return dict(safe)
        self._safe.update(safe)
        for partition, head in heads.items():
            self._age(partition, head, now_s)
        return self._news({p: min(bound, self._old.get(p, 0)) for p, bound in self._safe.items()})

    def release(self) -> dict[int, int]:
        """Return the trims that give back everything that is kept for nobody but the rewinder."""
        return self._news(self._safe)

    def forget(self) -> None:
        """Begin anew: the journal's epoch is another."""
        for known in (self._marks, self._old, self._safe, self._trimmed):
            known.clear()

    def _age(self, partition: int, head: int, now_s: float) -> None:
        marks = self._marks.setdefault(partition, deque())
        if not marks or now_s - marks[-1][0] >= self._keep_s / _MARKS:
            marks.append((now_s, head))
        while marks and now_s - marks[0][0] >= self._keep_s:
            self._old[partition] = marks.popleft()[1]

    def _news(self, bounds: Mapping[int, int]) -> dict[int, int]:
        news = {p: bound for p, bound in bounds.items() if bound > self._trimmed.get(p, 0)}
        self._trimmed.update(news)
        return news
