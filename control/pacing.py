"""Pacing: calls the scan on an absolute grid of times, and keeps account of how that went.

Two ways with one accounting. `run` is compiled: it sleeps, reads the clocks and scans without ever
touching the interpreter. `run_portable` does the same in Python where the C library has no
`clock_nanosleep`, or nothing is compiled; then the scan is as late as the interpreter is busy.
"""

from __future__ import annotations

import time
from typing import Final

from control.kernels import clock
from control.kernels.atomic import Words, load_acquire, store_release
from control.kernels.jit import kernel, part
from control.kernels.ring import HEAD, TAIL, room
from control.scan import close, close_once, scan, scan_once
from control.state import State

STOP: Final = 0
"""Word of the switch: not 0 asks the engine to stop."""
LEFT: Final = 1
"""Word of the switch: safe outputs that found no room when the engine stopped."""
SWITCH_WORDS: Final = 2

CLOSE_TRIES: Final = 100
CLOSE_PAUSE_NS: Final = 10_000_000


@kernel
def ask_to_stop(switch: Words) -> None:
    """Ask the engine to stop after its present scan."""
    store_release(switch, STOP, 1)


@kernel
def record(
    state: State, deadline_ns: int, started_ns: int, utc_ns: int, ended_ns: int, period_ns: int
) -> int:
    """Write the statistics of a scan: the door for Python."""
    return record_once(state, deadline_ns, started_ns, utc_ns, ended_ns, period_ns)


@part
def record_once(
    state: State, deadline_ns: int, started_ns: int, utc_ns: int, ended_ns: int, period_ns: int
) -> int:
    """Write the statistics of a scan; return the deadline of the next.

    Periods that have passed meanwhile are skipped and counted, so that a late engine neither
    hurries after them nor leaves its grid.
    """
    lateness_ns = started_ns - deadline_ns
    deadline_ns += period_ns
    if ended_ns > deadline_ns:
        missed = (ended_ns - deadline_ns) // period_ns
        state.counters[0]["overruns"] += missed
        deadline_ns += missed * period_ns
    _push_statistics(state, lateness_ns, started_ns, utc_ns, ended_ns)
    return deadline_ns


@part
def _push_statistics(state: State, lateness_ns: int, started_ns: int, utc_ns: int, ended_ns: int) -> None:
    ring, counters = state.rings.statistics, state.counters
    if room(ring.counters, len(ring.rows)) < 1:
        counters[0]["statistics_refused"] += 1
        return
    tail = ring.counters[TAIL]
    row = ring.rows[tail & (len(ring.rows) - 1)]
    row["scan"] = counters[0]["scan"]
    row["monotonic_ns"] = started_ns
    row["utc_ns"] = utc_ns
    row["lateness_ns"] = lateness_ns
    row["duration_ns"] = ended_ns - started_ns
    row["inbox_index"] = state.rings.inbox.counters[HEAD]
    row["command_index"] = state.rings.commands.counters[HEAD]
    row["overruns"] = counters[0]["overruns"]
    row["reports_refused"] = counters[0]["reports_refused"]
    store_release(ring.counters, TAIL, tail + 1)


@kernel
def run(state: State, switch: Words, timespec: Words, period_ns: int) -> None:
    """Scan until asked to stop, then push the safe outputs. Runs without the interpreter."""
    deadline_ns = clock.read(clock.MONOTONIC, timespec)
    while load_acquire(switch, STOP) == 0:
        clock.sleep_until(deadline_ns, timespec)
        started_ns = clock.read(clock.MONOTONIC, timespec)
        utc_ns = clock.read(clock.REALTIME, timespec)
        scan_once(state, started_ns, utc_ns)
        ended_ns = clock.read(clock.MONOTONIC, timespec)
        deadline_ns = record_once(state, deadline_ns, started_ns, utc_ns, ended_ns, period_ns)
    for _ in range(CLOSE_TRIES):
        switch[LEFT] = close_once(state, clock.read(clock.REALTIME, timespec))
        if switch[LEFT] == 0:
            break
        clock.sleep_until(clock.read(clock.MONOTONIC, timespec) + CLOSE_PAUSE_NS, timespec)


def run_portable(state: State, switch: Words, period_ns: int) -> None:
    """Scan until asked to stop, then push the safe outputs. Paced by the interpreter."""
    deadline_ns = time.monotonic_ns()
    while switch[STOP] == 0:
        time.sleep(max(0, deadline_ns - time.monotonic_ns()) * 1e-9)
        started_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        scan(state, started_ns, utc_ns)
        deadline_ns = record(state, deadline_ns, started_ns, utc_ns, time.monotonic_ns(), period_ns)
    for _ in range(CLOSE_TRIES):
        switch[LEFT] = close(state, time.time_ns())
        if switch[LEFT] == 0:
            break
        time.sleep(CLOSE_PAUSE_NS * 1e-9)
