"""Loops: decide what each may do, move set-points, apply the law, show the result.

Nearly every loop, nearly always, has a usable PV and nothing special about it: for those the
decision is two loads and a store. Everything else (bad PV, force by an interlock, output not yet
written) is in the loop's row and handled one by one.
"""

from __future__ import annotations

import math

from control.image import Image
from control.kernels import pid
from control.kernels.filters import clamp
from control.kernels.jit import inlined, part
from control.layout import BAD_MANUAL, BAD_SAFE, NOT_A_SLOT
from control.rings import RingArrays, Row, Rows
from control.signal import BAD, FORCED, GOOD, KIND_MODE, MODE_MANUAL, SUBSTITUTE, UNCERTAIN
from control.stages.reports import Counters, publish
from control.stages.transitions import announce
from control.state import Loops, Outputs, Tags

NOT_WRITTEN = UNCERTAIN | SUBSTITUTE
"""Quality of an output that is computed but not written to the device."""


@part
def execute_loops(
    loops: Loops,
    groups: Rows,
    outputs: Outputs,
    image: Image,
    tags: Tags,
    reports: RingArrays,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Execute every group of loops whose period has come, in order."""
    for g in range(len(groups)):
        group = groups[g]
        if _is_due(group, now_ns):
            first, last = group["first"], group["last"]
            step_s = _step_s(group, now_ns)
            decide(loops, outputs, image, counters, first, last, now_ns, utc_ns)
            pid.move_set_points(loops, first, last, step_s)
            pid.execute(loops, first, last, step_s)
            group["executed_ns"] = now_ns
            _show(loops, image, tags, reports, counters, first, last, now_ns, utc_ns)


@inlined
def _is_due(group: Row, now_ns: int) -> bool:
    """Say whether a group's period has passed; half a scan early counts, so that it keeps its rate."""
    first: bool = group["executed_ns"] == 0
    return first or now_ns - group["executed_ns"] >= group["period_ns"] - group["slack_ns"]


@inlined
def _step_s(group: Row, now_ns: int) -> float:
    """Return the time to integrate: what really passed, but no gap of missed executions blindly."""
    period_s: float = group["period_ns"] * 1e-9
    if group["executed_ns"] == 0:
        return period_s
    return clamp((now_ns - group["executed_ns"]) * 1e-9, 0.5 * period_s, 2.0 * period_s)


@part
def decide(
    loops: Loops,
    outputs: Outputs,
    image: Image,
    counters: Counters,
    first: int,
    last: int,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Take each loop's PV from the image, and decide what its output follows this time."""
    pv, y, mode = loops.pv[first:last], loops.y[first:last], loops.mode[first:last]
    track, special = loops.track[first:last], loops.special[first:last]
    for i in range(last - first):
        value = image.value[pv[i]]
        if image.quality[pv[i]] < BAD and value - value == 0.0 and special[i] == 0:
            y[i] = value
            track[i] = pid.TRACK_LAW if mode[i] != MODE_MANUAL else pid.TRACK_GOAL
        else:
            _decide_special(loops, outputs, image, counters, first + i, now_ns, utc_ns)


@part
def _decide_special(
    loops: Loops, outputs: Outputs, image: Image, counters: Counters, i: int, now_ns: int, utc_ns: int
) -> None:
    row = loops.row[i]
    value = image.value[loops.pv[i]]
    usable = image.quality[loops.pv[i]] < BAD and math.isfinite(value)
    if usable:
        loops.y[i] = value
        row["bad_since_ns"] = 0
        row["fallback"] = 0
    elif row["bad_since_ns"] == 0:
        row["bad_since_ns"] = now_ns
    if row["forced"] != 0:
        loops.goal[i] = row["force"]
        loops.track[i] = pid.TRACK_DIRECT
    elif row["live"] == 0:
        _follow_device(loops, outputs, image, counters, i, usable)
    elif loops.mode[i] == MODE_MANUAL:
        loops.track[i] = pid.TRACK_GOAL
    elif usable:
        loops.track[i] = pid.TRACK_LAW
    else:
        _fall_back(loops, counters, i, now_ns, utc_ns)
    ordinary = usable and row["forced"] == 0 and row["live"] != 0
    loops.special[i] = 0 if ordinary else 1


@part
def _follow_device(
    loops: Loops, outputs: Outputs, image: Image, counters: Counters, i: int, usable: bool
) -> None:
    """Follow what the actuator does while we do not write it, so that we take over without a bump."""
    row = loops.row[i]
    actual = image.value[row["output_tag"]]
    if image.quality[row["output_tag"]] < BAD and math.isfinite(actual):
        loops.goal[i] = actual
    else:
        loops.goal[i] = loops.output[i]
    loops.track[i] = pid.TRACK_DIRECT
    if usable and counters[0]["armed"] != 0 and row["slot"] != NOT_A_SLOT:
        go_live(loops, outputs, i)


@inlined
def go_live(loops: Loops, outputs: Outputs, i: int) -> None:
    """Begin to write the output of loop `i`."""
    row = loops.row[i]
    row["live"] = 1
    outputs.slots[row["slot"]]["live"] = 1


@part
def _fall_back(loops: Loops, counters: Counters, i: int, now_ns: int, utc_ns: int) -> None:
    """Hold the output while the PV is bad, and do what is configured when it stays so."""
    row = loops.row[i]
    loops.track[i] = pid.TRACK_GOAL
    if row["fallback"] == 0 and now_ns - row["bad_since_ns"] >= row["bad_after_ns"]:
        row["fallback"] = 1
        if row["on_bad"] == BAD_MANUAL:
            change_mode(loops, i, MODE_MANUAL, 0, utc_ns)
            counters[0]["pending"] += 1
    if row["fallback"] != 0 and row["on_bad"] == BAD_SAFE:
        loops.goal[i] = row["safe"]
    else:
        loops.goal[i] = loops.output[i]


@inlined
def change_mode(loops: Loops, i: int, mode: int, ticket: int, utc_ns: int) -> None:
    """Put loop `i` into another mode; the output stays where it is."""
    row = loops.row[i]
    loops.mode[i] = mode
    loops.goal[i] = loops.output[i]
    row["mode_changes"] += 1
    row["mode_ticket"] = ticket
    row["mode_utc_ns"] = utc_ns


@part
def announce_mode(loops: Loops, transitions: RingArrays, i: int) -> bool:
    """Announce that a loop's mode has changed; False when that must wait for room."""
    row = loops.row[i]
    if row["mode_changes"] == 0:
        return True
    announced = announce(
        transitions,
        KIND_MODE,
        row["id"],
        row["mode_announced"],
        loops.mode[i],
        row["mode_utc_ns"],
        row["mode_ticket"],
        float(loops.mode[i]),
        row["mode_changes"],
    )
    if announced:
        row["mode_announced"] = loops.mode[i]
        row["mode_changes"] = 0
    return announced


@inlined
def _quality(row: Row) -> int:
    """Return the quality of an output that something special may be the matter with."""
    written = GOOD if row["live"] != 0 else NOT_WRITTEN
    return written | FORCED if row["forced"] != 0 else written


@part
def _show(
    loops: Loops,
    image: Image,
    tags: Tags,
    reports: RingArrays,
    counters: Counters,
    first: int,
    last: int,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Give the tags that the loops bring (`.sp`, `.op`, `.mode`) their values."""
    for i in range(first, last):
        tag = int(loops.shown[i])
        quality = _quality(loops.row[i]) if loops.special[i] != 0 else GOOD
        publish(image, tags, reports, counters, tag, loops.sp[i], GOOD, now_ns, utc_ns)
        publish(image, tags, reports, counters, tag + 1, loops.output[i], quality, now_ns, utc_ns)
        publish(image, tags, reports, counters, tag + 2, float(loops.mode[i]), GOOD, now_ns, utc_ns)
