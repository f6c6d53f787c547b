"""Commands for loops: set-point, mode, output in manual, tuning. None of them bumps an output."""

from __future__ import annotations

from typing import Final

from control.image import Image
from control.kernels.filters import clamp
from control.kernels.jit import part
from control.kernels.parameters import FITS, parameter_of, set_parameter
from control.kernels.pid import move_set_point
from control.layout import NOT_A_LINK, NOT_A_SLOT
from control.rings import RingArrays, Row, Rows
from control.shaping_state import Shaping
from control.signal import (
    KIND_SET_POINT,
    KIND_TUNED,
    MODE_AUTO,
    MODE_CASCADE,
    MODE_MANUAL,
    MODE_OUT_OF_SERVICE,
    MODE_REMOTE,
    REFUSED_INVALID,
    REFUSED_MODE,
    REFUSED_NO_SOURCE,
    REFUSED_PROFILE,
    REFUSED_RANGE,
    REFUSED_TESTED,
    REFUSED_TRACKING,
    SET_MODE,
    SET_OUTPUT,
    SET_POINT,
    TUNE_RATIO,
    TUNE_RATIO_BIAS,
)
from control.stages.arming import why_not_written
from control.stages.decisions import go_live
from control.stages.modes import announce_mode, change_mode
from control.stages.remote_set_points import is_usable
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, done, put
from control.state import Loops, Outputs, State

_MODES: Final = (
    float(MODE_MANUAL),
    float(MODE_AUTO),
    float(MODE_CASCADE),
    float(MODE_REMOTE),
    float(MODE_OUT_OF_SERVICE),
)
"""Modes that can be commanded."""


@part
def carry_out(state: State, command: Row, i: int, utc_ns: int) -> int:
    """Do what a command says of loop `i` and answer it; or return why not."""
    loops, outputs, transitions, counters = (
        state.loops,
        state.outputs,
        state.rings.transitions,
        state.counters,
    )
    remotes, kind = state.structures.remotes, command["kind"]
    if kind == SET_POINT:
        return _set_point(loops, transitions, command, i, utc_ns)
    if kind == SET_MODE:
        return _set_mode(loops, remotes, state.image, transitions, command, i, utc_ns)
    if kind == SET_OUTPUT:
        return _set_output(loops, outputs, transitions, counters, command, i, utc_ns)
    if command["parameter"] in (TUNE_RATIO, TUNE_RATIO_BIAS):
        return _change_ratio(loops, remotes, transitions, command, i, utc_ns)
    return tune(loops, state.shaping, state.groups, transitions, command, i, utc_ns)


@part
def _set_point(loops: Loops, transitions: RingArrays, command: Row, i: int, utc_ns: int) -> int:
    row, value, before = loops.row[i], command["value"], loops.target[i]
    if loops.mode[i] in (MODE_CASCADE, MODE_REMOTE):
        return REFUSED_MODE
    if row["profiled"] != 0:
        return REFUSED_PROFILE
    if row["tested"] != 0:
        return REFUSED_TESTED
    if not row["sp_low"] <= value <= row["sp_high"]:
        return REFUSED_RANGE
    loops.target[i] = value
    if row["ramp_from_pv"] != 0:
        move_set_point(loops, i, clamp(loops.y[i], row["sp_low"], row["sp_high"]))
    index, ticket = command["index"], command["ticket"]
    put(transitions, KIND_SET_POINT, index, 0, 0, utc_ns, ticket, value, before, 1, 0, 0, 0)
    return ANSWERED


@part
def _set_mode(
    loops: Loops,
    remotes: Rows,
    image: Image,
    transitions: RingArrays,
    command: Row,
    i: int,
    utc_ns: int,
) -> int:
    wanted, row = command["value"], loops.row[i]
    if wanted not in _MODES:
        return REFUSED_INVALID
    loops.row[i]["tested"] = 0  # whoever commands a mode ends a relay test
    if wanted == loops.mode[i]:
        done(transitions, command["ticket"], command["index"], wanted, utc_ns)
        return ANSWERED
    if wanted not in (float(MODE_MANUAL), float(MODE_OUT_OF_SERVICE)) and row["bad_since_ns"] != 0:
        return REFUSED_MODE
    if wanted == MODE_CASCADE and row["fed"] == 0:
        return REFUSED_NO_SOURCE
    if wanted == MODE_REMOTE:
        if row["remote"] < 0 or not is_usable(remotes[row["remote"]], image):
            return REFUSED_NO_SOURCE
        remotes[row["remote"]]["joins"] = 1
    announce_mode(loops, transitions, i)
    change_mode(loops, i, int(wanted), command["ticket"], utc_ns)
    announce_mode(loops, transitions, i)
    return ANSWERED


@part
def _set_output(
    loops: Loops,
    outputs: Outputs,
    transitions: RingArrays,
    counters: Counters,
    command: Row,
    i: int,
    utc_ns: int,
) -> int:
    row, value = loops.row[i], command["value"]
    if loops.mode[i] != MODE_MANUAL:
        return REFUSED_MODE
    if not loops.out_low[i] <= value <= loops.out_high[i]:
        return REFUSED_RANGE
    if row["link"] != NOT_A_LINK:
        if row["blocked"] != 0:
            return REFUSED_TRACKING
        loops.goal[i] = value
        done(transitions, command["ticket"], command["index"], value, utc_ns)
        return ANSWERED
    if row["slot"] == NOT_A_SLOT:
        return REFUSED_INVALID
    cause = why_not_written(outputs, counters, row["slot"])
    if cause != ANSWERED:
        return cause
    loops.goal[i] = value
    go_live(loops, outputs, i)
    done(transitions, command["ticket"], command["index"], value, utc_ns)
    return ANSWERED


@part
def _change_ratio(
    loops: Loops, remotes: Rows, transitions: RingArrays, command: Row, i: int, utc_ns: int
) -> int:
    """Change ratio or bias of a remote set-point: the set-point moves, as fast as its rate allows."""
    remote, value = loops.row[i]["remote"], command["value"]
    if remote < 0:
        return REFUSED_INVALID
    if command["parameter"] == TUNE_RATIO:
        before = remotes[remote]["ratio"]
        remotes[remote]["ratio"] = value
    else:
        before = remotes[remote]["bias"]
        remotes[remote]["bias"] = value
    index, ticket, parameter = command["index"], command["ticket"], command["parameter"]
    put(transitions, KIND_TUNED, index, parameter, 0, utc_ns, ticket, value, before, 1, 0, 0, 0)
    return ANSWERED


@part
def tune(
    loops: Loops,
    shaping: Shaping,
    groups: Rows,
    transitions: RingArrays,
    command: Row,
    i: int,
    utc_ns: int,
) -> int:
    """Set one parameter, and answer; or return why not."""
    parameter, value = int(command["parameter"]), command["value"]
    before = parameter_of(loops, shaping, i, parameter)
    cause = set_parameter(loops, shaping, groups, i, parameter, value)
    if cause == FITS:
        index, ticket = command["index"], command["ticket"]
        put(transitions, KIND_TUNED, index, parameter, 0, utc_ns, ticket, value, before, 1, 0, 0, 0)
    return cause
