"""SQLite as the historian uses it: committed means on the disk, and readers never wait for writers."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

_BUSY_S = 30.0
_WAL_KEPT_BYTES = 64 << 20


def open_for_writing(path: Path, schema: str) -> sqlite3.Connection:
    """Open or make a file, and lay it out.

    Pages of 8 KiB hold messages of tens of kilobytes in fewer pieces, and still make small commits
    small. Some builds of SQLite overwrite what is deleted (`secure_delete`), which doubles the work of
    a table that everything passes through; here nothing is secret from who can read the file.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
    database.execute("PRAGMA page_size = 8192")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA secure_delete = OFF")
    database.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    database.executescript(f"BEGIN;{schema}COMMIT;")
    return database


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a file that another process may be writing.

    Raises:
        sqlite3.Error: it is not there, or cannot be opened.
    """
    uri = f"{path.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Do everything inside, or nothing of it."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


@contextlib.contextmanager
def snapshot(database: sqlite3.Connection) -> Iterator[None]:
    """Everything read inside sees the same state of the file."""
    database.execute("BEGIN")
    try:
        yield
    finally:
        database.execute("ROLLBACK")
