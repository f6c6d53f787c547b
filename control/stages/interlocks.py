"""Interlocks: while a condition holds (or cannot be judged) outputs are forced to safe values."""

from __future__ import annotations

import math

from control.kernels.jit import part
from control.layout import NOT_A_SLOT
from control.program import Memory
from control.rings import RingArrays, Row
from control.signal import BAD, KIND_INTERLOCK, REFUSED_INVALID, REFUSED_STATE, WAITING
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, announce
from control.state import Logic, Loops, Outputs


@part
def judge(
    logic: Logic,
    memory: Memory,
    counters: Counters,
    utc_ns: int,
) -> None:
    """Decide which interlocks act, from the results of their conditions.

    A condition that only waits for its first values forces like a bad one, but neither latches
    nor is announced: otherwise every start would trip every interlock. Once a value has failed to
    come for as long as its tag allows, the condition is bad like any other.
    """
    forcing = 0
    for k in range(len(logic.interlocks)):
        row = logic.interlocks[k]
        result = memory.value[row["condition"]]
        reasons = int(memory.quality[row["condition"]])
        bad = reasons >= BAD or math.isnan(result)
        demanded = row["on_bad"] != 0 if bad else result != 0.0
        waits = bad and reasons & WAITING != 0
        row["demanded"] = 1 if demanded else 0
        row["waits"] = 1 if demanded and waits else 0
        if demanded and not waits:
            counters[0]["pending"] += _change(row, 1, 0, utc_ns)
        elif not demanded and row["latched"] == 0:
            counters[0]["pending"] += _change(row, 0, 0, utc_ns)
        forcing += 1 if demanded or row["active"] != 0 else 0
    counters[0]["forcing"] = forcing


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
def force_outputs(logic: Logic, outputs: Outputs, loops: Loops, counters: Counters) -> None:
    """Mark the outputs that interlocks force. Of two that force one output the first wins."""
    forcing = counters[0]["forcing"] > 0 and counters[0]["armed"] != 0
    if not forcing and counters[0]["forced"] == 0:
        return
    for s in range(len(outputs.slots)):
        outputs.slots[s]["forced"] = 0
    for k in range(len(logic.interlocks)):
        row = logic.interlocks[k]
        if forcing and (row["demanded"] != 0 or row["active"] != 0):
            for f in range(row["first"], row["last"]):
                _force(outputs, logic.forces[f], row["waits"] == 0)
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
def _force(outputs: Outputs, force: Row, known: bool) -> None:
    """Force one output. It is written only when the condition is known, not while values are awaited."""
    if force["slot"] == NOT_A_SLOT:
        return
    slot = outputs.slots[force["slot"]]
    if slot["forced"] == 0:
        slot["forced"] = 1
        slot["force"] = force["value"]
        if known:
            slot["live"] = 1


@part
def announce_interlock(logic: Logic, transitions: RingArrays, k: int) -> bool:
    """Announce that an interlock began or ended; False when that must wait for room."""
    row = logic.interlocks[k]
    if row["changes"] == 0:
        return True
    announced = announce(
        transitions,
        KIND_INTERLOCK,
        k,
        row["announced"],
        row["active"],
        row["utc_ns"],
        row["ticket"],
        float(row["demanded"]),
        row["changes"],
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
