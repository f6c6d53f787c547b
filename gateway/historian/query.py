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

from config.streams import EmbeddedStore, Historian, InfluxStore, Streams
from gateway.historian.api import EventFilter, OutlineReader, Reader, StoreError
from gateway.historian.buckets import Buckets, Grid, Summaries, summarise
from gateway.historian.embedded_reader import EmbeddedReader
from gateway.historian.hot_reader import HotReader
from gateway.historian.outline import Moments, Outline, all_of, joined
from gateway.historian.points import NO_SOURCE, StoredPoints, concatenate
from gateway.historian.several import SeveralHotTables, SeveralStores, merged, newest, united

HOT_FILE = "hot.sqlite"
_NEAR = 100
"""Buckets; points that wait for the store and lie no farther apart are merged with one reading of it."""


def service_name(historian: Historian, member: str | None = None) -> str:
    """Return what a historian's process is called: in its health's topic, its folder and its events."""
    return historian.name if member is None else f"{historian.name}-{member}"


def folder_of(data: Path, historian: str) -> Path:
    """Return where a historian keeps its files."""
    return data / "historian" / historian


def open_history(config: Historian, data: Path) -> History:
    """Open a historian's store for reading, and its hot tables, where they are on this machine.

    Raises:
        StoreError: the store cannot be reached.
    """
    return History(*_parts(config, data))


def open_site_history(streams: Streams, data: Path) -> History:
    """Open what holds a site's whole history: the first historian that has all, or those that share it.

    Raises:
        StoreError: a store cannot be reached, or the site has no historian.
    """
    stores: list[Reader] = []
    tables: list[HotReader] = []
    taken: set[int] = set()
    for historian in streams.historians:
        own = historian.partitions
        partitions = set(range(streams.telemetry.partitions) if own is None else own)
        if not stores or not partitions <= taken:
            store, its_tables = _parts(historian, data)
            stores.append(store)
            tables += its_tables
            taken |= partitions
    if not stores:
        raise StoreError("the site has no historian: nothing is stored")
    return History(stores[0] if len(stores) == 1 else SeveralStores(stores), tables)


def _parts(config: Historian, data: Path) -> tuple[Reader, list[HotReader]]:
    """Return the readers of a historian's store and of its processes' hot tables."""
    names = [service_name(config, member) for member in config.processes]
    tables = [HotReader(folder_of(data, name) / HOT_FILE) for name in names]
    return open_reader(config.store, folder_of(data, config.name)), tables


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

    def __init__(self, store: Reader, tables: Sequence[HotReader]) -> None:
        """Take the readers of a store and of the hot tables that wait for it."""
        self._store = store
        self._hot = tables[0] if len(tables) == 1 else SeveralHotTables(tables)

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
        return merged(self._store.raw(tags, from_ns, to_ns), hot, self._store.resolution_ns)

    def outline(self, tags: Sequence[str], from_ns: int, to_ns: int, moments: Moments) -> Outline:
        """Return the points of a range, where the store can with what adds nothing left out, in no order."""
        store = self._store
        stored = store.outline(tags, from_ns, to_ns, moments) if isinstance(store, OutlineReader) else None
        if stored is None:
            return Outline.of_points(self.raw(tags, from_ns, to_ns))
        hot = self._hot.points(tags, from_ns, to_ns)
        alone = stored.points.source == NO_SOURCE
        full = merged(stored.points.take(~alone), hot, 1)
        thin = Outline(stored.points.take(alone), stored.weight[alone])
        messages = all_of([self._hot.messages(), stored.messages or {}])
        return joined([Outline.of_points(full), thin], messages)

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
        return newest(concatenate([self._store.last(tags), hot]))

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return events by time, the newest `limit` of them."""
        waiting = self._hot.events(which)
        return united((waiting, self._store.events(which)), which.limit)

    def close(self) -> None:
        """Let go of files and connections."""
        self._store.close()
        self._hot.close()

    def _summarised(self, hot: StoredPoints, grid: Grid) -> Buckets:
        """Return buckets of one tag made from its points."""
        inside = hot.take((hot.source_ns >= grid.start_ns) & (hot.source_ns < grid.end_ns))
        stored = self._store.raw(hot.tags, grid.start_ns, grid.end_ns)
        points = merged(stored, inside, self._store.resolution_ns)
        return summarise(grid, [Summaries.of_points(points.source_ns, points.value, points.quality)])


def _runs(places: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return ascending places as runs without a wide gap: reading a little more beats asking again."""
    return np.split(places, np.flatnonzero(np.diff(places) > _NEAR) + 1)
