"""One day of the embedded store: a SQLite file of chunks and events, written by one process.

Everything that names something (tags, sources, contexts) is numbered inside the file, so that a file
can be moved, archived or deleted alone. The ledger says which messages' share is in the file: writing
a message again changes nothing. Other processes read while this one writes (WAL).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from gateway.batch.context import Context
from gateway.historian import chunks
from gateway.historian.api import Message
from gateway.historian.database import open_for_writing, transaction
from gateway.historian.period_reader import PeriodReader
from gateway.historian.points import Source, StoredPoints, concatenate
from gateway.historian.spans import Spans

MANY_SMALL: Final = 16
"""Of a tag, until they are merged."""
_MERGE_AT_ONCE: Final = 500
"""Tags in one merging transaction."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS tag (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, longest_ns INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS source (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, epoch INTEGER NOT NULL, partition INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS context (
    id INTEGER PRIMARY KEY, campaign TEXT NOT NULL, batch TEXT NOT NULL, phase TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS ledger (source INTEGER PRIMARY KEY, spans TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS chunk (
    id INTEGER PRIMARY KEY, small INTEGER NOT NULL, tag INTEGER NOT NULL, first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL, points INTEGER NOT NULL, "values" INTEGER NOT NULL, least REAL, greatest REAL,
    total REAL, first REAL, last REAL, quality INTEGER NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS summary ON chunk
    (tag, first_ns, last_ns, points, "values", least, greatest, total, first, last, quality);
CREATE INDEX IF NOT EXISTS small ON chunk (tag) WHERE small = 1;
CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY, time_ns INTEGER NOT NULL, type TEXT NOT NULL, unit TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_time ON event (time_ns);
"""
_INSERT: Final = """
INSERT INTO chunk (small, tag, first_ns, last_ns, points, "values", least, greatest, total,
    first, last, quality, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_CROWDED: Final = "SELECT tag FROM chunk WHERE small = 1 GROUP BY tag HAVING count(*) >= ?"
_SMALL_OF: Final = "SELECT id, points, data FROM chunk WHERE tag = ? AND small = 1"
Item = TypeVar("Item", bound=Hashable)


class PeriodFile:
    """The writing side of a period's file."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            sqlite3.Error: it cannot be opened.
        """
        self._database = open_for_writing(path, _SCHEMA)
        rows = self._database.execute
        tags = rows("SELECT id, name, longest_ns FROM tag ORDER BY id").fetchall()
        self._tags = {str(name): int(number) for number, name, _ in tags}
        self._longest_ns = {int(number): int(longest_ns) for number, _, longest_ns in tags}
        self._sources = {Source(*row): number for number, *row in rows("SELECT * FROM source ORDER BY id")}
        self._contexts = {Context(*row): number for number, *row in rows("SELECT * FROM context ORDER BY id")}

    def add(
        self,
        points: StoredPoints,
        messages: Sequence[Message],
        events: Sequence[tuple[Message, dict[str, Any]]],
    ) -> int:
        """Store the points and events that belong in this file, all of it or nothing.

        `messages` are those the points came with, whole; what the ledger knows already is left out.

        Returns:
            How many points were new.

        Raises:
            sqlite3.Error: the disk is full or the file damaged; nothing was stored.
        """
        with transaction(self._database):
            known = self._enter(messages)
            new = points.take(_not_of(points, known)) if known else points
            self._insert(chunks.build(self._numbered(new)))
            self._database.execute("PRAGMA user_version = 0")  # what came late is past its retention anew
            self._database.executemany(
                "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?)",
                [_event_row(message, event) for message, event in events],
            )
        return len(new)

    def merge_small(self) -> int:
        """Merge the small chunks of tags that have many, and return how many went away."""
        tags = [int(tag) for (tag,) in self._database.execute(_CROWDED, (MANY_SMALL,))]
        merged = 0
        for start in range(0, len(tags), _MERGE_AT_ONCE):
            with transaction(self._database):
                merged += self._merge(tags[start : start + _MERGE_AT_ONCE])
        return merged

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _merge(self, tags: Sequence[int]) -> int:
        names = {number: name for name, number in self._tags.items()}
        reader = PeriodReader(self._database)
        parts, gone = [], []
        for tag in tags:
            rows = self._database.execute(_SMALL_OF, (tag,)).fetchall()
            parts.append(reader.open_all(names[tag], [(count, data) for _, count, data in rows]))
            gone += [(number,) for number, _, _ in rows]
        self._database.executemany("DELETE FROM chunk WHERE id = ?", gone)
        built = chunks.build(self._numbered(concatenate(parts)))
        self._insert(built)
        return len(gone) - len(built)

    def _enter(self, messages: Sequence[Message]) -> list[tuple[Source, int]]:
        """Write the messages into the ledger; return those that were in it."""
        ledger: dict[Source, Spans] = {}
        known = []
        for message in messages:
            spans = ledger.get(message.source)
            if spans is None:
                spans = ledger[message.source] = self._spans(message.source)
            if message.sequence in spans:
                known.append((message.source, message.sequence))
            else:
                spans.add(message.sequence)
        rows = [(self._sources[source], spans.to_json()) for source, spans in ledger.items()]
        self._database.executemany("INSERT OR REPLACE INTO ledger VALUES (?, ?)", rows)
        return known

    def _spans(self, source: Source) -> Spans:
        if source not in self._sources:
            self._number(self._sources, [source], "INSERT INTO source VALUES (?, ?, ?, ?)", lambda s: (*s,))
        row = self._database.execute(
            "SELECT spans FROM ledger WHERE source = ?", (self._sources[source],)
        ).fetchone()
        return Spans.of_json(row[0]) if row else Spans()

    def _numbered(self, points: StoredPoints) -> StoredPoints:
        """Return the points with this file's numbers; names that are new get one."""
        is_used = np.zeros(len(points.tags), np.bool_)
        is_used[points.tag] = True
        used = [points.tags[tag] for tag in is_used.nonzero()[0].tolist()]
        self._number(self._tags, used, "INSERT INTO tag (id, name) VALUES (?, ?)", lambda name: (name,))
        self._number(
            self._contexts,
            points.contexts,
            "INSERT INTO context VALUES (?, ?, ?, ?)",
            lambda context: (context.campaign, context.batch, context.phase),
        )
        columns: dict[str, Any] = points.columns()
        columns["tag"] = _renumbered(points.tag, points.tags, self._tags)
        columns["source"] = _renumbered(points.source, points.sources, self._sources)
        columns["context"] = _renumbered(points.context, points.contexts, self._contexts)
        return StoredPoints.of(
            tuple(self._tags),
            sources=tuple(self._sources),
            contexts=tuple(self._contexts),
            texts=points.texts,
            **columns,
        )

    def _number(
        self,
        numbers: dict[Item, int],
        items: Iterable[Item],
        insert: str,
        row: Callable[[Item], tuple[str | int, ...]],
    ) -> None:
        new = [item for item in dict.fromkeys(items) if item not in numbers]
        numbered = list(enumerate(new, len(numbers)))
        self._database.executemany(insert, [(number, *row(item)) for number, item in numbered])
        numbers.update({item: number for number, item in numbered})

    def _insert(self, built: Sequence[chunks.Chunk]) -> None:
        self._database.executemany(_INSERT, [(chunk.points < chunks.TIGHT_FROM, *chunk) for chunk in built])
        longest, known = dict[int, int](), self._longest_ns
        for chunk in built:
            length_ns = chunk.last_ns - chunk.first_ns
            if length_ns > known.get(chunk.tag, 0):
                longest[chunk.tag] = known[chunk.tag] = length_ns
        rows = [(length_ns, tag) for tag, length_ns in longest.items()]
        self._database.executemany("UPDATE tag SET longest_ns = ? WHERE id = ?", rows)


def _renumbered(
    column: npt.NDArray[np.int32], names: Sequence[Item], numbers: dict[Item, int]
) -> npt.NDArray[np.int32]:
    return np.array([numbers.get(name, -1) for name in names] + [-1], np.int32)[column]


def _not_of(points: StoredPoints, known: Sequence[tuple[Source, int]]) -> npt.NDArray[np.bool_]:
    """Tell which points did not come with a known message."""
    of_known = np.zeros(len(points), np.bool_)
    for number, source in enumerate(points.sources):
        sequences = [sequence for its_source, sequence in known if its_source == source]
        of_known |= (points.source == number) & np.isin(points.sequence, sequences)
    return ~of_known


def _event_row(message: Message, event: dict[str, Any]) -> tuple[str, int, str, str, str]:
    unit = str(event.get("unit") or message.unit)
    return (str(event["id"]), int(event["time_ns"]), str(event["type"]), unit, message.data.decode())
