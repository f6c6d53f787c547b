"""Pacing: what stands around a scan that follows the clock: a grid of times, accounts, copies.

The two ways of following it are `control.course` and, where nothing can be compiled, `control.portable`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from control.kernels.atomic import Words, load_acquire, store_release
from control.kernels.jit import kernel, part
from control.kernels.ring import HEAD, TAIL, room
from control.state import State

STOP: Final = 0
"""Word of the switch: not 0 asks the engine to end after its present scan."""
LEFT: Final = 1
"""Word of the switch: safe outputs that found no room when the engine stopped."""
COPY: Final = 2
"""Word of the switch: 1 asks for a copy of the state between two scans, 2 says that it is there."""
MOMENT: Final = 3
"""First word of the copy's moment: see `Moment`."""
SWITCH_WORDS: Final = MOMENT + 8

STOP_SAFELY: Final = 1
"""Push the safe outputs at the end."""
STOP_AS_IS: Final = 2
"""Leave the outputs as they are: another engine goes on."""
COPY_ASKED: Final = 1
COPY_DONE: Final = 2


class Moment(NamedTuple):
    """When a copy of the state was made: after which scan, and how far its rings were."""

    monotonic_ns: int
    """Of the scan before the copy; 0 before the first."""
    utc_ns: int
    inbox: int
    """Rows of the inbox that had been taken."""
    commands: int
    outputs: int
    """Rows of the outputs that had been pushed."""
    reports: int
    transitions: int
    statistics: int


CLOSE_TRIES: Final = 100
CLOSE_PAUSE_NS: Final = 10_000_000


@kernel
def set_word(switch: Words, word: int, value: int) -> None:
    """Set a word of the switch, from another thread than the engine's."""
    store_release(switch, word, value)


@kernel
def read_word(switch: Words, word: int) -> int:
    """Return a word of the switch; what the engine wrote before it is visible afterwards."""
    return load_acquire(switch, word)


@kernel
def copy_between_scans(state: State, switch: Words, live: Words, copy: Words, utc_ns: int) -> None:
    """Copy the state if somebody asked: the door for Python."""
    copy_once(state, switch, live, copy, utc_ns)


@part
def copy_once(state: State, switch: Words, live: Words, copy: Words, utc_ns: int) -> None:
    """Copy the block of state if somebody asked, with the moment at which it was like this."""
    if load_acquire(switch, COPY) != COPY_ASKED:
        return
    for word in range(len(live)):
        copy[word] = live[word]
    rings = state.rings
    switch[MOMENT] = state.counters[0]["scanned_ns"]
    switch[MOMENT + 1] = utc_ns
    switch[MOMENT + 2] = rings.inbox.counters[HEAD]
    switch[MOMENT + 3] = rings.commands.counters[HEAD]
    switch[MOMENT + 4] = rings.outputs.counters[TAIL]
    switch[MOMENT + 5] = rings.reports.counters[TAIL]
    switch[MOMENT + 6] = rings.transitions.counters[TAIL]
    switch[MOMENT + 7] = rings.statistics.counters[TAIL]
    store_release(switch, COPY, COPY_DONE)


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
