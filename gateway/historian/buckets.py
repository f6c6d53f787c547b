"""A range cut into buckets: little enough to be drawn, and no spike, gap or bad sample disappears.

A bucket keeps least, greatest, first and last value, the mean, how many points there were and their
worst quality. An empty bucket says so (count 0, values NaN): nothing is interpolated. The statistics
are over every point that has a value, whatever its quality; `quality` is the largest quality word of
all points, and severity is its highest bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Buckets of equal width from `start_ns` on; all times are UTC ns."""

    start_ns: int
    width_ns: int
    count: int

    @classmethod
    def over(cls, from_ns: int, to_ns: int, buckets: int) -> Grid:
        """Return at most `buckets` buckets that cover a range.

        Raises:
            ValueError: the range is empty, or no bucket is asked for.
        """
        if to_ns <= from_ns or buckets < 1:
            raise ValueError(f"no {buckets} buckets over {to_ns - from_ns} ns")
        width = -(-(to_ns - from_ns) // buckets)
        return cls(from_ns, width, -(-(to_ns - from_ns) // width))

    @property
    def end_ns(self) -> int:
        """Return the end of the last bucket."""
        return self.start_ns + self.width_ns * self.count

    def starts(self) -> Integers:
        """Return where each bucket starts."""
        return self.start_ns + self.width_ns * np.arange(self.count, dtype=np.int64)

    def bucket_of(self, time_ns: Integers) -> Integers:
        """Return the bucket of each time; the times lie inside the grid."""
        return (time_ns - self.start_ns) // self.width_ns

    def part(self, first: int, last: int) -> Grid:
        """Return the buckets from `first` to `last`, both included."""
        return Grid(self.start_ns + first * self.width_ns, self.width_ns, last - first + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """What the buckets of one tag hold, one array element a bucket."""

    grid: Grid
    count: Integers
    """Points in the bucket, with or without value."""
    least: Doubles
    greatest: Doubles
    mean: Doubles
    """Of the points, each counting the same."""
    first: Doubles
    last: Doubles
    quality: npt.NDArray[np.uint32]
    """The worst; good (0) in an empty bucket, where `count` is 0."""

    def replaced(self, first: int, other: Buckets) -> Buckets:
        """Return these buckets with those of `other` from bucket `first` on in their place."""
        columns = {}
        for name in _COLUMNS:
            column = getattr(self, name).copy()
            column[first : first + other.grid.count] = getattr(other, name)
            columns[name] = column
        return Buckets(self.grid, **columns)


_COLUMNS = ("count", "least", "greatest", "mean", "first", "last", "quality")


@dataclass(frozen=True, slots=True, eq=False)
class Summaries:
    """Groups of points of one tag, each inside one bucket: chunks, or single points."""

    first_ns: Integers
    last_ns: Integers
    count: Integers
    values: Integers
    least: Doubles
    greatest: Doubles
    total: Doubles
    first: Doubles
    last: Doubles
    quality: npt.NDArray[np.uint32]

    @classmethod
    def of_points(cls, source_ns: Integers, value: Doubles, quality: npt.NDArray[np.uint32]) -> Summaries:
        """Return each point as a group of its own; points at equal time stay in their order."""
        one = np.ones(len(value), np.int64)
        has = (~np.isnan(value)).astype(np.int64)
        return cls(source_ns, source_ns, one, has, value, value, value, value, value, quality)

    @classmethod
    def of_chunks(
        cls,
        source_ns: Integers,
        value: Doubles,
        quality: npt.NDArray[np.uint32],
        ends: Integers,
        grid: Grid,
    ) -> Summaries:
        """Return what chunks hold inside a grid, a group for each bucket that a chunk touches.

        Args:
            source_ns: of the points of all chunks; inside each of them in order.
            value: NaN where there is none.
            quality: of each point.
            ends: where each chunk ends.
            grid: the buckets.
        """
        inside = (source_ns >= grid.start_ns) & (source_ns < grid.end_ns)
        chunk = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))[inside]
        source_ns, value, quality = source_ns[inside], value[inside], quality[inside]
        bucket = grid.bucket_of(source_ns)
        changes = (bucket[1:] != bucket[:-1]) | (chunk[1:] != chunk[:-1])
        starts = np.flatnonzero(np.concatenate(([len(bucket) > 0], changes)))
        if not len(starts):
            return cls.of_points(source_ns, value, quality)
        behind = np.append(starts[1:], len(bucket))
        rows, has = np.arange(len(value)), ~np.isnan(value)
        values = np.add.reduceat(has, starts, dtype=np.int64)
        # A group without any value keeps its place by its points.
        first = np.where(values > 0, np.minimum.reduceat(np.where(has, rows, len(rows)), starts), starts)
        last = np.where(values > 0, np.maximum.reduceat(np.where(has, rows, -1), starts), behind - 1)
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.add.reduceat(np.where(has, value, 0.0), starts)
        return cls(
            first_ns=source_ns[first],
            last_ns=source_ns[last],
            count=behind - starts,
            values=values,
            least=np.fmin.reduceat(value, starts),
            greatest=np.fmax.reduceat(value, starts),
            total=total,
            first=value[first],
            last=value[last],
            quality=np.maximum.reduceat(quality, starts),
        )


def summarise(grid: Grid, parts: Sequence[Summaries]) -> Buckets:
    """Return the buckets of groups of points that lie inside the grid."""
    count = np.zeros(grid.count, np.int64)
    quality = np.zeros(grid.count, np.uint32)
    doubles = {name: np.full(grid.count, np.nan) for name in ("least", "greatest", "mean", "first", "last")}
    columns = _joined(parts)
    if len(columns["count"]):
        bucket = grid.bucket_of(columns["first_ns"])
        np.add.at(count, bucket, columns["count"])
        np.maximum.at(quality, bucket, columns["quality"])
        _reduce({name: column[columns["values"] > 0] for name, column in columns.items()}, grid, doubles)
    return Buckets(grid, count=count, quality=quality, **doubles)


def _reduce(columns: dict[str, npt.NDArray[Any]], grid: Grid, into: dict[str, Doubles]) -> None:
    """Fill in the statistics of the buckets that have values."""
    if not len(columns["count"]):
        return
    bucket = grid.bucket_of(columns["first_ns"])
    by_first = np.lexsort((columns["first_ns"], bucket))
    by_last = np.lexsort((columns["last_ns"], bucket))
    filled, starts, sizes = np.unique(bucket[by_first], return_index=True, return_counts=True)
    into["least"][filled] = np.minimum.reduceat(columns["least"][by_first], starts)
    into["greatest"][filled] = np.maximum.reduceat(columns["greatest"][by_first], starts)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduceat(columns["total"][by_first], starts)
        into["mean"][filled] = total / np.add.reduceat(columns["values"][by_first], starts)
    into["first"][filled] = columns["first"][by_first[starts]]
    into["last"][filled] = columns["last"][by_last[starts + sizes - 1]]


def _joined(parts: Sequence[Summaries]) -> dict[str, npt.NDArray[Any]]:
    empty = np.empty(0, np.int64)
    return {
        name: np.concatenate([getattr(part, name) for part in parts]) if parts else empty
        for name in Summaries.__slots__
    }
