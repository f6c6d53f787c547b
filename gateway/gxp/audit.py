"""The audit trail: append-only, hash-chained, in a database that refuses changes.

Each entry holds the hash of the one before it, so an altered, removed or reordered entry breaks
the chain from there on; `verify` finds it offline. Entries cut off at the end leave a whole chain:
against that the head (`count` and `hash`) is published with the gateway's health and can be given
to `verify`. The same file keeps the identity of every command and its first reply, so that a
redelivered command acts once, also across a restart.

Source: 21 CFR 11.10(e), EU GMP Annex 11 clause 9 (requirements G01 to G05 of the domain notes).
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY, body BLOB NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS entry_no_update BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entry_no_delete BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TABLE IF NOT EXISTS command (
    id TEXT PRIMARY KEY, received_ns INTEGER NOT NULL, reply BLOB
) STRICT, WITHOUT ROWID;
"""
_GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act: who did what to which object, from which value to which, why, and what became of it."""

    who: str
    role: str
    action: str
    target: str
    outcome: str
    old: float | str | None = None
    new: float | str | None = None
    reason: str = ""
    detail: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The end of the chain."""

    count: int
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What `verify` found: the entries that are whole, and the first trouble if there is any."""

    entries: int
    trouble: str | None

    @property
    def whole(self) -> bool:
        """True when every entry is as it was written, and none is missing."""
        return self.trouble is None


def _chain(previous: str, body: bytes) -> str:
    return hashlib.sha256(previous.encode() + b"\n" + body).hexdigest()


class AuditTrail:
    """The trail of one gateway. Its methods touch the disk: call them off the event loops."""

    def __init__(self, path: Path, *, gateway: str, software: str, config: str) -> None:
        """Open or make the file.

        Raises:
            sqlite3.Error: the file cannot be opened or is not an audit trail.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stamp = {"gateway": gateway, "software": software, "config": config}
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)
        row = self._database.execute("SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1").fetchone()
        self._head = AuditHead(*row) if row else AuditHead(0, _GENESIS)

    @property
    def head(self) -> AuditHead:
        """Return the end of the chain."""
        return self._head

    def append(self, entry: AuditEntry, *, command_id: str | None = None) -> AuditHead:
        """Add an entry, and in the same transaction the identity of the command that it is about."""
        number = self._head.count + 1
        body = orjson.dumps(
            {"number": number, "time_ns": time.time_ns(), **self._stamp, **asdict(entry)},
            option=orjson.OPT_SORT_KEYS,
        )
        digest = _chain(self._head.hash, body)
        with self._transaction():
            self._database.execute(
                "INSERT INTO entry VALUES (?, ?, ?, ?)", (number, body, self._head.hash, digest)
            )
            if command_id is not None:
                self._database.execute(
                    "INSERT INTO command VALUES (?, ?, NULL)", (command_id, time.time_ns())
                )
        self._head = AuditHead(number, digest)
        return self._head

    def first_reply(self, command_id: str) -> tuple[bool, bytes | None]:
        """Return (was this command seen before, the reply it got; None if it was interrupted)."""
        row = self._database.execute("SELECT reply FROM command WHERE id = ?", (command_id,)).fetchone()
        return (False, None) if row is None else (True, row[0])

    def keep_reply(self, command_id: str, reply: bytes) -> None:
        """Keep the reply that redeliveries of this command get."""
        self._database.execute("UPDATE command SET reply = ? WHERE id = ?", (reply, command_id))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _transaction(self) -> _Transaction:
        return _Transaction(self._database)


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK when an exception passes."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")


def read_entries(path: Path, *, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
    """Return entries of a trail, oldest first, as they were written."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT body FROM entry WHERE number > ? ORDER BY number LIMIT ?", (after, limit)
        ).fetchall()
    return [orjson.loads(body) for (body,) in rows]


def verify(path: Path, expected_head: AuditHead | None = None) -> AuditVerdict:
    """Walk the whole chain and compare it with a head that was published elsewhere, if one is given."""
    previous, count = _GENESIS, 0
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for number, body, stated_previous, digest in database.execute("SELECT * FROM entry ORDER BY number"):
            if number != count + 1:
                return AuditVerdict(count, f"entry {count + 1} is missing")
            if stated_previous != previous or digest != _chain(previous, body):
                return AuditVerdict(count, f"entry {number} is not as it was written")
            previous, count = digest, number
            if expected_head is not None and count == expected_head.count and digest != expected_head.hash:
                return AuditVerdict(count, f"entry {number} is not the one whose hash was published")
    if expected_head is not None and count < expected_head.count:
        return AuditVerdict(count, f"entries {count + 1} to {expected_head.count} are missing at the end")
    return AuditVerdict(count, None)
