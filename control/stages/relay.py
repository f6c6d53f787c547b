"""Relay tests in the scan: start one by command, keep it within its bounds, return without a bump.

A loop under test stays in auto and is marked as tested: its output then follows the relay as it would
follow an operator in manual, within the loop's limits and rate. When a test ends, the output first goes
back to where it was, and the law goes on from there. A command for its mode ends it at once.
Nobody moves its set-point meanwhile: no command and no profile, and none is tested while a profile has it.
"""

from __future__ import annotations

import math
from typing import Final

from control.image import Image
from control.kernels import autotune
from control.kernels.jit import inlined, part
from control.kernels.pid import TRACK_LAW
from control.relay_layout import (
    ABORT_BAD_PV,
    ABORT_GAP,
    ABORT_INTERLOCK,
    ABORT_MODE,
    ABORT_NOT_WRITTEN,
    ABORT_STOPPED,
    RELAY_RUNNING,
)
from control.rings import RingArrays, Row, Rows
from control.signal import (
    BAD,
    KIND_RELAY,
    MODE_AUTO,
    REFUSED_DEVIATION,
    REFUSED_INVALID,
    REFUSED_MODE,
    REFUSED_PROFILE,
    REFUSED_RANGE,
    REFUSED_STATE,
    START_RELAY,
)
from control.stages.loops import is_due
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, put
from control.state import Loops

LONGEST_STEP: Final = 3.0
"""Periods between two executions after which the measurement is worth nothing."""


@part
def relay_by_command(
    relays: Rows, loops: Loops, transitions: RingArrays, counters: Counters, command: Row, utc_ns: int
) -> int:
    """Start or stop the test of a loop and answer; or return why not."""
    for k in range(len(relays)):
        if relays[k]["id"] == command["index"]:
            row = relays[k]
            if command["kind"] == START_RELAY:
                cause = _start(row, loops, command["value"])
            elif row["state"] == RELAY_RUNNING:
                autotune.abort(row, ABORT_STOPPED)
                cause = ANSWERED
            else:
                cause = REFUSED_STATE
            if cause == ANSWERED:
                if command["kind"] == START_RELAY:
                    counters[0]["testing"] += 1
                announce_relay(relays, transitions, k)
                _note(row, counters, command["ticket"], utc_ns)
                announce_relay(relays, transitions, k)
            return cause
    return REFUSED_INVALID


@part
def _start(row: Row, loops: Loops, amplitude: float) -> int:
    """Begin where the loop controls, is near its set-point, and has room for both steps."""
    i = row["loop"]
    low, high, output = loops.out_low[i], loops.out_high[i], loops.output[i]
    scale = amplitude / row["up"] if amplitude != 0.0 else 1.0
    sign = 1.0 if loops.kp[i] > 0.0 else -1.0
    up, down = output + sign * scale * row["up"], output - sign * scale * row["down"]
    if row["state"] == RELAY_RUNNING or row["returns"] != 0:
        return REFUSED_STATE
    if loops.mode[i] != MODE_AUTO or loops.track[i] != TRACK_LAW:
        return REFUSED_MODE
    if loops.row[i]["profiled"] != 0:
        return REFUSED_PROFILE
    if not 0.0 < scale <= 1.0 or min(up, down) < low or max(up, down) > high:
        return REFUSED_RANGE
    if not abs(loops.y[i] - loops.sp[i]) <= row["max_deviation"] / 2.0:
        return REFUSED_DEVIATION
    autotune.begin(row, sign, loops.sp[i], loops.y[i], output, scale)
    row["returns"] = 1
    loops.special[i] = loops.row[i]["tested"] = 1
    loops.goal[i] = output
    return ANSWERED


@part
def run_relays(
    relays: Rows,
    loops: Loops,
    groups: Rows,
    image: Image,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Move the tests on whose loops will be executed in this scan."""
    if counters[0]["testing"] == 0:
        return
    for k in range(len(relays)):
        row = relays[k]
        if row["returns"] == 0:
            continue
        group = _group_of(groups, row["loop"])
        if not is_due(group, now_ns):
            continue
        if row["state"] == RELAY_RUNNING:
            _move_on(row, loops, image, group, now_ns)
            if row["state"] != RELAY_RUNNING:
                _note(row, counters, 0, utc_ns)
        if row["state"] != RELAY_RUNNING:
            _return(row, loops, counters)


@part
def _group_of(groups: Rows, i: int) -> Row:
    """Return the group that loop `i` is executed in."""
    g = 0
    while not groups[g]["first"] <= i < groups[g]["last"]:
        g += 1
    return groups[g]


@part
def _move_on(row: Row, loops: Loops, image: Image, group: Row, now_ns: int) -> None:
    """Take what the last step led to, or see why the test must end."""
    i, elapsed_ns = row["loop"], now_ns - group["executed_ns"]
    pv = image.value[loops.pv[i]]
    if loops.mode[i] != MODE_AUTO or loops.row[i]["tested"] == 0:
        autotune.abort(row, ABORT_MODE)
    elif loops.row[i]["forced"] != 0:
        autotune.abort(row, ABORT_INTERLOCK)
    elif loops.row[i]["live"] == 0 or loops.row[i]["blocked"] != 0:
        autotune.abort(row, ABORT_NOT_WRITTEN)
    elif image.quality[loops.pv[i]] >= BAD or not math.isfinite(pv):
        autotune.abort(row, ABORT_BAD_PV)
    elif elapsed_ns > LONGEST_STEP * group["period_ns"]:
        autotune.abort(row, ABORT_GAP)
    else:
        autotune.step(row, pv, loops.output[i], elapsed_ns * 1e-9)
        loops.goal[i] = autotune.level(row)


@part
def _return(row: Row, loops: Loops, counters: Counters) -> None:
    """Lead the output back to where it was, within limits and rate, and then let the law go on."""
    i = row["loop"]
    loops.goal[i] = row["start_output"]
    at_once = row["cause"] in (ABORT_MODE, ABORT_BAD_PV, ABORT_INTERLOCK, ABORT_NOT_WRITTEN)
    if at_once or loops.output[i] == row["start_output"]:
        row["returns"] = 0
        counters[0]["testing"] -= 1
        loops.goal[i] = loops.output[i]
        loops.row[i]["tested"] = 0


@inlined
def _note(row: Row, counters: Counters, ticket: int, utc_ns: int) -> None:
    """Remember that a state has to be announced."""
    row["changes"] += 1
    row["ticket"] = ticket
    row["utc_ns"] = utc_ns
    counters[0]["pending"] += 1


@part
def announce_relay(relays: Rows, transitions: RingArrays, k: int) -> bool:
    """Announce that a test began or ended; False when that must wait for room."""
    row = relays[k]
    if row["changes"] == 0:
        return True
    announced = put(
        transitions,
        KIND_RELAY,
        row["id"],
        row["announced"],
        row["state"],
        row["utc_ns"],
        row["ticket"],
        row["scale"] * row["up"],
        row["centre"],
        row["changes"],
        0,
        0,
        row["cause"],
    )
    if announced:
        row["announced"] = row["state"]
        row["changes"] = 0
    return announced
