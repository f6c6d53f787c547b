"""The journal's tables, and how connections to them are made."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

APPLICATION: Final = 0x43474A31
"""Marks a SQLite file as a journal (`CGJ1`)."""
VERSION: Final = 1
_WAL_KEPT_BYTES: Final = 16 << 20

_RECORD: Final = """
    partition INTEGER NOT NULL, sequence INTEGER NOT NULL, kind INTEGER NOT NULL, unit TEXT NOT NULL,
    context INTEGER NOT NULL, dictionary INTEGER NOT NULL, created_ns INTEGER NOT NULL,
    count INTEGER NOT NULL, data BLOB NOT NULL"""
_KEY: Final = "PRIMARY KEY (partition, sequence)"
_SCHEMA: Final = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE record ({_RECORD}, {_KEY}) STRICT;
CREATE TABLE quarantine ({_RECORD}, reason TEXT NOT NULL, quarantined_ns INTEGER NOT NULL, {_KEY}) STRICT;
CREATE TABLE head (partition INTEGER PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;
CREATE TABLE cursor (
    consumer TEXT NOT NULL, partition INTEGER NOT NULL, sequence INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL, PRIMARY KEY (consumer, partition)) STRICT;
CREATE TABLE dictionary (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, data BLOB NOT NULL) STRICT;
CREATE TABLE context (
    id INTEGER PRIMARY KEY, campaign TEXT NOT NULL, batch TEXT NOT NULL, phase TEXT NOT NULL,
    UNIQUE (campaign, batch, phase)) STRICT;
"""

Row = tuple[int, int, int, str, int, int, int, int, bytes]
"""A row of `record`."""


class JournalError(Exception):
    """The file is another program's, of another version, or in use."""


class JournalDamaged(sqlite3.DatabaseError):
    """The file's structure is broken."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of records of one partition, both ends included."""

    partition: int
    first: int
    last: int

    def __len__(self) -> int:
        """Return how many records it is."""
        return self.last - self.first + 1


def connect(path: Path, synchronous: Literal["FULL", "NORMAL"]) -> sqlite3.Connection:
    """Open a file for writing, transactions by hand.

    Some builds of SQLite overwrite what is deleted (`secure_delete`): everything passes through a journal,
    and would be written once more; nothing in it is secret from who can read the file.

    Raises:
        sqlite3.DatabaseError: it cannot be opened, or is no database.
    """
    database = sqlite3.connect(path, isolation_level=None, timeout=10.0, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA synchronous = {synchronous}")
        database.execute("PRAGMA secure_delete = OFF")
        database.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    except sqlite3.Error:
        database.close()
        raise
    return database


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a file for reading.

    Raises:
        sqlite3.OperationalError: there is no such file.
    """
    address = f"{path.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=10.0, check_same_thread=False)


def create(database: sqlite3.Connection, epoch: int) -> None:
    """Make the tables in a new file; in one that has them, check whose they are.

    Raises:
        JournalError: another program's file, or another version.
    """
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if (application, version) == (APPLICATION, VERSION):
        return
    if application or version or database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise JournalError(f"no journal of version {VERSION}: mark {application:#x}, version {version}")
    database.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA.split(";"):
        database.execute(statement)
    database.execute("INSERT INTO meta VALUES ('epoch', ?), ('clean', 1)", (epoch,))
    database.execute("COMMIT")


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether an error says that the file is broken, and not that something is in the way."""
    name = getattr(error, "sqlite_errorname", "")
    return isinstance(error, JournalDamaged) or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def set_aside(path: Path, now_ns: int) -> Path:
    """Rename a damaged journal with what belongs to it; return its new name."""
    aside = path.with_name(f"{path.name}.damaged-{now_ns}")
    for suffix in ("-wal", "-shm", ""):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.rename(aside.with_name(aside.name + suffix))
    return aside
