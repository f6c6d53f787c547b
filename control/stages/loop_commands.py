"""Commands for loops: set-point, mode, output in manual, tuning. None of them bumps an output."""

from __future__ import annotations

from control.kernels import pid
from control.kernels.jit import part
from control.layout import NOT_A_SLOT
from control.rings import RingArrays, Row
from control.signal import (
    KIND_SET_POINT,
    MODE_AUTO,
    MODE_MANUAL,
    REFUSED_DISARMED,
    REFUSED_INTERLOCK,
    REFUSED_INVALID,
    REFUSED_MODE,
    REFUSED_RANGE,
    SET_MODE,
    SET_OUTPUT,
    SET_POINT,
    TUNE_B,
    TUNE_BIAS,
    TUNE_C,
    TUNE_KP,
    TUNE_N,
    TUNE_TD,
    TUNE_TI,
    TUNE_TT,
)
from control.stages.loops import announce_mode, change_mode, go_live
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, done, put
from control.state import Loops, Outputs


@part
def carry_out(
    loops: Loops,
    outputs: Outputs,
    transitions: RingArrays,
    counters: Counters,
    command: Row,
    i: int,
    utc_ns: int,
) -> int:
    """Do what a command says of loop `i` and answer it; or return why not."""
    kind = command["kind"]
    if kind == SET_POINT:
        return _set_point(loops, transitions, command, i, utc_ns)
    if kind == SET_MODE:
        return _set_mode(loops, transitions, command, i, utc_ns)
    if kind == SET_OUTPUT:
        return _set_output(loops, outputs, transitions, counters, command, i, utc_ns)
    cause = change_parameter(loops, i, command["parameter"], command["value"])
    if cause == ANSWERED:
        done(transitions, command["ticket"], command["index"], command["value"], utc_ns)
    return cause


@part
def _set_point(loops: Loops, transitions: RingArrays, command: Row, i: int, utc_ns: int) -> int:
    row, value, before = loops.row[i], command["value"], loops.target[i]
    if not row["sp_low"] <= value <= row["sp_high"]:
        return REFUSED_RANGE
    loops.target[i] = value
    index, ticket = command["index"], command["ticket"]
    put(transitions, KIND_SET_POINT, index, 0, 0, utc_ns, ticket, value, before, 1, 0, 0, 0)
    return ANSWERED


@part
def _set_mode(loops: Loops, transitions: RingArrays, command: Row, i: int, utc_ns: int) -> int:
    wanted = command["value"]
    if wanted not in (float(MODE_MANUAL), float(MODE_AUTO)):
        return REFUSED_INVALID
    if wanted == loops.mode[i]:
        done(transitions, command["ticket"], command["index"], wanted, utc_ns)
        return ANSWERED
    if wanted != MODE_MANUAL and loops.row[i]["bad_since_ns"] != 0:
        return REFUSED_MODE
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
    if counters[0]["armed"] == 0 or row["slot"] == NOT_A_SLOT:
        return REFUSED_DISARMED
    if outputs.slots[row["slot"]]["forced"] != 0:
        return REFUSED_INTERLOCK
    loops.goal[i] = value
    go_live(loops, outputs, i)
    done(transitions, command["ticket"], command["index"], value, utc_ns)
    return ANSWERED


@part
def change_parameter(loops: Loops, i: int, parameter: int, value: float) -> int:
    """Change one parameter of loop `i`, times in seconds of the plant; return 0, or why not."""
    row = loops.row[i]
    kp, td, n = loops.kp[i], loops.td[i], loops.n[i]
    b, c, bias = loops.b[i], loops.c[i], loops.bias[i]
    cause = _unfit(parameter, value)
    if cause != ANSWERED:
        return cause
    if parameter == TUNE_KP:
        kp = -value if row["direct"] != 0 else value
    elif parameter == TUNE_TI:
        row["ti"] = value * row["time_factor"]
    elif parameter == TUNE_TD:
        td = value * row["time_factor"]
    elif parameter == TUNE_N:
        n = value
    elif parameter == TUNE_B:
        b = value
    elif parameter == TUNE_C:
        c = value
    elif parameter == TUNE_TT:
        row["tt"] = value * row["time_factor"]
        row["default_tt"] = 1 if value == 0.0 else 0
    else:
        bias = value
    pid.retune(loops, i, kp, td, n, b, c, bias)
    return ANSWERED


@part
def _unfit(parameter: int, value: float) -> int:
    """Return 0 for a value that the parameter may have, or the cause of refusal."""
    fits = True
    if parameter == TUNE_KP:
        fits = 0.0 < value <= pid.MAX_GAIN
    elif parameter in (TUNE_TI, TUNE_TD, TUNE_TT):
        fits = value == 0.0 or value >= pid.MIN_TIME_S
    elif parameter == TUNE_N:
        fits = 1.0 <= value <= 100.0
    elif parameter in (TUNE_B, TUNE_C):
        fits = 0.0 <= value <= 1.0
    elif parameter != TUNE_BIAS:
        return REFUSED_INVALID
    return ANSWERED if fits else REFUSED_RANGE
