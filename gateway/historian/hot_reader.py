"""What has arrived and is not in the store yet, for readers: so history has no seam to the present."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.historian.api import EventFilter, Message, StoreError
from gateway.historian.database import open_for_reading, snapshot
from gateway.historian.decoding import PointDecoder, decode_events
from gateway.historian.points import Source, StoredPoints, concatenate
from gateway.stream.records import Kind

_PENDING: Final = """
SELECT message.id, gateway, epoch, partition, sequence, unit
FROM message JOIN source ON source.id = message.source
WHERE message.id > (SELECT coalesce(min(id), 0) FROM cursor) AND kind = ?1
    AND (?2 = '[]' OR unit IN (SELECT value FROM json_each(?2)))
"""
_DATA: Final = "SELECT data FROM message WHERE id = ?"
_CACHED_POINTS: Final = 500_000
"""Points kept decoded between calls."""


class HotReader:
    """Reads the hot table, also while the historian writes it. One thread at a time."""

    def __init__(self, path: Path) -> None:
        """Take the file's place; it may come later, or never where the historian is elsewhere."""
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._decoder = PointDecoder()
        self._decoded: dict[int, StoredPoints] = {}

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
            waiting = [_with_data(database, message) for message in _pending(database, Kind.EVENT, ())]
        events, _ = decode_events(waiting)
        chosen = [
            event
            for message, event in events
            if which.from_ns <= int(event["time_ns"]) < which.to_ns
            and (not which.types or event["type"] in which.types)
            and (not which.units or (event.get("unit") or message.unit) in which.units)
        ]
        return sorted(chosen, key=lambda event: int(event["time_ns"]))

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()

    def _points(self, units: Sequence[str]) -> list[StoredPoints]:
        """Return each message's points; a message that cannot be decoded has none."""
        known, found = self._decoded, []
        with self._snapshot() as database:
            for message in _pending(database, Kind.TELEMETRY, units):
                if message.id not in known:
                    known[message.id], _ = self._decoder.decode([_with_data(database, message)])
                found.append(known[message.id])
        self._forget()
        return found

    def _forget(self) -> None:
        """Keep only so many decoded points, the newest."""
        excess = sum(map(len, self._decoded.values())) - _CACHED_POINTS
        for number in sorted(self._decoded):
            if excess <= 0:
                break
            excess -= len(self._decoded.pop(number))

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


def _pending(database: sqlite3.Connection | None, kind: Kind, units: Sequence[str]) -> list[Message]:
    """Return what waits for the store, without its data."""
    if database is None:
        return []
    rows = database.execute(_PENDING, (kind, orjson.dumps(units).decode())).fetchall()
    return [
        Message(number, Source(gateway, epoch, partition), sequence, kind, unit, b"")
        for number, gateway, epoch, partition, sequence, unit in rows
    ]


def _with_data(database: sqlite3.Connection | None, message: Message) -> Message:
    assert database is not None  # there would be no message
    return message._replace(data=database.execute(_DATA, (message.id,)).fetchone()[0])
