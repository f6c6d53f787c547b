"""Reading the embedded store: the day files that a question concerns, also while they are written."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from gateway.historian.api import EventFilter, StoreError
from gateway.historian.buckets import Buckets, Grid, Summaries, summarise
from gateway.historian.embedded import periods_in
from gateway.historian.outline import Moments, Outline, all_of, joined
from gateway.historian.period_reader import PeriodReader
from gateway.historian.points import StoredPoints, concatenate
from gateway.historian.retention import PERIOD_NS

_WIDE_NS: Final = 7 * PERIOD_NS


class EmbeddedReader:
    """Reads a folder of day files. One thread at a time."""

    keeps_events = True
    resolution_ns = 1

    def __init__(self, folder: Path) -> None:
        """Take the folder; files may come and go while the reader lives."""
        self._folder = folder
        self._open: dict[Path, PeriodReader] = {}

    def tags(self) -> list[str]:
        """Return the names that have points, sorted."""
        return sorted({name for reader in self._readers() for name in reader.tags()})

    def raw(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return every point of the tags, by tag and time."""
        parts = [StoredPoints.empty(tags)]
        for reader in self._readers(from_ns, to_ns):
            with reader.snapshot():
                parts += [reader.raw(tag, from_ns, to_ns) for tag in tags]
        return concatenate(parts).ordered()

    def buckets(self, tags: Sequence[str], grid: Grid) -> list[Buckets]:
        """Return what each bucket holds, one result a tag."""
        parts: list[list[Summaries]] = [[] for _ in tags]
        for reader in self._readers(grid.start_ns, grid.end_ns):
            with reader.snapshot():
                for number, tag in enumerate(tags):
                    parts[number] += reader.summaries(tag, grid)
        return [summarise(grid, of_tag) for of_tag in parts]

    def outline(self, tags: Sequence[str], from_ns: int, to_ns: int, moments: Moments) -> Outline:
        """Return the points of the tags in a range, with what adds nothing left out, by tag and time.

        The messages are those of a week more on either side: a late point is in the file of its own day.
        """
        parts = [Outline.of_points(StoredPoints.empty(tags))]
        for reader in self._readers(from_ns, to_ns):
            with reader.snapshot():
                parts += [reader.outline(tag, from_ns, to_ns, moments) for tag in tags]
        wide = self._readers(from_ns - _WIDE_NS, to_ns + _WIDE_NS)
        return joined(parts, all_of(reader.messages() for reader in wide))

    def last(self, tags: Sequence[str]) -> StoredPoints:
        """Return the newest point of each tag that has one."""
        parts, wanted = [StoredPoints.empty(tags)], list(tags)
        for reader in reversed(list(self._readers())):
            with reader.snapshot():
                found = {tag: point for tag in wanted if len(point := reader.last(tag))}
            parts += found.values()
            wanted = [tag for tag in wanted if tag not in found]
            if not wanted:
                break
        return concatenate(parts).ordered()

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return events by time, the newest `limit` of them."""
        days = [reader.events(which) for reader in self._readers(which.from_ns, which.to_ns)]
        return list(heapq.merge(*days, key=lambda event: int(event["time_ns"])))[-which.limit :]

    def close(self) -> None:
        """Close the files."""
        while self._open:
            self._open.popitem()[1].close()

    def _readers(self, from_ns: int | None = None, to_ns: int | None = None) -> Iterator[PeriodReader]:
        """Return the readers of the days that a range touches, oldest first.

        Raises:
            StoreError: a file cannot be read.
        """
        try:
            files = periods_in(self._folder)
        except OSError as error:
            raise StoreError(f"there is no store in {self._folder}: {error.strerror}") from error
        for path in set(self._open) - set(files.values()):
            self._open.pop(path).close()
        for period, path in files.items():
            before = from_ns is not None and (period + 1) * PERIOD_NS <= from_ns
            behind = to_ns is not None and period * PERIOD_NS >= to_ns
            if not before and not behind and (reader := self._reader(path)) is not None:
                yield reader

    def _reader(self, path: Path) -> PeriodReader | None:
        try:
            if path not in self._open:
                reader = PeriodReader.open(path)
                if not reader.is_made():
                    reader.close()
                    return None
                self._open[path] = reader
            return self._open[path]
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be read: {error}") from error
