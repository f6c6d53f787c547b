"""What the output of each loop follows this time: the law, a person, a device, or what else decides.

Nearly every loop, nearly always, has a usable PV and nothing special about it: for those the decision
is a few loads and a store, in a pass without calls. Everything else (bad PV, force by an interlock,
output not yet written) is in the loop's row and handled one by one.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from control.image import Image
from control.kernels import pid
from control.kernels.choice import choose
from control.kernels.jit import columns, inlined, part
from control.layout import BAD_MANUAL, BAD_SAFE, NOT_A_LINK, NOT_A_SLOT
from control.shaping_state import Shaping
from control.signal import BAD, MODE_MANUAL, MODE_OUT_OF_SERVICE, STALE, WAITING
from control.stages.arming import is_armed
from control.stages.modes import change_mode
from control.stages.reports import Counters
from control.state import Loops, Outputs

PIECE: Final = 256
"""Loops that are asked for together whether any of them is special."""


@part
def decide(
    loops: Loops,
    shaping: Shaping,
    outputs: Outputs,
    image: Image,
    counters: Counters,
    first: int,
    last: int,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Take each loop's PV from the image, and decide what its output follows this time."""
    for begin in range(first, last, PIECE):
        end = min(begin + PIECE, last)
        if _take_values(loops, image, begin, end) > 0:
            for i in range(begin, end):
                if loops.special[i] != 0 or not _is_usable(
                    image.value[loops.pv[i]], image.quality[loops.pv[i]]
                ):
                    _decide_special(loops, shaping, outputs, image, counters, i, now_ns, utc_ns)


@inlined
def _is_usable(value: float, quality: int) -> bool:
    return quality < BAD and value - value == 0.0


@columns
def _take_values(loops: Loops, image: Image, first: int, last: int) -> int:
    """Take every usable PV, let every output follow its loop's mode; return how many loops are special."""
    odd = 0
    for i in range(np.uintp(first), np.uintp(last)):
        tag = loops.pv[i]
        taken = image.value[tag]
        usable = (image.quality[tag] < BAD) & (taken - taken == 0.0)
        loops.y[i] = choose(usable, taken, loops.y[i])
        loops.track[i] = pid.TRACK_LAW if loops.mode[i] != MODE_MANUAL else pid.TRACK_GOAL
        odd += (loops.special[i] != 0) | (not usable)
    return odd


@part
def _decide_special(
    loops: Loops,
    shaping: Shaping,
    outputs: Outputs,
    image: Image,
    counters: Counters,
    i: int,
    now_ns: int,
    utc_ns: int,
) -> None:
    row = loops.row[i]
    value = image.value[loops.pv[i]]
    usable = image.quality[loops.pv[i]] < BAD and math.isfinite(value)
    returns = usable and row["bad_since_ns"] != 0
    if usable:
        loops.y[i] = value
        row["bad_since_ns"] = 0
        row["fallback"] = 0
        if returns:
            shaping.filtered[i] = math.nan
    else:
        if row["bad_since_ns"] == 0:
            row["bad_since_ns"] = now_ns
        if row["shaped"] != 0 and math.isfinite(shaping.filtered[i]):
            loops.y[i] = shaping.filtered[i]
    serves = loops.mode[i] != MODE_OUT_OF_SERVICE
    if row["forced"] != 0:
        loops.goal[i] = row["force"]
        loops.track[i] = pid.TRACK_DIRECT
    elif row["link"] != NOT_A_LINK and (row["blocked"] != 0 or row["live"] == 0 or not serves):
        _follow_link(loops, i, usable)
    elif row["live"] == 0 or not serves:
        _follow_device(loops, outputs, image, counters, i, usable)
    elif loops.mode[i] == MODE_MANUAL or row["tested"] != 0:
        loops.track[i] = pid.TRACK_GOAL
    elif returns:
        # Held once more, with the new PV: the integral takes over what the PV did while it was bad.
        loops.goal[i] = loops.output[i]
        loops.track[i] = pid.TRACK_GOAL
    elif usable:
        loops.track[i] = pid.TRACK_LAW
    else:
        _fall_back(loops, counters, i, now_ns, utc_ns)
    acts = row["forced"] == 0 and row["live"] != 0 and row["blocked"] == 0 and serves
    loops.special[i] = 0 if usable and not returns and acts and row["tested"] == 0 else 1


@part
def _follow_device(
    loops: Loops, outputs: Outputs, image: Image, counters: Counters, i: int, usable: bool
) -> None:
    """Follow what the actuator does while we do not write it, so that we take over without a bump.

    Where that can be read, its first value is awaited for as long as the tag allows.
    """
    row = loops.row[i]
    actual = image.value[row["output_tag"]]
    quality = int(image.quality[row["output_tag"]])
    awaited = row["reads_output"] != 0 and quality & WAITING != 0 and quality & STALE == 0
    if quality < BAD and math.isfinite(actual):
        loops.goal[i] = actual
    else:
        loops.goal[i] = loops.output[i]
    loops.track[i] = pid.TRACK_DIRECT
    if loops.mode[i] == MODE_OUT_OF_SERVICE:
        _stand_by(loops, outputs, i)
    elif usable and not awaited and row["slot"] != NOT_A_SLOT and is_armed(outputs, counters, row["slot"]):
        go_live(loops, outputs, i)


@part
def _follow_link(loops: Loops, i: int, usable: bool) -> None:
    """Follow what the output's destination has (in `goal`) while that takes nothing from the loop.

    It is ready to be taken once its PV is usable, or its output is an operator's.
    """
    row = loops.row[i]
    loops.track[i] = pid.TRACK_DIRECT
    if row["blocked"] == 0:
        loops.goal[i] = loops.applied[i]
    if loops.mode[i] == MODE_OUT_OF_SERVICE:
        row["live"] = 0
    elif usable or loops.mode[i] == MODE_MANUAL:
        row["live"] = 1


@part
def _stand_by(loops: Loops, outputs: Outputs, i: int) -> None:
    """Write nothing while out of service; what is written already stays where it is."""
    row = loops.row[i]
    row["live"] = 0
    if row["slot"] != NOT_A_SLOT and outputs.slots[row["slot"]]["forced"] == 0:
        outputs.slots[row["slot"]]["live"] = 0


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
