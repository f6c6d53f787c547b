"""The instructions that remember: which function, with which operands, and the result's quality."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from control import opcodes as op
from control.kernels import expression_filters as filters
from control.kernels import expression_timers as timers
from control.kernels.expression_choice import stood_in
from control.kernels.jit import inlined, part
from control.signal import BAD, INPUT, UNCERTAIN, WAITING

Reals = npt.NDArray[np.float64]


@part
def remember(
    kind: int,
    x: float,
    x_quality: int,
    y: float,
    y_quality: int,
    cells: Reals,
    s: int,
    elapsed_s: float,
    gap: bool,
) -> tuple[float, int]:
    """Run an instruction that keeps its past in cells from `s`; return its value and quality."""
    x_bad, y_bad = x_quality >= BAD, y_quality >= BAD
    bad = x_bad or y_bad
    quality = x_quality | y_quality
    result = math.nan
    if kind == op.ON_DELAY:
        time_s = timers.true_for(x, bad, cells, s, elapsed_s)
        result = 1.0 if time_s >= 0.0 and time_s >= y else 0.0
    elif kind == op.OFF_DELAY:
        result = 1.0 if timers.off_delay(x, bad, y, cells, s, elapsed_s) else 0.0
    elif kind == op.PULSE:
        result = 1.0 if timers.pulse(x, bad, y, cells, s, elapsed_s) else 0.0
    elif kind == op.ON_TIME:
        result = max(timers.true_for(x, bad, cells, s, elapsed_s), 0.0)
    elif kind == op.UNCHANGED:
        result = timers.unchanged(x, bad, cells, s, elapsed_s)
    elif kind == op.SET_RESET:
        result = 1.0 if timers.set_reset(x, x_bad, y, y_bad, cells, s) else 0.0
    elif kind == op.RESET_SET:
        result = 1.0 if timers.reset_set(x, x_bad, y, y_bad, cells, s) else 0.0
    elif kind == op.RISING:
        result = 1.0 if timers.rises(x, bad, cells, s) else 0.0
    elif kind == op.FALLING:
        result = 1.0 if timers.falls(x, bad, cells, s) else 0.0
    elif kind == op.CHANGED:
        result = 1.0 if timers.changes(x, bad, cells, s) else 0.0
    elif kind == op.COUNT:
        result = timers.count(x, x_bad, y, y_bad, cells, s)
    elif kind == op.SAMPLE:
        result, quality = _sample(x, x_quality, y, y_quality, cells, s)
    elif kind == op.LAST_GOOD:
        result, quality = _last_good(x, x_quality, y, y_quality, cells, s, elapsed_s, gap)
    elif kind == op.LAG:
        result = filters.lag(x, bad, y, cells, s, elapsed_s)
    elif kind == op.RATE:
        result = filters.rate(x, bad, y, cells, s, elapsed_s, gap)
    elif kind == op.INTEGRATE:
        result = filters.integrate(x, x_bad, y, y_bad, cells, s, elapsed_s, gap)
        if cells[s + 3] != 0.0:
            quality |= UNCERTAIN | INPUT
    elif kind == op.HIGHEST:
        result = filters.extreme(1.0, x, x_bad, y, y_bad, cells, s)
    elif kind == op.LOWEST:
        result = filters.extreme(-1.0, x, x_bad, y, y_bad, cells, s)
    elif kind == op.MOVING_AVERAGE:
        result = filters.moving_average(x, bad, y, cells, s, elapsed_s, gap)
    elif kind == op.MOVING_MAXIMUM:
        result = filters.moving_extreme(1.0, x, bad, y, cells, s, elapsed_s, gap)
    elif kind == op.MOVING_MINIMUM:
        result = filters.moving_extreme(-1.0, x, bad, y, cells, s, elapsed_s, gap)
    return result, quality


@inlined
def _sample(
    x: float, x_quality: int, when: float, when_quality: int, cells: Reals, s: int
) -> tuple[float, int]:
    """Return x as it was when a condition last became true. Cells: what it was, known, x, quality."""
    if timers.rises(when, when_quality >= BAD, cells, s):
        cells[s + 1] = 1.0
        cells[s + 2] = x
        cells[s + 3] = x_quality
    if cells[s + 1] == 0.0:
        return math.nan, BAD | WAITING | when_quality
    return cells[s + 2], int(cells[s + 3]) | when_quality


@inlined
def _last_good(
    x: float,
    x_quality: int,
    most_s: float,
    most_quality: int,
    cells: Reals,
    s: int,
    elapsed_s: float,
    gap: bool,
) -> tuple[float, int]:
    """Return x, or its last value while it is bad. Cells: known, x, quality, age."""
    if x_quality < BAD:
        cells[s] = 1.0
        cells[s + 1] = x
        cells[s + 2] = x_quality
        cells[s + 3] = 0.0
        return x, x_quality
    if gap:
        cells[s] = 0.0
    cells[s + 3] += elapsed_s
    if cells[s] != 0.0 and cells[s + 3] <= most_s and most_quality < BAD:
        return stood_in(cells[s + 1], int(cells[s + 2]))
    return x, x_quality | most_quality
