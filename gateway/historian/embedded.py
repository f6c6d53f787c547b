"""The store that needs no server: SQLite files of compressed chunks, one a day of source time.

Messages wait in the historian's hot table until there are enough of them to make chunks worth their
name; what is read meanwhile comes from there. Each day's share is one transaction on that day's file,
with the day's ledger of messages, so a write that was cut short is done again without harm. Late data
go into the file of the day they were measured in.
"""

from __future__ import annotations

import functools
import logging
import os
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.streams import Retention
from gateway.historian.api import Appetite, Message, Outcome, StoreError
from gateway.historian.decoding import PointDecoder, decode_events
from gateway.historian.period_file import PeriodFile
from gateway.historian.points import StoredPoints
from gateway.historian.retention import PERIOD_NS, Expiry, due, take_out

_log = logging.getLogger(__name__)

_OPEN_FILES: Final = 4
"""Files kept open for writing; late data open older ones as needed."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def period_path(folder: Path, period: int) -> Path:
    """Return the file of a day, counted from 1970."""
    return folder / f"store-{_EPOCH + timedelta(days=period):%Y-%m-%d}.sqlite"


def periods_in(folder: Path) -> dict[int, Path]:
    """Return the files that there are, by day, oldest first. Called with each question: it must be quick."""
    names = sorted(name for name in os.listdir(folder) if name.startswith("store-"))
    return {
        _period_of(name.removesuffix(".sqlite")): folder / name for name in names if name.endswith(".sqlite")
    }


@functools.lru_cache(maxsize=10_000)
def _period_of(stem: str) -> int:
    day = date.fromisoformat(stem.removeprefix("store-"))
    return (day - _EPOCH.date()).days


class EmbeddedStore:
    """Writes the files. One thread at a time."""

    name = "embedded"
    appetite = Appetite(points=800_000, wait_s=300.0, most=1_000_000)
    durable_after_s = 0.0

    def __init__(self, folder: Path, retention: Retention | None = None) -> None:
        """Take the folder; it is made if need be. `retention`: none keeps everything for ever."""
        self._folder, self._retention = folder, retention or Retention()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._files: dict[int, PeriodFile] = {}
        self._decoder = PointDecoder()
        self.points_written = 0

    def write(self, messages: Sequence[Message]) -> Outcome:
        """Put the messages' points into chunks and their events beside them."""
        points, rejected = self._decoder.decode(messages)
        events, no_events = decode_events(messages)
        try:
            lost = {rejection.message.id for rejection in (*rejected, *no_events)}
            self._write(points, events, [message for message in messages if message.id not in lost])
        except (sqlite3.Error, OSError) as error:
            self._close_files()
            return Outcome(0, keep=f"the store's files cannot be written: {error}", wait_s=1.0)
        return Outcome(len(messages), [*rejected, *no_events])

    def generation(self) -> str:
        """Return the same for ever: what was committed stays."""
        return ""

    def expiring(self, now_ns: int) -> list[Expiry]:
        """Return what is past its retention.

        Raises:
            StoreError: a file cannot be read.
        """
        try:
            return list(due(self._retention, periods_in(self._folder), now_ns))
        except sqlite3.Error as error:
            raise StoreError(f"what is past its retention cannot be told: {error}") from error

    def expire(self, expiry: Expiry) -> None:
        """Take it out.

        Raises:
            StoreError: it cannot be done now.
        """
        self._close_files()
        try:
            take_out(expiry)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{expiry.path.name} cannot be shortened: {error}") from error

    def close(self) -> None:
        """Close the files."""
        self._close_files()

    def _write(
        self,
        points: StoredPoints,
        events: Sequence[tuple[Message, dict[str, Any]]],
        messages: Sequence[Message],
    ) -> None:
        period = _periods(points.source_ns)
        dated = [(int(event["time_ns"]) // PERIOD_NS, (message, event)) for message, event in events]
        for day in sorted({*period, *(day for day, _ in dated)}):
            its_events = [pair for its_day, pair in dated if its_day == day]
            file = self._file(day)
            self.points_written += file.add(points.take(period.get(day, slice(0))), messages, its_events)
            if merged := file.merge_small():
                _log.debug("%d small chunks merged in the file of day %d", merged, day)

    def _file(self, period: int) -> PeriodFile:
        if period not in self._files:
            while len(self._files) >= _OPEN_FILES:
                self._files.pop(min(self._files)).close()
            self._files[period] = PeriodFile(period_path(self._folder, period))
        return self._files[period]

    def _close_files(self) -> None:
        while self._files:
            self._files.popitem()[1].close()


def _periods(source_ns: npt.NDArray[np.int64]) -> dict[int, npt.NDArray[np.bool_] | slice]:
    """Return for each day which of the points are of it; of all that there are where it is but one day."""
    if not len(source_ns):
        return {}
    first, last = int(source_ns.min()) // PERIOD_NS, int(source_ns.max()) // PERIOD_NS
    if first == last:
        return {first: slice(None)}
    period = source_ns // PERIOD_NS
    return {day: period == day for day in np.unique(period).tolist()}
