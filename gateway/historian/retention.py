"""What a day's file of the embedded store no longer has to keep, and taking it out.

By class of data: the points as they were reported, the trends (each chunk's summary: count, least, greatest,
sum, first, last and worst quality of up to 1000 points), and the events. What a file has lost stands in its
`user_version`, so a file is looked at once. When nothing is left to be kept, the file goes.
"""

from __future__ import annotations

import contextlib
import enum
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from config.streams import Retention
from gateway.historian.database import open_for_reading, transaction

PERIOD_NS: Final = 86_400 * 10**9


class Gone(enum.IntFlag):
    """What a file has no more."""

    POINTS = 1
    TRENDS = 2
    EVENTS = 4
    ALL = 7


class Expiry(NamedTuple):
    """Something to be taken out of a file."""

    path: Path
    gone: Gone
    """What the file will have no more; all: the file is deleted."""
    points: int
    """Points in it that go, as far as they were there."""
    events: int

    def __str__(self) -> str:
        """Say it as the event of the deletion does."""
        if self.gone is Gone.ALL:
            return f"{self.path.name} is deleted: its points, trends and events are past their retention"
        kinds = " and ".join(kind.name.lower() for kind in Gone if kind & self.gone and kind.name)
        return f"{kinds} of {self.path.name} are past their retention and taken out"


def past(retention: Retention, period: int, now_ns: int) -> Gone:
    """Return what a day's file need not keep any more. Pure.

    Args:
        retention: how long each class is kept; none is for ever. Trends live as long as points at least.
        period: the day, counted from 1970.
        now_ns: UTC.
    """
    age_s = (now_ns - (period + 1) * PERIOD_NS) / 1e9
    gone = Gone(0)
    if retention.points is not None and age_s > retention.points:
        gone |= Gone.POINTS
        if retention.trends is not None and age_s > retention.trends:
            gone |= Gone.TRENDS
    if retention.events is not None and age_s > retention.events:
        gone |= Gone.EVENTS
    return gone


def due(retention: Retention, files: Mapping[int, Path], now_ns: int) -> Iterator[Expiry]:
    """Yield what is to be taken out of files that are there, by day.

    Raises:
        sqlite3.Error: a file cannot be read.
    """
    for period, path in files.items():
        wanted = past(retention, period, now_ns)
        if not wanted:
            continue
        with contextlib.closing(open_for_reading(path)) as database:
            if not wanted & ~_gone(database):
                continue
            new = wanted & ~_gone(database)
            points = events = 0
            if Gone.POINTS in new:
                query = "SELECT coalesce(sum(points), 0) FROM chunk WHERE length(data) > 0"
                points = int(database.execute(query).fetchone()[0])
            if Gone.EVENTS in new:
                events = int(database.execute("SELECT count(*) FROM event").fetchone()[0])
        yield Expiry(path, Gone.ALL if wanted == Gone.ALL else new, points, events)


def take_out(expiry: Expiry) -> None:
    """Do it; nobody else may be writing the file.

    Raises:
        sqlite3.Error: it is damaged, or the disk is full.
        OSError: it cannot be deleted.
    """
    if expiry.gone is Gone.ALL:
        for path in (expiry.path, *(Path(f"{expiry.path}{end}") for end in ("-wal", "-shm"))):
            path.unlink(missing_ok=True)
        return
    with contextlib.closing(sqlite3.connect(expiry.path, isolation_level=None, timeout=30.0)) as database:
        with transaction(database):
            if Gone.TRENDS in expiry.gone:
                database.execute("DELETE FROM chunk")
            elif Gone.POINTS in expiry.gone:
                database.execute("UPDATE chunk SET data = x'', small = 0")
            if Gone.EVENTS in expiry.gone:
                database.execute("DELETE FROM event")
            database.execute(f"PRAGMA user_version = {int(_gone(database) | expiry.gone)}")
        database.execute("VACUUM")  # a day's file is small, and what was taken out is not to be read from it
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _gone(database: sqlite3.Connection) -> Gone:
    return Gone(int(database.execute("PRAGMA user_version").fetchone()[0]))
