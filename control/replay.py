"""Replay: run recorded scans again, from a recorded state, with the clocks and rows they had.

The scan is a pure function, so the same build on the same processor gives the same outputs, alarms and
reports, to the bit. What was live outside of it (the rings' readers) shows in one way only: a ring that
was full. A replay's rings never are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from control import course
from control.kernels.atomic import Words
from control.kernels.ring import HEAD, TAIL
from control.pacing import Moment
from control.rings import Ring, RingArrays, Rows
from control.state import State

_TAKEN: Final = ("outputs", "reports", "transitions")


@dataclass(frozen=True, slots=True)
class Tape:
    """Rows of one ring, side by side."""

    first: int
    """Number of the first row, counted from the ring's beginning."""
    rows: Rows

    @property
    def end(self) -> int:
        """Number of the row after the last."""
        return self.first + len(self.rows)

    def between(self, first: int, end: int) -> Rows:
        """Return the rows of these numbers, as far as they are here."""
        return self.rows[max(0, first - self.first) : max(0, end - self.first)]


@dataclass(slots=True)
class Replayed:
    """What came out of the engine."""

    outputs: list[Rows] = field(default_factory=list)
    reports: list[Rows] = field(default_factory=list)
    transitions: list[Rows] = field(default_factory=list)
    scans: int = 0

    def rows(self, name: str) -> Rows:
        """Return all rows of one ring."""
        found: list[Rows] = getattr(self, name)
        return np.concatenate(found)


class Replayer:
    """An engine without a thread or a clock, from a recorded moment on."""

    def __init__(self, state: State, moment: Moment) -> None:
        """Take tables whose state is what it was at the moment; their rings begin where the live were."""
        self._state = state
        rings = state.rings
        at = {
            "inbox": moment.inbox,
            "commands": moment.commands,
            "outputs": moment.outputs,
            "reports": moment.reports,
            "transitions": moment.transitions,
        }
        for name, index in at.items():
            arrays: RingArrays = getattr(rings, name)
            arrays.counters[HEAD] = arrays.counters[TAIL] = index
        self._rings = {name: Ring(getattr(rings, name)) for name in _TAKEN}

    def run(
        self, samples: Tape, commands: Tape, statistics: Rows, progress: Callable[[int], None] | None = None
    ) -> Replayed:
        """Run the scans of these statistics, which follow each other from the moment on."""
        found = Replayed()
        given = course.Course(
            _own(statistics),
            _words(samples.rows),
            _words(commands.rows),
            _words(self._state.rings.inbox.rows),
            _words(self._state.rings.commands.rows),
            samples.first,
            commands.first,
        )
        done = 0
        while done < len(statistics):
            done = course.run(self._state, course.NO_PACE, given, done)
            for name, live in self._rings.items():
                getattr(found, name).append(live.pop(live.capacity))
            if progress is not None:
                progress(done)
        found.scans = done
        if not found.outputs:  # nothing to run: empty rows of the right kind
            for name, live in self._rings.items():
                getattr(found, name).append(live.pop(0))
        return found


def _own(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return rows of the one kind that the course is compiled for: side by side and writable."""
    return np.require(rows, requirements=("C", "W"))


def _words(rows: npt.NDArray[Any]) -> Words:
    rows = _own(rows)
    return rows.view(np.int64).reshape(len(rows), rows.dtype.itemsize // 8)
