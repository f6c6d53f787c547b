"""Commands: what people and batch systems ask for. Each is answered by exactly one transition.

The gateway has authorised and recorded them; here is checked again what can change in between.
"""

from __future__ import annotations

import math

from control.kernels.atomic import store_release
from control.kernels.jit import part
from control.kernels.ring import HEAD, waiting
from control.layout import NOT_A_SLOT
from control.rings import RingArrays, Row
from control.signal import (
    ACKNOWLEDGE,
    ARM,
    OUTPUT_COMMAND,
    REFUSED_DISARMED,
    REFUSED_INTERLOCK,
    REFUSED_INVALID,
    REFUSED_OWNED,
    REFUSED_RANGE,
    RESET,
    SET_MODE,
    SET_OUTPUT,
    SET_POINT,
    SET_TUNING,
    WRITE_TAG,
)
from control.stages import loop_commands
from control.stages.alarms import step_by_command
from control.stages.interlocks import reset_by_command
from control.stages.outputs import announce_armed, arm, disarm
from control.stages.reports import Counters
from control.stages.transitions import ANSWER_ROOM, ANSWERED, done, has_room, refuse
from control.state import Loops, Outputs, State


@part
def drain_commands(state: State, utc_ns: int) -> None:
    """Carry out every command that waits, as long as its answer finds room."""
    commands, transitions, counters = state.rings.commands, state.rings.transitions, state.counters
    loops, outputs = state.loops, state.outputs
    for _ in range(waiting(commands.counters)):
        if not has_room(transitions, ANSWER_ROOM):
            counters[0]["commands_deferred"] += 1
            return
        head = commands.counters[HEAD]
        command = commands.rows[head & (len(commands.rows) - 1)]
        kind = command["kind"]
        cause = REFUSED_INVALID
        if not math.isfinite(command["value"]):
            cause = REFUSED_INVALID
        elif kind in (SET_POINT, SET_MODE, SET_OUTPUT, SET_TUNING):
            if 0 <= command["index"] < len(state.maps.loop_row):
                i = int(state.maps.loop_row[command["index"]])
                cause = loop_commands.carry_out(loops, outputs, transitions, counters, command, i, utc_ns)
        elif kind == ACKNOWLEDGE or (kind == RESET and command["parameter"] == 0):
            cause = step_by_command(state.alarms, state.image, transitions, counters, command, utc_ns)
        elif kind == RESET:
            cause = reset_by_command(state.logic, transitions, command, utc_ns)
        elif kind == ARM:
            cause = _arm(loops, outputs, transitions, counters, command, utc_ns)
        elif kind == WRITE_TAG:
            cause = _write_tag(outputs, transitions, counters, command, utc_ns)
        if cause != ANSWERED:
            refuse(transitions, command["ticket"], command["index"], command["value"], cause, utc_ns)
        store_release(commands.counters, HEAD, head + 1)


@part
def _arm(
    loops: Loops,
    outputs: Outputs,
    transitions: RingArrays,
    counters: Counters,
    command: Row,
    utc_ns: int,
) -> int:
    wanted = 1 if command["value"] != 0.0 else 0
    if wanted == counters[0]["armed"]:
        done(transitions, command["ticket"], command["index"], command["value"], utc_ns)
        return ANSWERED
    if wanted != 0:
        arm(counters)
    else:
        disarm(outputs, loops, counters)
    announce_armed(counters, transitions, command["ticket"], utc_ns)
    return ANSWERED


@part
def _write_tag(
    outputs: Outputs, transitions: RingArrays, counters: Counters, command: Row, utc_ns: int
) -> int:
    tag, value = command["index"], command["value"]
    if not 0 <= tag < len(outputs.slot_of_tag):
        return REFUSED_INVALID
    s = outputs.slot_of_tag[tag]
    if s == NOT_A_SLOT:
        return REFUSED_INVALID
    slot = outputs.slots[s]
    if slot["loop"] >= 0:
        return REFUSED_OWNED
    if not slot["low"] <= value <= slot["high"]:
        return REFUSED_RANGE
    if counters[0]["armed"] == 0:
        return REFUSED_DISARMED
    if slot["forced"] != 0:
        return REFUSED_INTERLOCK
    slot["value"] = value
    slot["reason"] = OUTPUT_COMMAND
    slot["sent"] = math.nan
    slot["live"] = 1
    done(transitions, command["ticket"], tag, value, utc_ns)
    return ANSWERED
