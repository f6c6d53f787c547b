"""Rings: how rows pass between the engine's thread and the others without a lock.

One thread pushes, one other pops. A full ring refuses the newest rows and says how many it took:
what to do about it is the producer's policy, and the producer counts it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from control.kernels import ring
from control.kernels.atomic import Words

Rows = npt.NDArray[Any]
"""Structured rows of one dtype."""
Row = Any
"""One of them: a record that reads and writes its row."""


Tape = Callable[[int, Rows], None]
"""Takes the number of the first row, counted from the ring's beginning, and the rows."""


class RingArrays(NamedTuple):
    """A ring as the engine's kernels see it: its slots as rows, and its counters."""

    rows: Rows
    counters: Words

    @classmethod
    def allocate(cls, row: np.dtype[Any], capacity: int) -> Self:
        """Return an empty ring with room for `capacity` rows, rounded up to a power of two."""
        slots = 1 << max(1, capacity - 1).bit_length()
        return cls(np.zeros(slots, row), np.zeros(ring.COUNTERS, np.int64))


class Ring:
    """A ring as Python sees it. `push` belongs to one thread and `pop` to one other."""

    def __init__(self, arrays: RingArrays) -> None:
        self._arrays = arrays
        self._row = arrays.rows.dtype
        self._width = self._row.itemsize // 8
        self._slots = self._words(arrays.rows)
        self._counters = arrays.counters
        self.tape: Tape | None = None
        """Told of all rows that pass here, by the thread that pushes or pops them."""

    @property
    def capacity(self) -> int:
        """Return how many rows fit in."""
        return len(self._slots)

    @property
    def pushed(self) -> int:
        """Return how many rows were pushed since the start."""
        return int(self._counters[ring.TAIL])

    @property
    def popped(self) -> int:
        """Return how many rows were popped since the start."""
        return int(self._counters[ring.HEAD])

    def __len__(self) -> int:
        """Return how many rows wait (a moment ago: the other thread goes on)."""
        return self.pushed - self.popped

    def push(self, rows: Rows) -> int:
        """Add rows at the end; return how many there was room for.

        Raises:
            TypeError: the rows are of another dtype than the ring's.
        """
        if rows.dtype != self._row:
            raise TypeError(f"this ring takes {self._row}, not {rows.dtype}")
        first = self.pushed
        taken = ring.push(self._slots, self._counters, self._words(np.ascontiguousarray(rows)))
        if self.tape is not None and taken:
            self.tape(first, rows[:taken])
        return taken

    def pop(self, limit: int) -> Rows:
        """Take the oldest rows, `limit` at the most."""
        rows = np.empty(min(limit, max(0, len(self))), self._row)
        first = self.popped
        taken = ring.pop(self._slots, self._counters, self._words(rows))
        if self.tape is not None and taken:
            self.tape(first, rows[:taken])
        return rows[:taken]

    def _words(self, rows: Rows) -> Words:
        return rows.view(np.int64).reshape(len(rows), self._width)
