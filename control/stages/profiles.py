"""Set-point profiles: move the targets of loops through ramps and holds.

A profile moves the loop's target and leaves the rest to the loop: its own ramp and limits hold as
for a commanded set-point. Time is what passed between two scans, but no gap of missed ones.
"""

from __future__ import annotations

import math

from control.kernels.filters import clamp
from control.kernels.jit import part
from control.kernels.ramp import approach
from control.logic_state import Logic
from control.profile_layout import (
    PROFILE_ABORTED,
    PROFILE_BY_COMMAND,
    PROFILE_BY_ITSELF,
    PROFILE_BY_MODE,
    PROFILE_BY_PHASE,
    PROFILE_BY_TIMEOUT,
    PROFILE_COMPLETE,
    PROFILE_HELD,
    PROFILE_RUNNING,
    TIMEOUT_ABORT,
    TIMEOUT_NEXT,
)
from control.profile_state import Profiles
from control.program import Memory
from control.rings import RingArrays, Row
from control.signal import (
    BAD,
    KIND_PROFILE,
    MODE_AUTO,
    PROFILE_ABORT,
    PROFILE_HOLD,
    PROFILE_RESUME,
    PROFILE_START,
    REFUSED_INVALID,
    REFUSED_MODE,
    REFUSED_PROFILE,
    REFUSED_STATE,
    REFUSED_TESTED,
)
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, put
from control.state import Loops


