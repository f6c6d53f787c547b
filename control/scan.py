"""The scan, top to bottom: one pass of the engine.

It is a pure function of its state (with the rows that wait in the rings) and two clocks. Timers,
staleness and integrals move on the monotonic clock alone; stamps are UTC. Nothing here waits,
allocates, raises or needs the interpreter.
"""

from __future__ import annotations

from control.kernels.jit import kernel, part
from control.logic_state import Logic
from control.rings import RingArrays, Rows
from control.stages.alarm_inputs import derive, suppress
from control.stages.alarms import evaluate
from control.stages.arming import announce_armed, arm, disarm
from control.stages.asked import answer_asked
from control.stages.bypasses import announce_bypass
from control.stages.calculations import calculate
from control.stages.commands import drain_commands
from control.stages.first_out import announce_first_out
from control.stages.freshness import look_after
from control.stages.inbox import drain_inbox
from control.stages.interlocks import announce_interlock, force_outputs, judge
from control.stages.loops import execute_loops
from control.stages.modes import announce_mode
from control.stages.outputs import beat, count_closing, write_outputs
from control.stages.overrides import run_overrides
from control.stages.profiles import run_profiles
from control.stages.relay import announce_relay, run_relays
from control.stages.reports import Counters
from control.state import Loops, State, Tags


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
    drain_commands(state, now_ns, utc_ns)
    drain_inbox(rings.inbox, reports, image, tags, state.overrides, outputs, loops, counters, now_ns, utc_ns)
    run_overrides(state, now_ns, utc_ns)
    look_after(reports, image, tags, state.overrides, counters, now_ns, utc_ns)
    answer_asked(state.logic, state.alarms, state.memory)
    calculate(state.program, state.memory, image, tags, reports, counters, now_ns, utc_ns)
    judge(state.logic, state.memory, counters, now_ns, utc_ns)
    force_outputs(state.logic, state.overrides, outputs, loops, counters)
    run_profiles(
        state.profiles, loops, state.logic, state.memory, rings.transitions, counters, now_ns, utc_ns
    )
    structures = state.structures
    run_relays(state.relays, loops, state.groups, image, counters, now_ns, utc_ns)
    execute_loops(
        loops,
        state.shaping,
        state.performance,
        state.groups,
        structures,
        outputs,
        image,
        tags,
        reports,
        counters,
        now_ns,
        utc_ns,
    )
    write_outputs(
        rings.outputs, outputs, loops, structures.links, image, tags, reports, counters, now_ns, utc_ns
    )
    beat(rings.outputs, outputs, counters, now_ns)
    derive(state.alarms, image, state.memory, utc_ns)
    suppress(state.alarms, image, state.logic, state.memory, rings.transitions, counters, now_ns, utc_ns)
    evaluate(state.alarms, image, rings.transitions, counters, now_ns, utc_ns)
    _announce_rest(loops, state.relays, state.logic, rings.transitions, counters, utc_ns)
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
    loops: Loops, relays: Rows, logic: Logic, transitions: RingArrays, counters: Counters, utc_ns: int
) -> None:
    """Announce what happened to loops, interlocks and the engine, now or when there is room."""
    announce_armed(counters, transitions, 0, utc_ns)
    if counters[0]["pending"] != 0:
        announced = True
        for k in range(len(logic.interlocks)):
            announced = announce_interlock(logic, transitions, k) and announced
            announced = announce_bypass(logic, transitions, k) and announced
        for g in range(len(logic.groups)):
            announced = announce_first_out(logic, transitions, g) and announced
        for i in range(len(loops.row)):
            announced = announce_mode(loops, transitions, i) and announced
        for k in range(len(relays)):
            announced = announce_relay(relays, transitions, k) and announced
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
        state.structures.links,
        state.image,
        state.tags,
        state.rings.reports,
        state.counters,
        state.counters[0]["scanned_ns"],
        utc_ns,
    )
    announce_armed(state.counters, state.rings.transitions, 0, utc_ns)
    return count_closing(state.outputs)
