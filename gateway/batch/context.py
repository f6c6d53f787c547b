"""Which campaign, batch and phase a unit was in at a time.

A context holds from its start until the unit's next one. Reports are matched by the time of their
source, not of their arrival, so late data belong to the batch they were measured in. Names are
opaque ids: they travel in messages that many may read.
"""

from __future__ import annotations

import bisect
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS context (
    id INTEGER PRIMARY KEY, unit TEXT NOT NULL, start_ns INTEGER NOT NULL,
    campaign TEXT NOT NULL, batch TEXT NOT NULL, phase TEXT NOT NULL
) STRICT;
"""
NO_CONTEXT = 0


@dataclass(frozen=True, slots=True)
class Context:
    """What a unit was used for. Empty texts: not in a campaign, batch or phase."""

    campaign: str = ""
    batch: str = ""
    phase: str = ""


class ContextBook:
    """The contexts of all units of a gateway, on disk and, sorted by start, in memory.

    `enter` touches the disk; `resolve` and `describe` do not and may be called from another thread.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            sqlite3.Error: the file cannot be opened.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self._lock = threading.Lock()
        self._starts: dict[str, list[int]] = {}
        self._ids: dict[str, list[int]] = {}
        self._contexts: dict[int, Context] = {NO_CONTEXT: Context()}
        for number, unit, start_ns, *names in self._database.execute("SELECT * FROM context ORDER BY id"):
            self._place(number, unit, start_ns, Context(*names))

    def enter(self, unit: str, start_ns: int, context: Context) -> int:
        """Record that the unit is in this context from `start_ns` on; return the context's id."""
        row = (unit, start_ns, context.campaign, context.batch, context.phase)
        number = self._database.execute(
            "INSERT INTO context (unit, start_ns, campaign, batch, phase) VALUES (?, ?, ?, ?, ?)", row
        ).lastrowid
        assert number is not None
        self._place(number, unit, start_ns, context)
        return number

    def resolve(self, unit: str, source_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Return the id of the context that held at each time; 0 where there was none yet."""
        with self._lock:
            starts, ids = self._starts.get(unit), self._ids.get(unit)
            if starts is None or ids is None:
                return np.zeros(len(source_ns), np.int32)
            known = np.array([NO_CONTEXT, *ids], np.int32)
            return known[np.searchsorted(np.array(starts, np.int64), source_ns, side="right")]

    def describe(self, number: int) -> Context:
        """Return the context of an id.

        Raises:
            KeyError: no context has this id.
        """
        return self._contexts[number]

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _place(self, number: int, unit: str, start_ns: int, context: Context) -> None:
        with self._lock:
            starts = self._starts.setdefault(unit, [])
            position = bisect.bisect_right(starts, start_ns)
            starts.insert(position, start_ns)
            self._ids.setdefault(unit, []).insert(position, number)
            self._contexts[number] = context
