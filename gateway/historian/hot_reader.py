"""What has arrived and is not in the store yet, for readers: so history has no seam to the present."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.historian.api import EventFilter, Message, StoreError
from gateway.historian.database import open_for_reading
from gateway.historian.decoding import PointDecoder, decode_events
from gateway.historian.points import Source, StoredPoints, concatenate
from gateway.stream.records import Kind

_PENDING: Final = """
SELECT message.id, gateway, epoch, partition, sequence, kind, unit, data
FROM message JOIN source ON source.id = message.source
WHERE message.id > (SELECT coalesce(min(id), 0) FROM cursor) AND kind = ?1
    AND (?2 = '[]' OR unit IN (SELECT value FROM json_each(?2)))
"""
_CACHED: Final = 4096
"""Messages whose points are kept decoded between calls."""


class HotReader:
    """Reads the hot table, also while the historian writes it. One thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            StoreError: it is not there or not laid out yet.
        """
        try:
            self._database = open_for_reading(path)
            self._database.execute("SELECT 1 FROM cursor, message, source LIMIT 1")
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be read: {error}") from error
        self._decoder = PointDecoder()
        self._decoded: dict[int, StoredPoints] = {}

    def points(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return the points of the tags that wait for the store."""
        units = sorted({tag.split("/", 1)[0] for tag in tags})
        parts = [StoredPoints.empty(tags)]
        for points in self._points(self._pending(Kind.TELEMETRY, units)):
            chosen = points.select(tags)
            parts.append(chosen.take((chosen.source_ns >= from_ns) & (chosen.source_ns < to_ns)))
        return concatenate(parts).ordered()

    def tags(self) -> set[str]:
        """Return the names that points wait for."""
        return {
            points.tags[tag]
            for points in self._points(self._pending(Kind.TELEMETRY, ()))
            for tag in set(points.tag.tolist())
        }

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return the events that wait for the store, by time."""
        events, _ = decode_events(self._pending(Kind.EVENT, ()))
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
        self._database.close()

    def _pending(self, kind: Kind, units: Sequence[str]) -> list[Message]:
        rows = self._database.execute(_PENDING, (kind, orjson.dumps(units).decode())).fetchall()
        return [
            Message(number, Source(gateway, epoch, partition), sequence, Kind(kind), unit, data)
            for number, gateway, epoch, partition, sequence, kind, unit, data in rows
        ]

    def _points(self, messages: Sequence[Message]) -> list[StoredPoints]:
        """Return each message's points; a message that cannot be decoded has none."""
        known = self._decoded
        for message in messages:
            if message.id not in known:
                points, _ = self._decoder.decode([message])
                known[message.id] = points
        found = [known[message.id] for message in messages]
        for number in list(known)[: max(0, len(known) - _CACHED)]:
            del known[number]
        return found
