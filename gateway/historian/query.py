"""One way to ask for history, whatever the store is: what is stored, and what is on its way there.

The hot table is read before the store. A message that moves between the two reads is then seen twice,
never not at all, and the second sight of a point is dropped by its identity (or, where the store does
not keep it, by tag, time and ordinal).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from config.streams import EmbeddedStore, Historian, InfluxStore
from gateway.historian.api import EventFilter, Reader
from gateway.historian.buckets import Buckets, Grid, Summaries, summarise
from gateway.historian.embedded_reader import EmbeddedReader
from gateway.historian.hot_reader import HotReader
from gateway.historian.points import NO_SOURCE, StoredPoints, concatenate

HOT_FILE = "hot.sqlite"


def folder_of(data: Path, historian: str) -> Path:
    """Return where a historian keeps its files."""
    return data / "historian" / historian


def open_history(config: Historian, data: Path) -> History:
    """Open a historian's store for reading, and its hot table, where that is on this machine.

    Raises:
        StoreError: the store cannot be reached.
    """
    folder = folder_of(data, config.name)
    return History(open_reader(config.store, folder), HotReader(folder / HOT_FILE))


def open_reader(store: EmbeddedStore | InfluxStore, folder: Path) -> Reader:
    """Return the reader of a store.

    Raises:
        StoreError: it cannot be reached.
    """
    if isinstance(store, EmbeddedStore):
        return EmbeddedReader(folder)
    from gateway.historian.influx_http import is_influxdb  # its client takes half a second to import
    from gateway.historian.influx_reader import InfluxReader
    from gateway.historian.victoria_reader import VictoriaReader

    return InfluxReader(store) if is_influxdb(store) else VictoriaReader(store)


class History:
    """Answers from store and hot table together. Times are UTC ns. One thread at a time."""

    def __init__(self, store: Reader, hot: HotReader) -> None:
        self._store = store
        self._hot = hot

    @property
    def resolution_ns(self) -> int:
        """What the store makes of source times: multiples of this; above 1 it rounds doubles, too."""
        return self._store.resolution_ns

    @property
    def keeps_events(self) -> bool:
        """Whether the store has events."""
        return self._store.keeps_events

    def tags(self) -> list[str]:
        """Return the names that have points, sorted."""
        return sorted(self._hot.tags().union(self._store.tags()))

    def raw(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return every point of the tags from `from_ns` to before `to_ns`, by tag and time."""
        hot = self._hot.points(tags, from_ns, to_ns)
        return _merged(self._store.raw(tags, from_ns, to_ns), hot, self._store.resolution_ns)

    def buckets(self, tags: Sequence[str], from_ns: int, to_ns: int, count: int) -> list[Buckets]:
        """Return at most `count` buckets over a range, one result a tag.

        Raises:
            ValueError: the range is empty.
        """
        grid = Grid.over(from_ns, to_ns, count)
        hot = self._hot.points(tags, grid.start_ns, grid.end_ns)
        found = self._store.buckets(tags, grid)
        for number in np.unique(hot.tag).tolist():
            of_tag = hot.take(hot.tag == number).select([tags[number]])
            for run in _runs(np.unique(grid.bucket_of(of_tag.source_ns))):
                part = grid.part(int(run[0]), int(run[-1]))
                found[number] = found[number].replaced(int(run[0]), self._summarised(of_tag, part))
        return found

    def last(self, tags: Sequence[str]) -> StoredPoints:
        """Return the newest point of each tag that has one."""
        hot = self._hot.points(tags, -(2**63), 2**63 - 1)
        points = concatenate([self._store.last(tags), hot]).ordered()
        newest = np.append(points.tag[1:] != points.tag[:-1], [True])
        return points.take(newest[: len(points)])

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return events by time, the newest `limit` of them."""
        waiting = self._hot.events(which)
        stored = self._store.events(which)
        known = {event["id"] for event in stored}
        both = stored + [event for event in waiting if event["id"] not in known]
        return sorted(both, key=lambda event: int(event["time_ns"]))[-which.limit :]

    def close(self) -> None:
        """Let go of files and connections."""
        self._store.close()
        self._hot.close()

    def _summarised(self, hot: StoredPoints, grid: Grid) -> Buckets:
        """Return buckets of one tag made from its points."""
        inside = hot.take((hot.source_ns >= grid.start_ns) & (hot.source_ns < grid.end_ns))
        stored = self._store.raw(hot.tags, grid.start_ns, grid.end_ns)
        points = _merged(stored, inside, self._store.resolution_ns)
        return summarise(grid, [Summaries.of_points(points.source_ns, points.value, points.quality)])


def _merged(stored: StoredPoints, hot: StoredPoints, resolution_ns: int) -> StoredPoints:
    """Return all points, without those of the hot table that are stored."""
    if not len(hot):
        return stored
    both = concatenate([stored, hot])
    is_hot = np.arange(len(both)) >= len(stored)
    keys: tuple[npt.NDArray[Any], ...] = (both.row, both.sequence, both.source)
    if (stored.source == NO_SOURCE).any():
        keys = (both.ordinal, both.source_ns // resolution_ns, both.tag)
    order = np.lexsort((is_hot, *keys))
    same = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    again = np.zeros(len(both), np.bool_)
    again[order[1:]] = same & is_hot[order[1:]]
    return both.take(~again).ordered()


def _runs(places: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return ascending places as runs without a gap."""
    return np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
