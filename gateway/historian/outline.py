"""A stretch of history without what adds nothing, for questions of when a tag was good. Pure.

A chunk whose points are all good, which overlaps no other one and in which nothing is asked for, says with
its first and its last time what all its points say. So a month is read from summaries, and chunks are
opened only where something happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.historian.points import Source, StoredPoints, concatenate
from gateway.historian.spans import Spans

Integers = npt.NDArray[np.int64]


class ChunkRow(NamedTuple):
    """What is known of a chunk without opening it."""

    id: int
    first_ns: int
    last_ns: int
    points: int
    quality: int
    """The worst; 0: all good, none read back later."""
    kept: bool
    """Whether its points are still there."""


class Moments(NamedTuple):
    """Where points themselves are wanted."""

    around_ns: Sequence[int]
    """The last points before these times and the first behind them."""
    within_ns: Sequence[int]
    """Chunks that hold these times are not taken as one."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Points of which some stand for others between them."""

    points: StoredPoints
    """Those that stand for others have no identity."""
    weight: Integers
    """How many reports each stands for."""
    messages: Mapping[Source, Spans] | None = None
    """All messages that are stored, of a wide range around; None where only the points tell."""

    @classmethod
    def of_points(cls, points: StoredPoints) -> Outline:
        """Return points that stand for themselves alone."""
        return cls(points, np.ones(len(points), np.int64))

    def of(self, tags: Sequence[str]) -> Outline:
        """Return those of some tags."""
        wanted = np.isin(self.points.tag, [n for n, name in enumerate(self.points.tags) if name in tags])
        return Outline(self.points.take(wanted), self.weight[wanted], self.messages)


def to_open(rows: Sequence[ChunkRow], moments: Moments) -> npt.NDArray[np.bool_]:
    """Tell which chunks of one tag, ordered by their first time, have to be opened."""
    first, last = (
        np.array([getattr(row, name) for row in rows], np.int64) for name in ("first_ns", "last_ns")
    )
    opened = np.array([row.quality != 0 or row.points < 3 for row in rows], np.bool_)
    if len(rows):
        reached = np.maximum.accumulate(last)
        overlaps = first[1:] <= reached[:-1]
        opened[1:] |= overlaps
        for at in np.flatnonzero(overlaps).tolist():  # and all that reach that far
            opened[: at + 1] |= last[: at + 1] >= first[at + 1]
    for moment in moments.around_ns:
        before, behind = last < moment, first > moment
        opened |= ~before & ~behind
        if before.any():
            opened |= before & (last == last[before].max())
        if behind.any():
            opened |= behind & (first == first[behind].min())
    for moment in moments.within_ns:
        opened |= (first < moment) & (last >= moment)
    return opened & np.array([row.kept for row in rows], np.bool_)


def ends(tag: str, rows: Sequence[ChunkRow]) -> Outline:
    """Return the first and last time of chunks of one tag that are not opened."""
    times = [(row.first_ns, row.last_ns) for row in rows]
    weights = [(max(row.points - 1, 1), min(row.points - 1, 1)) for row in rows]
    quality = [(row.quality, row.quality) for row in rows]
    columns: dict[str, Any] = {
        "tag": np.zeros(2 * len(rows)),
        "value": np.full(2 * len(rows), np.nan),
        "source_ns": np.array(times, np.int64).ravel(),
        "quality": np.array(quality, np.uint32).ravel(),
    }
    return Outline(StoredPoints.of((tag,), **columns), np.array(weights, np.int64).ravel())


def joined(outlines: Sequence[Outline], messages: Mapping[Source, Spans] | None) -> Outline:
    """Return all of them as one."""
    weights = [outline.weight for outline in outlines]
    weight = np.concatenate(weights) if weights else np.empty(0, np.int64)
    return Outline(concatenate([outline.points for outline in outlines]), weight, messages)


def all_of(parts: Iterable[Mapping[Source, Spans]]) -> dict[Source, Spans]:
    """Return the messages of several places together."""
    found: dict[Source, Spans] = {}
    for part in parts:
        for source, spans in part.items():
            known = found.setdefault(source, Spans())
            for first, last in spans:
                known.add(first, last)
    return found
