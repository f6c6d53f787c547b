"""The journal's SQLite file, opened for writing: each thing that is done to it. One thread.

WAL with synchronous=FULL: a committed record survives a kill and a loss of power (where the disk
honours a flush). A new file is a new epoch; partitions count their sequences from 1, without a hole,
also across restarts and when everything has been trimmed.
"""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from gateway.batch.context import Context
from gateway.stream.journal_schema import JournalDamaged, JournalError, Row, Span, connect, create
from gateway.stream.journal_tap import INSERT, copy, open_tap
from gateway.stream.records import Dictionary, Draft

_TRIM: Final = "DELETE FROM record WHERE partition = ? AND sequence <= ?"


class JournalFile:
    """A journal opened for writing; nobody else can open it so at the same time."""

    def __init__(self, path: Path, now_ns: int, tap: Path | None = None) -> None:
        """Open or make the file.

        Args:
            path: the file.
            now_ns: UTC; becomes the epoch of a new file.
            tap: folder for files that keep a copy of every committed record for ever, or None.

        Raises:
            sqlite3.DatabaseError: the file cannot be opened, or is damaged (see `is_damage`).
            JournalError: it is another program's, of another version, or in use.
        """
        self.path = path
        self._contexts: dict[Context, int] = {}
        self._tap: sqlite3.Connection | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as undo:
            self._lock = undo.enter_context(_locked(path))
            self._database = undo.enter_context(contextlib.closing(connect(path, "FULL")))
            create(self._database, now_ns)
            self.epoch = self._meta("epoch")
            if not self._meta("clean"):
                self._check_integrity()
            self._set_clean(clean=False)
            self.heads: dict[int, int] = dict(self._database.execute("SELECT partition, sequence FROM head"))
            if tap is not None:
                made = open_tap(tap, self.epoch, self.heads, self._database)
                self._tap = undo.enter_context(contextlib.closing(made))
            undo.pop_all()

    def close(self, *, clean: bool = True) -> None:
        """Close; `clean=False` leaves a damaged file untouched."""
        if clean:
            self._set_clean(clean=True)
        self._database.close()
        if self._tap is not None:
            self._tap.close()
        self._lock.close()

    @property
    def used_bytes(self) -> int:
        """Return the size of what is in use (pages of trimmed records are used again)."""
        pages, free, size = (
            self._database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def count(self) -> int:
        """Return the number of records."""
        return int(self._database.execute("SELECT count(*) FROM record").fetchone()[0])

    def dictionary_id(self, dictionary: Dictionary) -> int:
        """Return the row of a dictionary, made when it is new."""
        values = (dictionary.fingerprint, dictionary.to_bytes())
        self._database.execute("INSERT OR IGNORE INTO dictionary (fingerprint, data) VALUES (?, ?)", values)
        query = "SELECT id FROM dictionary WHERE fingerprint = ?"
        number = int(self._database.execute(query, (dictionary.fingerprint,)).fetchone()[0])
        if self._tap is not None:
            self._tap.execute("INSERT OR REPLACE INTO dictionary VALUES (?, ?, ?)", (number, *values))
        return number

    def cursors(self) -> dict[tuple[str, int], int]:
        """Return how far each (consumer, partition) is."""
        rows = self._database.execute("SELECT consumer, partition, sequence FROM cursor")
        return {(consumer, partition): sequence for consumer, partition, sequence in rows}

    def commit(
        self,
        drafts: Sequence[Draft],
        dictionary: int,
        cursors: Mapping[tuple[str, int], int],
        trims: Mapping[int, int],
        now_ns: int,
    ) -> None:
        """Number and keep drafts, move cursors, trim partitions: all or nothing, synced to the disk.

        Raises:
            sqlite3.OperationalError: nothing was written (disk or database full, I/O error).
        """
        heads = dict(self.heads)
        with self._transaction():
            rows = [self._row(draft, self._dictionary_of(draft, dictionary), heads) for draft in drafts]
            if self._tap is not None and rows:
                copy(self._tap, rows)
            self._database.executemany(INSERT, rows)
            self._database.executemany("INSERT OR REPLACE INTO head VALUES (?, ?)", heads.items())
            self._database.executemany(
                "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?)",
                [(*k, s, now_ns) for k, s in cursors.items()],
            )
            self._database.executemany(_TRIM, trims.items())
        self.heads = heads

    def drop_oldest(self, count: int, before_ns: int | None = None) -> list[Span]:
        """Delete about `count` of the oldest records (only those made before a time); say which."""
        dropped = []
        with self._transaction():
            while count > 0 and (span := self._oldest(count, before_ns)) is not None:
                self._database.execute(_TRIM, (span.partition, span.last))
                dropped.append(span)
                count -= len(span)
        return dropped

    def quarantine(self, partition: int, sequence: int, reason: str, now_ns: int) -> bool:
        """Set a record aside, where it can be looked at; False when it is not there any more."""
        key = (partition, sequence)
        with self._transaction():
            moved = self._database.execute(
                "INSERT OR IGNORE INTO quarantine SELECT record.*, ?, ? FROM record"
                " WHERE partition = ? AND sequence = ?",
                (reason, now_ns, *key),
            ).rowcount
            self._database.execute("DELETE FROM record WHERE partition = ? AND sequence = ?", key)
        return moved > 0

    def retry_quarantined(self) -> int:
        """Make new records of what was set aside, behind all others; return how many."""
        heads = dict(self.heads)
        with self._transaction():
            aside = self._database.execute(
                "SELECT * FROM quarantine WHERE length(data) > 0 ORDER BY quarantined_ns, partition, sequence"
            )
            rows = []
            for partition, _, *rest in [row[:-2] for row in aside.fetchall()]:
                heads[partition] = heads.get(partition, 0) + 1
                rows.append((partition, heads[partition], *rest))
            if self._tap is not None and rows:
                copy(self._tap, rows)
            self._database.executemany(INSERT, rows)
            self._database.executemany("INSERT OR REPLACE INTO head VALUES (?, ?)", heads.items())
            # What is left of them says that their old sequences are no holes.
            self._database.execute("UPDATE quarantine SET data = x'', reason = 'sent again'")
        self.heads = heads
        return len(rows)

    def _row(self, draft: Draft, dictionary: int, heads: dict[int, int]) -> Row:
        sequence = heads[draft.partition] = heads.get(draft.partition, 0) + 1
        context = self._context_id(draft.context)
        kept = (draft.created_ns, draft.count, draft.data)
        return (draft.partition, sequence, int(draft.kind), draft.unit, context, dictionary, *kept)

    def _dictionary_of(self, draft: Draft, present: int) -> int:
        return present if draft.dictionary is None else self.dictionary_id(draft.dictionary)

    def _context_id(self, context: Context) -> int:
        number = self._contexts.get(context)
        if number is None:
            names = (context.campaign, context.batch, context.phase)
            self._database.execute(
                "INSERT OR IGNORE INTO context (campaign, batch, phase) VALUES (?, ?, ?)", names
            )
            query = "SELECT id FROM context WHERE campaign = ? AND batch = ? AND phase = ?"
            number = self._contexts[context] = int(self._database.execute(query, names).fetchone()[0])
            if self._tap is not None:
                self._tap.execute("INSERT OR REPLACE INTO context VALUES (?, ?, ?, ?)", (number, *names))
        return number

    def _oldest(self, count: int, before_ns: int | None) -> Span | None:
        """Return the run of oldest records of the partition that has the oldest one."""
        query = "SELECT sequence, created_ns FROM record WHERE partition = ? ORDER BY sequence LIMIT 1"
        first = {p: row for p in self.heads if (row := self._database.execute(query, (p,)).fetchone())}
        if not first:
            return None
        partition = min(first, key=lambda p: first[p][1])
        sequence, created_ns = first[partition]
        if before_ns is None:
            return Span(partition, sequence, min(sequence + count - 1, self.heads[partition]))
        if created_ns >= before_ns:
            return None
        query = "SELECT max(sequence) FROM record WHERE partition = ? AND sequence < ? AND created_ns < ?"
        last = self._database.execute(query, (partition, sequence + count, before_ns)).fetchone()[0]
        return Span(partition, sequence, last)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            self._contexts.clear()  # their rows are gone with the transaction
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _meta(self, key: str) -> int:
        return int(self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])

    def _set_clean(self, *, clean: bool) -> None:
        self._database.execute("UPDATE meta SET value = ? WHERE key = 'clean'", (int(clean),))

    def _check_integrity(self) -> None:
        """Look through the whole file after it was not closed in good order (seconds for gigabytes).

        Raises:
            JournalDamaged: it is broken.
        """
        result = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if result != "ok":
            raise JournalDamaged(f"{self.path}: {result}")


def _locked(path: Path) -> IO[bytes]:
    """Return the open lock file of a journal, locked for as long as it is open.

    Raises:
        JournalError: another process has it.
    """
    file = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise JournalError(f"{path} is in use by another process") from error
    return file
