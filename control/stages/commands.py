"""Commands: what people and batch systems ask for. Each is answered by exactly one transition.

The gateway has authorised and recorded them; here is checked again what can change in between.
"""

from __future__ import annotations

import math

from control.actuation_layout import COMMANDED_OFF, COMMANDED_ON
from control.actuation_signal import ARM_DEVICE, FORCE, KIND_DEVICE_ARMED, RELEASE, RETRACT, SIMULATE
from control.kernels.atomic import store_release
from control.kernels.jit import part
from control.kernels.ring import HEAD, waiting
from control.logic_signal import BYPASS, ENTER_PHASE, REFUSED_PERMISSIVE
from control.rings import RingArrays, Row
from control.signal import (
    ARM,
    REFUSED_INVALID,
    RESET,
    RUN_PROFILE,
    SET_MODE,
    SET_OUTPUT,
    SET_POINT,
    SET_TUNING,
    START_RELAY,
    STOP_RELAY,
    WRITE_TAG,
)
from control.stages import logic_commands, loop_commands
from control.stages.alarm_commands import carry_out_on_alarms, is_on_alarms
from control.stages.arming import announce_armed, arm, command_device, disarm
from control.stages.output_commands import retract, write_tag
from control.stages.override_commands import override_by_command
from control.stages.permissives import NOTHING_MISSING, missing
from control.stages.profiles import command_profile
from control.stages.relay import relay_by_command
from control.stages.reports import Counters
from control.stages.together import tune_together
from control.stages.transitions import ANSWER_ROOM, ANSWERED, announce, done, has_room, refuse
from control.state import Loops, Outputs, State


@part
def drain_commands(state: State, now_ns: int, utc_ns: int) -> None:
    """Carry out every command that waits, as long as its answer finds room."""
    commands, transitions, counters = state.rings.commands, state.rings.transitions, state.counters
    left = waiting(commands.counters)
    while left > 0:
        head = commands.counters[HEAD]
        command = commands.rows[head & (len(commands.rows) - 1)]
        rows = 1 + min(max(int(command["following"]), 0), left - 1)
        if not has_room(transitions, ANSWER_ROOM + rows - 1):
            counters[0]["commands_deferred"] += 1
            return
        unfulfilled = missing(state.logic, state.memory, command)
        if not math.isfinite(command["value"]):
            cause = REFUSED_INVALID
        elif unfulfilled != NOTHING_MISSING:
            cause = REFUSED_PERMISSIVE
        elif rows > 1:
            cause = tune_together(state, head, rows, utc_ns)
        else:
            cause = _carry_out(state, command, now_ns, utc_ns)
        if cause != ANSWERED:
            index, value = command["index"], command["value"]
            refuse(transitions, command["ticket"], index, value, cause, unfulfilled, utc_ns)
        store_release(commands.counters, HEAD, head + rows)
        left -= rows


@part
def _carry_out(state: State, command: Row, now_ns: int, utc_ns: int) -> int:
    """Do what a command says and answer it; or return why not."""
    transitions, counters = state.rings.transitions, state.counters
    loops, kind = state.loops, command["kind"]
    if kind in (SET_POINT, SET_MODE, SET_OUTPUT, SET_TUNING):
        if not 0 <= command["index"] < len(state.maps.loop_row):
            return REFUSED_INVALID
        i = int(state.maps.loop_row[command["index"]])
        return loop_commands.carry_out(state, command, i, utc_ns)
    if kind in (BYPASS, ENTER_PHASE) or (kind == RESET and command["parameter"] != 0):
        return logic_commands.carry_out(state.logic, transitions, command, now_ns, utc_ns)
    if is_on_alarms(kind):
        return carry_out_on_alarms(state.alarms, state.image, transitions, counters, command, now_ns, utc_ns)
    if kind in (START_RELAY, STOP_RELAY):
        return relay_by_command(state.relays, loops, transitions, counters, command, utc_ns)
    if kind == RUN_PROFILE:
        return command_profile(state.profiles, loops, transitions, command, utc_ns)
    return _act_on_outputs(state, command, now_ns, utc_ns)


@part
def _act_on_outputs(state: State, command: Row, now_ns: int, utc_ns: int) -> int:
    """Do what a command says of what is written, or put in the place of what is read."""
    transitions, counters = state.rings.transitions, state.counters
    loops, outputs, kind = state.loops, state.outputs, command["kind"]
    if kind == ARM:
        return _arm(loops, outputs, transitions, counters, command, utc_ns)
    if kind == ARM_DEVICE:
        return _arm_device(loops, outputs, transitions, command, utc_ns)
    if kind in (FORCE, SIMULATE, RELEASE):
        return override_by_command(state, command, now_ns, utc_ns)
    if kind == WRITE_TAG:
        return write_tag(outputs, transitions, counters, command, utc_ns)
    if kind == RETRACT:
        image, tags, reports = state.image, state.tags, state.rings.reports
        return retract(outputs, image, tags, reports, transitions, counters, command, now_ns, utc_ns)
    return REFUSED_INVALID


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
def _arm_device(loops: Loops, outputs: Outputs, transitions: RingArrays, command: Row, utc_ns: int) -> int:
    device = int(command["index"])
    if not 0 <= device < len(outputs.devices):
        return REFUSED_INVALID
    row, wanted = outputs.devices[device], COMMANDED_ON if command["value"] != 0.0 else COMMANDED_OFF
    before = 1 if row["commanded"] > 0 or (row["commanded"] == 0 and row["configured"] != 0) else 0
    after = 1 if wanted == COMMANDED_ON else 0
    command_device(outputs, loops, device, wanted)
    ticket, value = command["ticket"], command["value"]
    if before == after:
        done(transitions, ticket, device, value, utc_ns)
    else:
        announce(transitions, KIND_DEVICE_ARMED, device, before, after, utc_ns, ticket, value, 1)
    return ANSWERED
