"""Interlocks: while a condition holds (or cannot be judged) outputs are forced to safe values."""

from __future__ import annotations

import math

from control.kernels.jit import inlined, part
from control.layout import FORCED_BY_INTERLOCK, NOT_A_SLOT
from control.logic_layout import FIRST_OUT_UNKNOWN
from control.logic_state import Logic
from control.program import Memory
from control.rings import RingArrays, Row
from control.signal import BAD, KIND_INTERLOCK, REFUSED_INVALID, REFUSED_STATE, WAITING
from control.stages import first_out
from control.stages.arming import is_armed
from control.stages.bypasses import expire, is_bypassed
from control.stages.overrides import force_slots
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, put
from control.state import Loops, Outputs, Overrides


@part
def judge(
    logic: Logic,
    memory: Memory,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Decide which interlocks act, from the results of their conditions.

    A condition that only waits for its first values forces like a bad one, but neither latches
    nor is announced: otherwise every start would trip every interlock. Once a value has failed to
    come for as long as its tag allows, the condition is bad like any other.

    A bypassed interlock is judged, latched and announced all the same: it only does not force.
    """
    forcing = 0
    for k in range(len(logic.interlocks)):
        row = logic.interlocks[k]
        expire(logic.bypasses[k], counters, now_ns, utc_ns)
        _demand(logic, memory, row)
        if row["demanded"] != 0 and row["waits"] == 0:
            if row["active"] == 0:
                _trip(logic, memory, counters, k, utc_ns)
            counters[0]["pending"] += _change(row, 1, 0, utc_ns)
        elif row["demanded"] == 0 and row["latched"] == 0:
            counters[0]["pending"] += _change(row, 0, 0, utc_ns)
        forcing += 1 if _forces(logic, k) else 0
    counters[0]["forcing"] = forcing


@inlined
def _forces(logic: Logic, k: int) -> bool:
    """Say whether interlock `k` forces its outputs."""
    row = logic.interlocks[k]
    acts: bool = row["demanded"] != 0 or row["active"] != 0
    return acts and not is_bypassed(logic, k)


@inlined
def _is_demanded(memory: Memory, entry: int, on_bad: bool) -> bool:
    """Say whether a condition demands the interlock: it is true, or bad where that counts as true."""
    result = memory.value[entry]
    bad = memory.quality[entry] >= BAD or math.isnan(result)
    demanded: bool = on_bad if bad else result != 0.0
    return demanded


@inlined
def _waits(memory: Memory, entry: int) -> bool:
    """Say whether a condition is bad because first values are awaited."""
    quality = int(memory.quality[entry])
    return quality >= BAD and quality & WAITING != 0


@part
def _demand(logic: Logic, memory: Memory, row: Row) -> None:
    """Note whether any condition of an interlock demands it, and whether all that do only wait."""
    demanded, known = False, False
    for c in range(row["first_condition"], row["last_condition"]):
        entry = logic.conditions[c]["entry"]
        if _is_demanded(memory, entry, row["on_bad"] != 0):
            demanded = True
            known = known or not _waits(memory, entry)
    row["demanded"] = 1 if demanded else 0
    row["waits"] = 1 if demanded and not known else 0


@part
def _trip(logic: Logic, memory: Memory, counters: Counters, k: int, utc_ns: int) -> None:
    """Note which conditions make interlock `k` act, and which of them came first."""
    row = logic.interlocks[k]
    tripped, count = 0, 0
    for c in range(row["last_condition"] - row["first_condition"]):
        entry = logic.conditions[row["first_condition"] + c]["entry"]
        if _is_demanded(memory, entry, row["on_bad"] != 0) and not _waits(memory, entry):
            tripped |= 1 << c
            row["first_out"] = c
            count += 1
    row["tripped"] = tripped
    if count > 1:
        row["first_out"] = FIRST_OUT_UNKNOWN
    row["order"] = 0
    if row["group"] >= 0 and not is_bypassed(logic, k):
        group = logic.groups[row["group"]]
        row["order"] = first_out.enter(group, row["member"], counters[0]["scan"], utc_ns)
        counters[0]["pending"] += group["changes"]


@part
def _change(row: Row, active: int, ticket: int, utc_ns: int) -> int:
    """Begin or end an interlock; return 1 when that changes anything."""
    if row["active"] == active:
        return 0
    row["active"] = active
    row["changes"] += 1
    row["utc_ns"] = utc_ns
    row["ticket"] = ticket
    return 1


@part
def force_outputs(
    logic: Logic, overrides: Overrides, outputs: Outputs, loops: Loops, counters: Counters
) -> None:
    """Mark the outputs that interlocks force, then those that people do.

    Of two interlocks that force one output the first wins.
    """
    overridden = counters[0]["overrides"] != 0
    forcing = (counters[0]["forcing"] > 0 or overridden) and counters[0]["armed"] != 0
    if not forcing and counters[0]["forced"] == 0:
        return
    for s in range(len(outputs.slots)):
        outputs.slots[s]["forced"] = 0
    for k in range(len(logic.interlocks)):
        row = logic.interlocks[k]
        if forcing and _forces(logic, k):
            for f in range(row["first"], row["last"]):
                _force(outputs, counters, logic.forces[f], row["waits"] == 0)
    if forcing and overridden:
        force_slots(overrides, outputs, counters)
    for s in range(len(outputs.slots)):
        slot = outputs.slots[s]
        if slot["loop"] >= 0:
            loop = loops.row[slot["loop"]]
            loop["forced"] = slot["forced"]
            loop["force"] = slot["force"]
            if slot["forced"] != 0:
                loops.special[slot["loop"]] = 1
    counters[0]["forced"] = 1 if forcing else 0


@part
def _force(outputs: Outputs, counters: Counters, force: Row, known: bool) -> None:
    """Force one output. It is written only when the condition is known, not while values are awaited."""
    if force["slot"] == NOT_A_SLOT or not is_armed(outputs, counters, force["slot"]):
        return
    slot = outputs.slots[force["slot"]]
    if slot["forced"] == 0:
        slot["forced"] = FORCED_BY_INTERLOCK
        slot["force"] = force["value"]
        if known:
            slot["live"] = 1


@part
def announce_interlock(logic: Logic, transitions: RingArrays, k: int) -> bool:
    """Announce that an interlock began or ended; False when that must wait for room."""
    row = logic.interlocks[k]
    if row["changes"] == 0:
        return True
    bypass = logic.bypasses[k]
    announced = put(
        transitions,
        KIND_INTERLOCK,
        k,
        row["announced"],
        row["active"],
        row["utc_ns"],
        row["ticket"],
        float(row["demanded"]),
        float(row["order"]),
        row["changes"],
        bypass["ends_ns"] if bypass["until_ns"] != 0 else 0,
        row["tripped"],
        row["first_out"],
    )
    if announced:
        row["announced"] = row["active"]
        row["changes"] = 0
    return announced


@part
def reset_by_command(logic: Logic, transitions: RingArrays, command: Row, utc_ns: int) -> int:
    """End a latched interlock whose condition has gone, and answer; or return why not."""
    k = int(command["index"])
    if not 0 <= k < len(logic.interlocks):
        return REFUSED_INVALID
    row = logic.interlocks[k]
    if row["active"] == 0 or row["demanded"] != 0:
        return REFUSED_STATE
    announce_interlock(logic, transitions, k)
    _change(row, 0, command["ticket"], utc_ns)
    announce_interlock(logic, transitions, k)
    return ANSWERED
