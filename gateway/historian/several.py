"""Several stores, or several hot tables, that together hold a site's history, asked as if they were one.

Historians that share the stream by partition each have a share of it in a store of their own; members of
a group each have a hot table. What two of them hold is one point, told by its identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.historian.api import EventFilter, OutlineReader, Reader
from gateway.historian.buckets import Buckets, Grid, Summaries, summarise
from gateway.historian.hot_reader import HotReader
from gateway.historian.outline import Moments, Outline, all_of, joined
from gateway.historian.points import NO_SOURCE, Source, StoredPoints, concatenate
from gateway.historian.spans import Spans


class SeveralStores:
    """Reads stores of which each has a share. One thread at a time."""

    def __init__(self, stores: Sequence[Reader]) -> None:
        """Take the readers, at least one."""
        self._stores = stores
        self.resolution_ns = max(store.resolution_ns for store in stores)
        self.keeps_events = all(store.keeps_events for store in stores)

    def tags(self) -> list[str]:
        """Return the names that have points, sorted."""
        return sorted({name for store in self._stores for name in store.tags()})

    def raw(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return every point of the tags, by tag and time."""
        points = self._stores[0].raw(tags, from_ns, to_ns)
        for store in self._stores[1:]:
            points = merged(points, store.raw(tags, from_ns, to_ns), self.resolution_ns)
        return points

    def buckets(self, tags: Sequence[str], grid: Grid) -> list[Buckets]:
        """Return what each bucket holds, one result a tag."""
        answers = [store.buckets(tags, grid) for store in self._stores]
        found = []
        for number, tag in enumerate(tags):
            filled = [answer[number] for answer in answers if answer[number].count.any()]
            found.append(
                self._summarised(tag, grid) if len(filled) > 1 else (filled or [answers[0][number]])[0]
            )
        return found

    def outline(self, tags: Sequence[str], from_ns: int, to_ns: int, moments: Moments) -> Outline | None:
        """Return the points of a range with what adds nothing left out, or None where that cannot be told.

        It cannot where a store has no outline, or where two of them have messages of one partition: what
        one of them sums up may be in the other, too. A tag that two stores have points of is read point by
        point: it changed its partition.
        """
        outlines: list[Outline] = []
        for store in self._stores:
            if not isinstance(store, OutlineReader):
                return None
            found = store.outline(tags, from_ns, to_ns, moments)
            if found is None:
                return None
            outlines.append(found)
        held = [outline.messages or {} for outline in outlines]
        if sum(map(len, held)) > len(set().union(*held)):
            return None
        known = [{one.points.tags[tag] for tag in np.unique(one.points.tag).tolist()} for one in outlines]
        moved = [tag for tag in tags if sum(tag in names for names in known) > 1]
        if moved:
            stay = [tag for tag in tags if tag not in moved]
            outlines = [outline.of(stay) for outline in outlines]
            outlines.append(Outline.of_points(self.raw(moved, from_ns, to_ns)))
        return joined([Outline.of_points(StoredPoints.empty(tags)), *outlines], all_of(held))

    def last(self, tags: Sequence[str]) -> StoredPoints:
        """Return the newest point of each tag that has one."""
        return newest(concatenate([store.last(tags) for store in self._stores]))

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return events by time, the newest `limit` of them."""
        return united((store.events(which) for store in self._stores), which.limit)

    def close(self) -> None:
        """Let go of files and connections."""
        for store in self._stores:
            store.close()

    def _summarised(self, tag: str, grid: Grid) -> Buckets:
        """Return the buckets of a tag that two stores have points of: it changed its partition."""
        points = self.raw([tag], grid.start_ns, grid.end_ns)
        return summarise(grid, [Summaries.of_points(points.source_ns, points.value, points.quality)])


class SeveralHotTables:
    """Reads the hot tables of several processes. One thread at a time."""

    def __init__(self, tables: Sequence[HotReader]) -> None:
        self._tables = tables

    def points(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return the points of the tags that wait for a store."""
        return concatenate([table.points(tags, from_ns, to_ns) for table in self._tables]).ordered()

    def tags(self) -> set[str]:
        """Return the names that points wait for."""
        return {name for table in self._tables for name in table.tags()}

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return the events that wait for a store, by time."""
        return united((table.events(which) for table in self._tables), which.limit)

    def messages(self) -> dict[Source, Spans]:
        """Return the messages that wait for a store."""
        return all_of(table.messages() for table in self._tables)

    def close(self) -> None:
        """Close the files."""
        for table in self._tables:
            table.close()


def newest(points: StoredPoints) -> StoredPoints:
    """Return the newest point of each tag."""
    points = points.ordered()
    last = np.append(points.tag[1:] != points.tag[:-1], [True])
    return points.take(last[: len(points)])


def united(parts: Iterable[Sequence[dict[str, Any]]], limit: int) -> list[dict[str, Any]]:
    """Return events of several places by time, each once, the newest `limit` of them."""
    known = {event["id"]: event for part in parts for event in part}
    return sorted(known.values(), key=lambda event: int(event["time_ns"]))[-limit:]


def merged(stored: StoredPoints, others: StoredPoints, resolution_ns: int) -> StoredPoints:
    """Return all points, without those of the others that are stored or are there twice."""
    if not len(others):
        return stored
    both = concatenate([stored, others])
    is_other = np.arange(len(both)) >= len(stored)
    keys: tuple[npt.NDArray[Any], ...] = (both.row, both.sequence, both.source)
    if (both.source == NO_SOURCE).any():
        keys = (both.ordinal, both.source_ns // resolution_ns, both.tag)
    order = np.lexsort((is_other, *keys))
    same = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    again = np.zeros(len(both), np.bool_)
    again[order[1:]] = same & is_other[order[1:]]
    return both.take(~again).ordered()
