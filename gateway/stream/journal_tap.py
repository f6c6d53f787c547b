"""The tap: a copy of every committed record that is never trimmed, beside a journal, for audits."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.stream.journal_schema import Row, connect, create

INSERT: Final = "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


def open_tap(
    folder: Path, epoch: int, heads: Mapping[int, int], journal: sqlite3.Connection
) -> sqlite3.Connection:
    """Open the tap of a journal's epoch.

    It then holds what the journal knows, and nothing that the journal never committed.

    Args:
        folder: of the taps.
        epoch: of the journal.
        heads: last sequence of each of its partitions.
        journal: where dictionaries and contexts are read.

    Raises:
        sqlite3.DatabaseError: it cannot be opened, or is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tap = connect(folder / f"tap-{epoch}.sqlite", "NORMAL")
    try:
        create(tap, epoch)
        for (partition,) in tap.execute("SELECT partition FROM head").fetchall():
            beyond = (partition, heads.get(partition, 0))
            tap.execute("DELETE FROM record WHERE partition = ? AND sequence > ?", beyond)
        tap.executemany(
            "INSERT OR REPLACE INTO dictionary VALUES (?, ?, ?)", journal.execute("SELECT * FROM dictionary")
        )
        tap.executemany(
            "INSERT OR REPLACE INTO context VALUES (?, ?, ?, ?)", journal.execute("SELECT * FROM context")
        )
    except BaseException:
        tap.close()
        raise
    return tap


def copy(tap: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Keep rows in the tap before the journal commits them: so the tap never lacks one."""
    tap.execute("BEGIN IMMEDIATE")
    tap.executemany(INSERT, rows)
    tap.executemany("INSERT OR REPLACE INTO head VALUES (?, ?)", {row[0]: row[1] for row in rows}.items())
    tap.execute("COMMIT")
