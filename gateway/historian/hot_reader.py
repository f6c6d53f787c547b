"""What has arrived and is not in the store yet, for readers: so history has no seam to the present."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.historian.api import EventFilter, Message, StoreError
from gateway.historian.database import open_for_reading, snapshot
from gateway.historian.decoding import PointDecoder, decode_events
from gateway.historian.points import Source, StoredPoints, concatenate
from gateway.historian.spans import Spans
from gateway.stream.records import Kind

_STORED: Final = "SELECT coalesce(min(id), 0) FROM cursor"
_UNITS: Final = "SELECT DISTINCT unit FROM message WHERE id > ?1 AND kind = ?2"
_PENDING: Final = """
SELECT message.id, gateway, epoch, partition, sequence, unit, data, points
FROM message JOIN source ON source.id = message.source
WHERE message.id > ?1 AND kind = ?2 AND (?3 = '' OR unit = ?3) ORDER BY message.id
"""
_MESSAGES: Final = """
SELECT gateway, epoch, partition, sequence FROM message JOIN source ON source.id = message.source
"""
_CACHED_POINTS: Final = 1_000_000
"""Points kept decoded between calls."""


class HotReader:
    """Reads the hot table, also while the historian writes it. One thread at a time."""

    def __init__(self, path: Path) -> None:
        """Take the file's place; it may come later, or never where the historian is elsewhere."""
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._decoder = PointDecoder()
        self._blocks: dict[str, _Block] = {}

    def points(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return the points of the tags that wait for the store."""
        units = sorted({tag.split("/", 1)[0] for tag in tags})
        parts = [StoredPoints.empty(tags)]
        for points in self._points(units):
            chosen = points.select(tags)
            parts.append(chosen.take((chosen.source_ns >= from_ns) & (chosen.source_ns < to_ns)))
        return concatenate(parts).ordered()

    def tags(self) -> set[str]:
        """Return the names that points wait for."""
        return {points.tags[tag] for points in self._points(()) for tag in set(points.tag.tolist())}

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return the events that wait for the store, by time."""
        with self._snapshot() as database:
            waiting = [] if database is None else _pending(database, Kind.EVENT, _stored(database))
        events, _ = decode_events(waiting)
        chosen = [
            event
            for message, event in events
            if which.from_ns <= int(event["time_ns"]) < which.to_ns
            and (not which.types or event["type"] in which.types)
            and (not which.units or (event.get("unit") or message.unit) in which.units)
        ]
        return sorted(chosen, key=lambda event: int(event["time_ns"]))

    def messages(self) -> dict[Source, Spans]:
        """Return the messages that wait for the store."""
        found: dict[Source, Spans] = {}
        with self._snapshot() as database:
            for *source, sequence in database.execute(_MESSAGES) if database is not None else ():
                found.setdefault(Source(*source), Spans()).add(sequence)
        return found

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()

    def _points(self, units: Sequence[str]) -> list[StoredPoints]:
        """Return each unit's points; no units asks for all. A message that cannot be decoded has none."""
        with self._snapshot() as database:
            if database is None:
                return []
            stored = _stored(database)
            if not units:
                found = database.execute(_UNITS, (stored, Kind.TELEMETRY))
                units = sorted(str(unit) for (unit,) in found)
            points = [self._unit(database, unit, stored) for unit in units]
        self._forget()
        return points

    def _unit(self, database: sqlite3.Connection, unit: str, stored: int) -> StoredPoints:
        """Return the points of a unit's messages after `stored`; only those that came since are decoded."""
        block = self._blocks.get(unit, _NOTHING).after(stored)
        fresh = _pending(database, Kind.TELEMETRY, max(stored, block.last), unit)
        if fresh:
            points, _ = self._decoder.decode(fresh)
            block = block.followed_by(fresh, points)
        self._blocks[unit] = block
        return block.points

    def _forget(self) -> None:
        """Keep only so many decoded points: the smallest blocks, which are most of them."""
        kept = 0
        for unit, block in sorted(self._blocks.items(), key=lambda item: len(item[1].points)):
            kept += len(block.points)
            if kept > _CACHED_POINTS:
                del self._blocks[unit]

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection | None]:
        """Everything read inside is of one moment; None where there is no file yet.

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            if self._database is None and self._path.exists():
                database = open_for_reading(self._path)
                if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'written'").fetchone():
                    self._database = database
                else:
                    database.close()  # just being made
            if self._database is None:
                yield None
            else:
                with snapshot(self._database):
                    yield self._database
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error


class _Block(NamedTuple):
    """Decoded messages of a unit, in the order of their arrival."""

    last: int
    """Id of the newest message in it."""
    message: npt.NDArray[np.int64]
    """Id of each point's message."""
    points: StoredPoints

    def after(self, stored: int) -> _Block:
        """Return the block without the messages up to `stored`: the store has those now."""
        if not len(self.message) or self.message[0] > stored:
            return self
        kept = slice(int(np.searchsorted(self.message, stored, side="right")), None)
        return _Block(self.last, self.message[kept], self.points.take(kept))

    def followed_by(self, messages: Sequence[Message], points: StoredPoints) -> _Block:
        """Return the block with the points of later messages, in their order."""
        ids = {(message.source, message.sequence): message.id for message in messages}
        starts = np.flatnonzero(points.row == 0)
        of = zip(points.source[starts].tolist(), points.sequence[starts].tolist(), strict=True)
        numbers = np.array([ids[points.sources[source], sequence] for source, sequence in of], np.int64)
        message = np.repeat(numbers, np.diff(starts, append=len(points)))
        both = concatenate([self.points, points]) if len(self.points) else points
        return _Block(messages[-1].id, np.append(self.message, message), both)


_NOTHING: Final = _Block(-1, np.empty(0, np.int64), StoredPoints.empty())


def _stored(database: sqlite3.Connection) -> int:
    """Return the id of the last message that the slowest store has."""
    (number,) = database.execute(_STORED).fetchone()
    return int(number)


def _pending(database: sqlite3.Connection, kind: Kind, after: int, unit: str = "") -> list[Message]:
    """Return the messages of a kind after an id, of one unit or of all."""
    rows = database.execute(_PENDING, (after, kind, unit)).fetchall()
    return [
        Message(number, Source(gateway, epoch, partition), sequence, kind, of, data, points)
        for number, gateway, epoch, partition, sequence, of, data, points in rows
    ]
