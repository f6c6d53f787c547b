"""The other end of the hot table: what waits for the store, and how far the store got.

The store has a cursor of its own: messages up to it are written, and deleted once the store keeps them
through a crash (`durable_after_s` later). Where the store may forget what it acknowledged, going back
to the first message still here and writing again repairs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.historian.api import Appetite, Message, Rejected
from gateway.historian.database import open_for_writing, transaction
from gateway.historian.hot_schema import ADD_QUARANTINE, SCHEMA
from gateway.historian.points import Source
from gateway.stream.records import Kind

_DELETE_AT_ONCE: Final = 64
"""Messages in one deletion: whoever commits arrivals waits no longer than that takes."""
_NEXT: Final = """
SELECT message.id, gateway, epoch, partition, sequence, kind, unit, points, data
FROM message JOIN source ON source.id = message.source WHERE message.id > ? ORDER BY message.id
"""
_WAITING: Final = "SELECT id, points FROM message WHERE id > ? ORDER BY id"

_DELETE: Final = """
DELETE FROM message WHERE id IN (SELECT id FROM message WHERE id <= ? ORDER BY id LIMIT ?)
"""


class HotQueue:
    """The draining side of one store. One thread at a time."""

    def __init__(self, path: Path, store: str) -> None:
        """Open the file beside its writer.

        Raises:
            sqlite3.Error: it cannot be opened.
        """
        self._database = open_for_writing(path, SCHEMA)
        self._store = store
        self._database.execute("INSERT OR IGNORE INTO cursor VALUES (?, 0, '')", (store,))
        self._forget_others()
        self._seen = self.cursor()
        self._points = 0
        self._since_s: float | None = None

    def cursor(self) -> int:
        """Return the last message that the store has."""
        query = "SELECT id FROM cursor WHERE store = ?"
        return int(self._database.execute(query, (self._store,)).fetchone()[0])

    def generation(self) -> str:
        """Return which start of the store's server was written to last."""
        query = "SELECT generation FROM cursor WHERE store = ?"
        return str(self._database.execute(query, (self._store,)).fetchone()[0])

    def meet(self, generation: str) -> None:
        """Remember which start of the store's server is written to."""
        self._database.execute("UPDATE cursor SET generation = ? WHERE store = ?", (generation, self._store))

    def is_due(self, appetite: Appetite, now_s: float) -> bool:
        """Tell whether enough waits for the store, or something has waited long enough (monotonic)."""
        for number, points in self._database.execute(_WAITING, (self._seen,)):
            self._seen = number
            self._points += max(points, 1)
            self._since_s = now_s if self._since_s is None else self._since_s
        if self._since_s is None:
            return False
        return self._points >= appetite.points or now_s - self._since_s >= appetite.wait_s

    def next(self, most: int) -> list[Message]:
        """Return the messages behind the cursor, up to `most` points but at least one message."""
        messages: list[Message] = []
        total = 0
        rows = self._database.execute(_NEXT, (self.cursor(),))
        for number, gateway, epoch, partition, sequence, kind, unit, points, data in rows:
            total += max(points, 1)
            if messages and total > most:
                break
            source = Source(gateway, epoch, partition)
            messages.append(Message(number, source, sequence, Kind(kind), unit, data, points))
        return messages

    def taken(self, upto: int, rejected: Sequence[Rejected], now_ns: int) -> None:
        """Move the cursor, and set aside what the store rejected."""
        rows = [
            (now_ns, f"store {self._store}", *r.message.source, r.message.sequence, r.reason, r.data)
            for r in rejected
        ]
        with transaction(self._database):
            self._database.executemany(ADD_QUARANTINE, rows)
            self._database.execute("UPDATE cursor SET id = ? WHERE store = ?", (upto, self._store))
            self._database.execute("INSERT INTO written VALUES (?, ?)", (upto, now_ns))
        self._start_count()

    def purge(self, before_ns: int) -> int:
        """Delete what the store has had since before a time; return how many messages."""
        query = "SELECT coalesce(max(upto), 0) FROM written WHERE written_ns <= ?"
        upto = min(int(self._database.execute(query, (before_ns,)).fetchone()[0]), self.cursor())
        deleted = 0
        while upto:
            with transaction(self._database):
                chunk = self._database.execute(_DELETE, (upto, _DELETE_AT_ONCE)).rowcount
                self._database.execute("DELETE FROM written WHERE upto <= ?", (upto,))
            deleted += chunk
            if chunk < _DELETE_AT_ONCE:
                break
        return deleted

    def rewind(self) -> int:
        """Go back to the first message that is still here; return how many are to be written again."""
        first = self._database.execute("SELECT min(id) FROM message").fetchone()[0]
        behind = 0 if first is None else max(0, self.cursor() - int(first) + 1)
        if behind:
            with transaction(self._database):
                row = (int(first) - 1, self._store)
                self._database.execute("UPDATE cursor SET id = ? WHERE store = ?", row)
                self._database.execute("DELETE FROM written")
            self._start_count()
        return behind

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _start_count(self) -> None:
        self._seen, self._points, self._since_s = self.cursor(), 0, None

    def _forget_others(self) -> None:
        """Drop the cursors of stores that this historian no longer writes to."""
        self._database.execute("DELETE FROM cursor WHERE store <> ?", (self._store,))
