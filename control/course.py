"""The one compiled loop around the scan, whoever wants it run.

The engine that follows the clock, a replay and a single scan for Python are one machine code: what is
replayed is what was live, and the scan, by far the most that is compiled, is compiled once.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from control.kernels import clock, ring
from control.kernels.atomic import Words, load_acquire
from control.kernels.jit import kernel, part
from control.kernels.ring import TAIL, room
from control.pacing import (
    CLOSE_PAUSE_NS,
    CLOSE_TRIES,
    LEFT,
    STOP,
    STOP_AS_IS,
    SWITCH_WORDS,
    copy_once,
    record_once,
)
from control.rings import Rows
from control.scan import close_once, scan_once
from control.signal import STATISTICS
from control.state import State

_SPARE: Final = 4
"""A ring with less than this share of it free is emptied before the next recorded scan."""


class Pace(NamedTuple):
    """What a course by the clock needs."""

    switch: Words
    """See `control.pacing`."""
    timespec: Words
    """Two words to work in."""
    live: Words
    """The block of state."""
    copy: Words
    """Where its copies go, as long."""
    period_ns: int


class Course(NamedTuple):
    """Scans whose clocks and rows are given. Without statistics: none are, the machine's clocks count."""

    statistics: Rows
    """STATISTICS rows, one a scan."""
    samples: Words
    """Rows of the inbox as words, (rows, words of a row)."""
    commands: Words
    """Rows of the command ring likewise."""
    inbox_slots: Words
    """Slots of the inbox likewise."""
    command_slots: Words
    first_sample: int
    """Number of the inbox' row in `samples[0]`."""
    first_command: int
    """Number of the command in `commands[0]`."""


_NO_ROWS: Final = np.zeros((0, 1), np.int64)


def by_the_clock() -> Course:
    """Return the course of an engine that follows the machine's clocks."""
    return Course(np.zeros(0, STATISTICS), _NO_ROWS, _NO_ROWS, _NO_ROWS, _NO_ROWS, 0, 0)


NO_PACE: Final = Pace(
    switch=np.zeros(SWITCH_WORDS, np.int64),
    timespec=np.zeros(2, np.int64),
    live=np.zeros(0, np.int64),
    copy=np.zeros(0, np.int64),
    period_ns=0,
)
"""For a course whose clocks are given."""


def scan(state: State, monotonic_ns: int, utc_ns: int) -> None:
    """Run one scan with these clocks and what waits in the rings."""
    row = np.zeros(1, STATISTICS)
    row["monotonic_ns"], row["utc_ns"] = monotonic_ns, utc_ns
    row["inbox_index"], row["command_index"] = (
        state.rings.inbox.counters[TAIL],
        state.rings.commands.counters[TAIL],
    )
    row["overruns"] = state.counters[0]["overruns"]
    first_sample, first_command = int(row["inbox_index"][0]), int(row["command_index"][0])
    course = Course(row, _NO_ROWS, _NO_ROWS, _NO_ROWS, _NO_ROWS, first_sample, first_command)
    run(state, NO_PACE, course, 0)


@kernel
def run(state: State, pace: Pace, course: Course, first: int) -> int:
    """Run a course.

    Args:
        state: the engine's.
        pace: of a course by the clock: scans until its switch says to stop, then pushes the safe outputs.
        course: or the scans given: from row `first` until the end or until a ring wants emptying.
        first: the scan to begin with.

    Returns:
        The row of the given scan to go on with.
    """
    if len(course.statistics) == 0:
        _follow_clock(state, pace)
        return 0
    return _follow_rows(state, course, first)


@part
def _follow_clock(state: State, pace: Pace) -> None:
    switch, timespec = pace.switch, pace.timespec
    deadline_ns = clock.read(clock.MONOTONIC, timespec)
    while load_acquire(switch, STOP) == 0:
        clock.sleep_until(deadline_ns, timespec)
        started_ns = clock.read(clock.MONOTONIC, timespec)
        utc_ns = clock.read(clock.REALTIME, timespec)
        scan_once(state, started_ns, utc_ns)
        ended_ns = clock.read(clock.MONOTONIC, timespec)
        deadline_ns = record_once(state, deadline_ns, started_ns, utc_ns, ended_ns, pace.period_ns)
        copy_once(state, switch, pace.live, pace.copy, utc_ns)
    if switch[STOP] == STOP_AS_IS:
        return
    for _ in range(CLOSE_TRIES):
        switch[LEFT] = close_once(state, clock.read(clock.REALTIME, timespec))
        if switch[LEFT] == 0:
            break
        clock.sleep_until(clock.read(clock.MONOTONIC, timespec) + CLOSE_PAUSE_NS, timespec)


@part
def _follow_rows(state: State, course: Course, first: int) -> int:
    rings = state.rings
    n = first
    while n < len(course.statistics) and (n == first or _has_room(state)):
        row = course.statistics[n]
        upto_sample, upto_command = row["inbox_index"], row["command_index"]
        _push(course.inbox_slots, rings.inbox.counters, course.samples, course.first_sample, upto_sample)
        _push(
            course.command_slots, rings.commands.counters, course.commands, course.first_command, upto_command
        )
        scan_once(state, row["monotonic_ns"], row["utc_ns"])
        state.counters[0]["overruns"] = row["overruns"]
        n += 1
    return n


@part
def _push(slots: Words, counters: Words, rows: Words, first: int, upto: int) -> None:
    """Push the rows that the ring does not have yet, up to number `upto`."""
    begin, end = counters[TAIL] - first, upto - first
    if end > begin:
        ring.push(slots, counters, rows[begin:end])


@part
def _has_room(state: State) -> bool:
    outputs, reports, transitions = state.rings.outputs, state.rings.reports, state.rings.transitions
    enough = room(outputs.counters, len(outputs.rows)) >= len(outputs.rows) // _SPARE
    enough = enough and room(reports.counters, len(reports.rows)) >= len(reports.rows) // _SPARE
    return enough and room(transitions.counters, len(transitions.rows)) >= len(transitions.rows) // _SPARE