@part
def run_profiles(
    profiles: Profiles,
    loops: Loops,
    logic: Logic,
    memory: Memory,
    transitions: RingArrays,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Let every profile that runs do what has become due, and phases run theirs."""
    for p in range(len(profiles.profiles)):
        profile = profiles.profiles[p]
        if profile["last_phase"] > profile["first_phase"]:
            _follow_phase(profiles, loops, logic, profile, utc_ns)
        if profile["state"] == PROFILE_RUNNING:
            passed_ns = min(now_ns - counters[0]["scanned_ns"], profile["longest_ns"])
            _advance(profiles, loops, memory, profile, passed_ns, utc_ns)
        announce_profile(profiles, loops, transitions, p)


@part
def _follow_phase(profiles: Profiles, loops: Loops, logic: Logic, profile: Row, utc_ns: int) -> None:
    """Start a profile when one of its phases begins, and abort it when they have ended."""
    phase = logic.units[profile["unit"]]["phase"]
    in_phase = 0
    for n in range(profile["first_phase"], profile["last_phase"]):
        if profiles.phases[n]["code"] == phase:
            in_phase = 1
    if in_phase == profile["in_phase"]:
        return
    active = profile["state"] in (PROFILE_RUNNING, PROFILE_HELD)
    if in_phase == 0:
        profile["in_phase"] = 0
        if active:
            _change(loops, profile, PROFILE_ABORTED, PROFILE_BY_PHASE, 0, utc_ns)
    elif active:
        profile["in_phase"] = 1
    elif _is_free(loops, int(profile["loop"])):
        profile["in_phase"] = 1
        _start(loops, profile, PROFILE_BY_PHASE, 0, utc_ns)


@part
def _is_free(loops: Loops, i: int) -> bool:
    """Say whether a phase may begin to move a loop: in auto, and by no other profile and no relay test."""
    row = loops.row[i]
    return bool(loops.mode[i] == MODE_AUTO and row["profiled"] == 0 and row["tested"] == 0)


@part
def _start(loops: Loops, profile: Row, cause: int, ticket: int, utc_ns: int) -> None:
    _begin_segment(loops, profile, 0)
    _change(loops, profile, PROFILE_RUNNING, cause, ticket, utc_ns)


@part
def _begin_segment(loops: Loops, profile: Row, segment: int) -> None:
    profile["segment"] = segment
    profile["began_at"] = loops.target[profile["loop"]]
    profile["counted_ns"] = 0
    profile["waited_ns"] = 0


@part
def _advance(
    profiles: Profiles, loops: Loops, memory: Memory, profile: Row, passed_ns: int, utc_ns: int
) -> None:
    """Let the present segment go on by the time that passed; the next one begins with the next scan."""
    i = int(profile["loop"])
    segment = profiles.segments[profile["first"] + profile["segment"]]
    row = loops.row[i]
    if loops.mode[i] != MODE_AUTO:
        _change(loops, profile, PROFILE_HELD, PROFILE_BY_MODE, 0, utc_ns)
        return
    profile["waited_ns"] += passed_ns
    target, y = loops.target[i], loops.y[i]
    goal = clamp(segment["goal"], row["sp_low"], row["sp_high"]) if segment["ramps"] != 0 else target
    leaves = segment["ramps"] == 0 or (goal - target) * (target - y) > 0.0
    waits = row["bad_since_ns"] != 0 or (leaves and abs(target - y) > segment["within"])
    if not waits:
        profile["counted_ns"] += passed_ns
        if segment["ramps"] != 0:
            loops.target[i] = _on_ramp(segment, profile, target, goal, passed_ns)
    arrived = loops.target[i] == goal and not waits
    if arrived and profile["counted_ns"] >= segment["hold_ns"] and _holds(memory, segment["condition"]):
        _go_on(profiles, loops, profile, PROFILE_BY_ITSELF, utc_ns)
    elif profile["waited_ns"] >= segment["timeout_ns"]:
        if segment["on_timeout"] == TIMEOUT_NEXT:
            _go_on(profiles, loops, profile, PROFILE_BY_TIMEOUT, utc_ns)
        elif segment["on_timeout"] == TIMEOUT_ABORT:
            _change(loops, profile, PROFILE_ABORTED, PROFILE_BY_TIMEOUT, 0, utc_ns)
        else:
            _change(loops, profile, PROFILE_HELD, PROFILE_BY_TIMEOUT, 0, utc_ns)


@part
def _on_ramp(segment: Row, profile: Row, target: float, goal: float, passed_ns: int) -> float:
    """Return where the ramp is now."""
    if segment["over_ns"] > 0:
        share = min(1.0, profile["counted_ns"] / segment["over_ns"])
        began: float = profile["began_at"]
        return goal if share == 1.0 else began + share * (goal - began)
    step: float = segment["rate"] * (passed_ns * 1e-9)
    return approach(target, goal, step, step)


@part
def _holds(memory: Memory, condition: int) -> bool:
    """Say whether a condition is true, and known to be; there may be none."""
    if condition < 0:
        return True
    result = memory.value[condition]
    return bool(memory.quality[condition] < BAD and not math.isnan(result) and result != 0.0)


@part
def _go_on(profiles: Profiles, loops: Loops, profile: Row, cause: int, utc_ns: int) -> None:
    """Begin the next segment, or end."""
    if profile["first"] + profile["segment"] + 1 < profile["last"]:
        _begin_segment(loops, profile, profile["segment"] + 1)
        _change(loops, profile, PROFILE_RUNNING, cause, 0, utc_ns)
    else:
        _change(loops, profile, PROFILE_COMPLETE, cause, 0, utc_ns)


@part
def _change(loops: Loops, profile: Row, state: int, cause: int, ticket: int, utc_ns: int) -> None:
    profile["state"] = state
    profile["cause"] = cause
    profile["ticket"] = ticket
    profile["utc_ns"] = utc_ns
    profile["changes"] += 1
    active = state in (PROFILE_RUNNING, PROFILE_HELD)
    loops.row[profile["loop"]]["profiled"] = 1 if active else 0


@part
def announce_profile(profiles: Profiles, loops: Loops, transitions: RingArrays, p: int) -> bool:
    """Announce a profile's change of state or segment; False when that must wait for room."""
    profile = profiles.profiles[p]
    if profile["changes"] == 0:
        return True
    before, after, count = profile["announced_state"], profile["state"], profile["changes"]
    target = loops.target[profile["loop"]]
    announced = put(
        transitions, KIND_PROFILE, p, before, after, profile["utc_ns"], profile["ticket"], target, math.nan,
        count, 0, profile["segment"], profile["cause"],
    )  # fmt: skip
    if announced:
        profile["announced_state"] = after
        profile["changes"] = 0
        profile["ticket"] = 0
    return announced


@part
def command_profile(
    profiles: Profiles, loops: Loops, transitions: RingArrays, command: Row, utc_ns: int
) -> int:
    """Start, hold, resume or abort a profile, and answer; or return why not."""
    p, action = int(command["index"]), command["value"]
    if not 0 <= p < len(profiles.profiles):
        return REFUSED_INVALID
    profile = profiles.profiles[p]
    cause = _why_not(loops, profile, action)
    if cause != ANSWERED:
        return cause
    announce_profile(profiles, loops, transitions, p)
    ticket = command["ticket"]
    if action == PROFILE_START:
        _start(loops, profile, PROFILE_BY_COMMAND, ticket, utc_ns)
    elif action == PROFILE_HOLD:
        _change(loops, profile, PROFILE_HELD, PROFILE_BY_COMMAND, ticket, utc_ns)
    elif action == PROFILE_RESUME:
        profile["waited_ns"] = 0
        _change(loops, profile, PROFILE_RUNNING, PROFILE_BY_COMMAND, ticket, utc_ns)
    else:
        _change(loops, profile, PROFILE_ABORTED, PROFILE_BY_COMMAND, ticket, utc_ns)
    announce_profile(profiles, loops, transitions, p)
    return ANSWERED


@part
def _why_not(loops: Loops, profile: Row, action: float) -> int:
    """Return ANSWERED for what can be done with a profile now, or the cause of refusal."""
    state, i = profile["state"], int(profile["loop"])
    active = state in (PROFILE_RUNNING, PROFILE_HELD)
    begins = action in (PROFILE_START, PROFILE_RESUME)
    fits = (
        (action == PROFILE_START and not active)
        or (action == PROFILE_HOLD and state == PROFILE_RUNNING)
        or (action == PROFILE_RESUME and state == PROFILE_HELD)
        or (action == PROFILE_ABORT and active)
    )
    if action not in (PROFILE_START, PROFILE_HOLD, PROFILE_RESUME, PROFILE_ABORT):
        return REFUSED_INVALID
    if not fits:
        return REFUSED_STATE
    if begins and loops.mode[i] != MODE_AUTO:
        return REFUSED_MODE
    if begins and loops.row[i]["tested"] != 0:
        return REFUSED_TESTED
    if action == PROFILE_START and loops.row[i]["profiled"] != 0:
        return REFUSED_PROFILE
    return ANSWERED
