"""Reading a journal, or a tap: by the sinks while it is written, and by whoever looks into the file."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from gateway.batch.context import Context
from gateway.stream.journal_schema import Row, connect_reader
from gateway.stream.records import Dictionary, Kind, Record


class JournalReader:
    """A journal opened for reading. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            sqlite3.OperationalError: there is no such file.
        """
        self._database = connect_reader(path)
        self._contexts: dict[int, Context] = {}
        self._dictionaries: dict[int, Dictionary] = {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def epoch(self) -> int:
        """Return the journal's epoch."""
        return int(self._database.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])

    def heads(self) -> dict[int, int]:
        """Return the last sequence of each partition."""
        return dict(self._database.execute("SELECT partition, sequence FROM head"))

    def read(self, partition: int, after: int, limit: int) -> list[Record]:
        """Return at most `limit` records of a partition behind a sequence, in order."""
        rows = self._database.execute(
            "SELECT * FROM record WHERE partition = ? AND sequence > ? ORDER BY sequence LIMIT ?",
            (partition, after, limit),
        ).fetchall()
        return [self._record(row) for row in rows]

    def since(self, partition: int, created_ns: int) -> int:
        """Return the sequence behind which the records are that were made since a time.

        Records are made in the order of their sequences, so the place is found by halving.
        """
        query = "SELECT sequence, created_ns FROM record WHERE partition = ? AND sequence >= ?"
        query += " ORDER BY sequence LIMIT 1"
        low, high = 0, self.heads().get(partition, 0)  # up to `low` is too old, behind `high` is not
        while low < high:
            row = self._database.execute(query, (partition, middle := (low + high) // 2 + 1)).fetchone()
            if row is None or row[1] >= created_ns:
                high = middle - 1
            else:
                low = row[0]
        return low

    def quarantined(self) -> list[tuple[Record, str, int]]:
        """Return the records that were set aside, each with the reason and when."""
        query = "SELECT * FROM quarantine WHERE length(data) > 0 ORDER BY quarantined_ns"
        rows = self._database.execute(query).fetchall()
        return [(self._record(row[:-2]), row[-2], row[-1]) for row in rows]

    def set_aside(self) -> set[tuple[int, int]]:
        """Return partition and sequence of what was ever set aside, also where it was sent again."""
        return set(self._database.execute("SELECT partition, sequence FROM quarantine"))

    def dictionary(self, number: int) -> Dictionary:
        """Return what the numbers in a record stand for.

        Raises:
            KeyError: the journal has no such dictionary.
        """
        if number not in self._dictionaries:
            query = "SELECT fingerprint, data FROM dictionary WHERE id = ?"
            row = self._database.execute(query, (number,)).fetchone()
            if row is None:
                raise KeyError(number)
            self._dictionaries[number] = Dictionary.from_bytes(*row)
        return self._dictionaries[number]

    def _record(self, row: Row) -> Record:
        partition, sequence, kind, unit, context, dictionary, created_ns, count, data = row
        return Record(
            partition, sequence, Kind(kind), unit, self._context(context), dictionary, created_ns, count, data
        )

    def _context(self, number: int) -> Context:
        if number not in self._contexts:
            query = "SELECT campaign, batch, phase FROM context WHERE id = ?"
            self._contexts[number] = Context(*self._database.execute(query, (number,)).fetchone())
        return self._contexts[number]
