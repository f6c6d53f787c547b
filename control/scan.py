"""The scan, top to bottom: one pass of the engine.

It is a pure function of its state (with the rows that wait in the rings) and two clocks. Timers,
staleness and integrals move on the monotonic clock alone; stamps are UTC. Nothing here waits,
allocates, raises or needs the interpreter.
"""

from __future__ import annotations

from control.kernels.jit import kernel, part
from control.rings import RingArrays
from control.stages.alarms import evaluate
from control.stages.calculations import calculate
from control.stages.commands import drain_commands
from control.stages.freshness import look_after
from control.stages.inbox import drain_inbox
from control.stages.interlocks import announce_interlock, force_outputs, judge
from control.stages.loops import announce_mode, execute_loops
from control.stages.outputs import announce_armed, arm, beat, count_closing, disarm, write_outputs
from control.stages.reports import Counters
from control.state import Logic, Loops, State, Tags


@kernel
def scan(state: State, monotonic_ns: int, utc_ns: int) -> None:
    """Run one scan: the door for Python (tests, replay, portable pacing)."""
    scan_once(state, monotonic_ns, utc_ns)


@kernel
def close(state: State, utc_ns: int) -> int:
    """Disarm at the end: the door for Python."""
    return close_once(state, utc_ns)


@part
def scan_once(state: State, monotonic_ns: int, utc_ns: int) -> None:
    """Run one scan."""
    rings, image, tags, counters = state.rings, state.image, state.tags, state.counters
    loops, outputs, reports = state.loops, state.outputs, rings.reports
    now_ns = monotonic_ns
    _begin(tags, counters, now_ns, utc_ns)
    drain_commands(state, utc_ns)
    drain_inbox(rings.inbox, reports, image, tags, counters, now_ns, utc_ns)
    look_after(reports, image, tags, counters, now_ns, utc_ns)
    calculate(state.program, state.memory, image, tags, reports, counters, now_ns, utc_ns)
    judge(state.logic, state.memory, counters, utc_ns)
    force_outputs(state.logic, outputs, loops, counters)
    execute_loops(loops, state.groups, outputs, image, tags, reports, counters, now_ns, utc_ns)
    write_outputs(rings.outputs, outputs, loops, image, tags, reports, counters, now_ns, utc_ns)
    beat(rings.outputs, outputs, counters, now_ns)
    evaluate(state.alarms, image, rings.transitions, counters, now_ns, utc_ns)
    _announce_rest(loops, state.logic, rings.transitions, counters, utc_ns)
    counters[0]["scanned_ns"] = now_ns


@part
def _begin(tags: Tags, counters: Counters, now_ns: int, utc_ns: int) -> None:
    """Count the scan; the first one starts the clocks that run since the start.

    Occurrences go on from the microseconds since 1970: unique across restarts, and small enough
    for consumers that keep integers as doubles.
    """
    counters[0]["scan"] += 1
    if counters[0]["scanned_ns"] == 0:
        counters[0]["scanned_ns"] = now_ns
        counters[0]["occurrences"] = max(counters[0]["occurrences"], utc_ns // 1000)
        tags.alive_ns[:] = now_ns
        for tag in range(len(tags.reported)):
            tags.reported[tag]["arrived_ns"] = now_ns
        if counters[0]["arm_at_start"] != 0:
            arm(counters)


@part
def _announce_rest(
    loops: Loops, logic: Logic, transitions: RingArrays, counters: Counters, utc_ns: int
) -> None:
    """Announce what happened to loops, interlocks and the engine, now or when there is room."""
    announce_armed(counters, transitions, 0, utc_ns)
    if counters[0]["pending"] != 0:
        announced = True
        for k in range(len(logic.interlocks)):
            announced = announce_interlock(logic, transitions, k) and announced
        for i in range(len(loops.row)):
            announced = announce_mode(loops, transitions, i) and announced
        if announced:
            counters[0]["pending"] = 0
        else:
            counters[0]["transitions_deferred"] += 1


@part
def close_once(state: State, utc_ns: int) -> int:
    """Disarm at the end, push the safe outputs; return how many still wait for room."""
    if state.counters[0]["armed"] != 0:
        disarm(state.outputs, state.loops, state.counters)
    write_outputs(
        state.rings.outputs,
        state.outputs,
        state.loops,
        state.image,
        state.tags,
        state.rings.reports,
        state.counters,
        state.counters[0]["scanned_ns"],
        utc_ns,
    )
    announce_armed(state.counters, state.rings.transitions, 0, utc_ns)
    return count_closing(state.outputs)
