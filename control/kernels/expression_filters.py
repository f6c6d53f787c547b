"""Filters, totals and moving windows of expressions. Each keeps its past in cells, from cell `s`.

`gap` says that the time since the last evaluation is unknown (the first one after a start) or too
long to say anything about what lies between.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from control.kernels.jit import inlined, part
from control.opcodes import STEPS

Reals = npt.NDArray[np.float64]


@inlined
def _share(elapsed_s: float, time_constant_s: float) -> float:
    """Return the share of a step that a first-order filter follows within the elapsed time."""
    if not time_constant_s > 0.0:
        return 1.0
    return -math.expm1(-elapsed_s / time_constant_s)


@inlined
def lag(x: float, bad: bool, time_constant_s: float, cells: Reals, s: int, elapsed_s: float) -> float:
    """Return a first-order filter of x. Cells: known, output."""
    if not bad:
        before = cells[s + 1]
        after = before + (x - before) * _share(elapsed_s, time_constant_s) if cells[s] != 0.0 else x
        cells[s] = 1.0
        cells[s + 1] = after if math.isfinite(after) else x
    return float(cells[s + 1]) if cells[s] != 0.0 else math.nan


@inlined
def rate(
    x: float, bad: bool, time_constant_s: float, cells: Reals, s: int, elapsed_s: float, gap: bool
) -> float:
    """Return the smoothed change of x per second. Cells: known, x, output."""
    if bad:
        cells[s] = 0.0
        return float(cells[s + 2])
    if cells[s] != 0.0 and not gap and elapsed_s > 0.0:
        before = cells[s + 2]
        change = (x - cells[s + 1]) / elapsed_s
        after = before + (change - before) * _share(elapsed_s, time_constant_s)
        cells[s + 2] = after if math.isfinite(after) else 0.0
    cells[s] = 1.0
    cells[s + 1] = x
    return float(cells[s + 2])


@inlined
def integrate(
    x: float, x_bad: bool, y: float, y_bad: bool, cells: Reals, s: int, elapsed_s: float, gap: bool
) -> float:
    """Return the integral of x since y was true.

    Cells: total, last x, 0 before the first x, 1 with one, 2 while it is bad; 1 when a part is missing.
    """
    follows = cells[s + 2] == 1.0
    if not y_bad and y != 0.0:
        cells[s] = 0.0
        cells[s + 3] = 0.0
    elif follows and (x_bad or gap):
        cells[s + 3] = 1.0
    elif follows:
        cells[s] += (cells[s + 1] + x) * 0.5 * elapsed_s
    if not x_bad:
        cells[s + 1] = x
        cells[s + 2] = 1.0
    elif follows:
        cells[s + 2] = 2.0
    return float(cells[s])


@inlined
def extreme(sign: float, x: float, x_bad: bool, y: float, y_bad: bool, cells: Reals, s: int) -> float:
    """Return the largest sign * x since y was true, times sign. Cells: known, value."""
    if not y_bad and y != 0.0:
        cells[s] = 0.0
    if not x_bad and (cells[s] == 0.0 or sign * x > sign * cells[s + 1]):
        cells[s] = 1.0
        cells[s + 1] = x
    return float(cells[s + 1]) if cells[s] != 0.0 else math.nan


@inlined
def _steps(duration_s: float, cells: Reals, s: int, elapsed_s: float) -> int:
    """Return by how many steps a window moves on; one more than it has clears it.

    Cells: time within the present step.
    """
    step_s = duration_s / STEPS
    cells[s] += elapsed_s
    if not cells[s] >= step_s:
        return 0
    if not step_s > 0.0 or cells[s] >= duration_s:
        cells[s] = 0.0
        return STEPS + 1
    steps = int(cells[s] / step_s)
    cells[s] = max(cells[s] - steps * step_s, 0.0)
    return steps


@part
def moving_average(
    x: float, bad: bool, duration_s: float, cells: Reals, s: int, elapsed_s: float, gap: bool
) -> float:
    """Return the mean of x over the window, weighted by time.

    Cells: time within the step, its place, its sum and weight, those of the steps before, then the
    sums and the weights of the steps.
    """
    if gap:
        cells[s : s + 7 + 2 * STEPS] = 0.0
    steps = _steps(duration_s, cells, s, elapsed_s)
    for _ in range(steps):
        place = int(cells[s + 1])
        cells[s + 7 + place] = cells[s + 2]
        cells[s + 7 + STEPS + place] = cells[s + 3]
        cells[s + 2] = 0.0
        cells[s + 3] = 0.0
        cells[s + 1] = (place + 1) % STEPS
    if steps > 0:
        cells[s + 4] = 0.0
        cells[s + 5] = 0.0
        for place in range(STEPS):
            cells[s + 4] += cells[s + 7 + place]
            cells[s + 5] += cells[s + 7 + STEPS + place]
    if not bad:
        cells[s + 2] += x * elapsed_s
        cells[s + 3] += elapsed_s
    weight = cells[s + 3] + cells[s + 5]
    return float((cells[s + 2] + cells[s + 4]) / weight) if weight > 0.0 else x


@part
def moving_extreme(
    sign: float, x: float, bad: bool, duration_s: float, cells: Reals, s: int, elapsed_s: float, gap: bool
) -> float:
    """Return the largest sign * x of the window, times sign.

    Cells: time within the step, its place, its value, that of the steps before, then the values of the
    steps; NaN is none.
    """
    if gap:
        cells[s : s + 2] = 0.0
        cells[s + 2 : s + 4 + STEPS] = math.nan
    steps = _steps(duration_s, cells, s, elapsed_s)
    for _ in range(steps):
        place = int(cells[s + 1])
        cells[s + 4 + place] = cells[s + 2]
        cells[s + 2] = math.nan
        cells[s + 1] = (place + 1) % STEPS
    if steps > 0:
        cells[s + 3] = math.nan
        for place in range(STEPS):
            value = cells[s + 4 + place]
            if not math.isnan(value) and not sign * value <= sign * cells[s + 3]:
                cells[s + 3] = value
    if not bad and not sign * x <= sign * cells[s + 2]:
        cells[s + 2] = x
    present, before = float(cells[s + 2]), float(cells[s + 3])
    if math.isnan(before) or sign * present > sign * before:
        return present
    return before
