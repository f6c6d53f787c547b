"""The states of a machine over a stretch of time, from what was reported of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.packml.states import STOPS, WAITING

UNKNOWN: Final = 0
"""State (PackML has none with this number) of a time of which nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Reports of a tag by time. A value holds until the next one, but no longer than `holds_ns`."""

    source_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    """NaN where it was bad."""
    holds_ns: int

    def at(self, times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the values at these times; NaN where nobody knows."""
        if not len(self.source_ns):
            return np.full(len(times_ns), np.nan)
        latest = np.searchsorted(self.source_ns, times_ns, side="right") - 1
        known = (latest >= 0) & (times_ns - self.source_ns[latest] < self.holds_ns)
        held: npt.NDArray[np.float64] = np.where(known, self.value[latest], np.nan)
        return held

    def edges(self) -> npt.NDArray[np.int64]:
        """Return the times at which the value may change: at reports, and where one no longer holds."""
        return np.concatenate([self.source_ns, self.source_ns + self.holds_ns])


@dataclass(frozen=True, slots=True)
class Interval:
    """A time in which state, mode and stop reason stayed the same. UTC ns."""

    start_ns: int
    end_ns: int
    state: int
    """PackML number; `UNKNOWN` when nothing was reported, or it was bad."""
    mode: int
    """PackML number; 0 is unknown (PackML's own Invalid)."""
    reason: int
    """Why the machine stands; 0 is none, or unknown."""

    @property
    def duration_s(self) -> float:
        """Return how long it took, wall clock."""
        return (self.end_ns - self.start_ns) / 1e9


def intervals(state: Trace, mode: Trace, reason: Trace | None, from_ns: int, to_ns: int) -> list[Interval]:
    """Return the intervals of a stretch of time, without gaps, from the first to the last moment.

    Args:
        state: PackML states.
        mode: PackML modes.
        reason: stop reasons; None where the machine tells none.
        from_ns: where the stretch begins.
        to_ns: where it ends; nothing comes back when that is not later.
    """
    if to_ns <= from_ns:
        return []
    traces = [trace for trace in (state, mode, reason) if trace is not None]
    edges = np.unique(np.concatenate([[from_ns, to_ns], *(trace.edges() for trace in traces)]))
    edges = edges[(edges >= from_ns) & (edges <= to_ns)]
    starts = edges[:-1]
    columns = [_numbers(trace, starts) for trace in (state, mode, reason)]
    found: list[Interval] = []
    for start, end, *numbers in zip(starts.tolist(), edges[1:].tolist(), *columns, strict=True):
        last = found[-1] if found else None
        if last is not None and [last.state, last.mode, last.reason] == numbers:
            found[-1] = Interval(last.start_ns, end, *numbers)
        else:
            found.append(Interval(start, end, *numbers))
    return found


def _numbers(trace: Trace | None, times_ns: npt.NDArray[np.int64]) -> list[int]:
    if trace is None:
        return [0] * len(times_ns)
    numbers: list[int] = np.nan_to_num(trace.at(times_ns), nan=0.0).astype(np.int64).tolist()
    return numbers


@dataclass(frozen=True, slots=True)
class Stop:
    """A time in which the machine stood, from leaving Execute until it may start again."""

    start_ns: int
    end_ns: int
    state: int
    """What it came to: Held rather than Holding or Unholding."""
    reason: int
    """The first reason that was told."""

    @property
    def duration_s(self) -> float:
        """Return how long it took, wall clock."""
        return (self.end_ns - self.start_ns) / 1e9


def stops(found: Sequence[Interval]) -> list[Stop]:
    """Return the stops among intervals, in order: states of standing that follow each other are one stop."""
    result: list[Stop] = []
    open_ = False
    for each in found:
        if each.state not in STOPS:
            open_ = False
        elif open_:
            last = result[-1]
            state = each.state if each.state in WAITING or last.state not in WAITING else last.state
            result[-1] = Stop(last.start_ns, each.end_ns, state, last.reason or each.reason)
        else:
            open_ = True
            result.append(Stop(each.start_ns, each.end_ns, each.state, each.reason))
    return result
