"""Gain scheduling: factors on kp, ti and td from a table over a tag, without a bump."""

from __future__ import annotations

from typing import Final

import numpy as np

from control.image import Image
from control.kernels.jit import columns, inlined, part
from control.kernels.pid import derive, settle, standing
from control.rings import Rows
from control.shaping_state import Indices, Reals, Shaping
from control.signal import BAD
from control.state import Loops

PIECE: Final = 256
"""Loops that are asked for together whether the tag of any one's table has moved."""


@part
def schedule_gains(loops: Loops, shaping: Shaping, image: Image, first: int, last: int) -> None:
    """Set the parameters of those of the loops first..last-1 that have a table.

    A table is looked up again when its tag has moved by more than a thousandth of the table's
    width, so that noise does not shake the parameters. While the tag is not usable they stay.
    """
    over, step, looked_up = shaping.over, shaping.over_step, shaping.looked_up
    for begin in range(first, last, PIECE):
        end = min(begin + PIECE, last)
        if _count_moved(over, step, looked_up, image.value, begin, end) > 0:
            for i in range(begin, end):
                value = image.value[over[i]]
                if _has_moved(value, looked_up[i], step[i]) and image.quality[over[i]] < BAD:
                    _look_up(loops, shaping, i, value)


@inlined
def _has_moved(value: float, looked_up: float, step: float) -> bool:
    """Say whether a table must be looked up; not with NaN, and not without a table."""
    return abs(value - looked_up) > step


@columns
def _count_moved(over: Indices, step: Reals, looked_up: Reals, value: Reals, first: int, last: int) -> int:
    """Count the loops whose table must be looked up. It writes nothing, so it vectorises."""
    moved = 0
    for i in range(np.uintp(first), np.uintp(last)):
        moved += _has_moved(value[over[i]], looked_up[i], step[i])
    return moved


@part
def _look_up(loops: Loops, shaping: Shaping, i: int, value: float) -> None:
    if value - value == 0.0:
        shaping.looked_up[i] = value
        _set_factors(loops, shaping.points, i, value)


@part
def _set_factors(loops: Loops, points: Rows, i: int, value: float) -> None:
    """Interpolate linearly between two points; beyond the ends the factors stay."""
    row = loops.row[i]
    first, upper, end = int(row["first_point"]), int(row["first_point"]), int(row["last_point"])
    while upper < end and value > points[upper]["at"]:
        upper += 1
    below, above = points[max(upper - 1, first)], points[min(upper, end - 1)]
    width = above["at"] - below["at"]
    share = (value - below["at"]) / width if width > 0.0 else 0.0
    before = standing(loops, i)
    row["kp_factor"] = _between(below["kp"], above["kp"], share)
    row["ti_factor"] = _between(below["ti"], above["ti"], share)
    row["td_factor"] = _between(below["td"], above["td"], share)
    derive(loops, i)
    settle(loops, i, before)


@inlined
def _between(below: float, above: float, share: float) -> float:
    return below + share * (above - below)
