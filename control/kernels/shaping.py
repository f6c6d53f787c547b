"""What stands before the law of a loop: PV filter, set-point ramp, gap, feed-forward.

One pass without branches over columns, the law at its end; neutral parameters leave everything as it
is. Filters are backward differences, x += h / (T + h) (input - x): stable for any period, without an
exponential.
"""

from __future__ import annotations

import math

import numpy as np

from control.image import Image
from control.kernels.choice import choose
from control.kernels.filters import clamp
from control.kernels.jit import columns, inlined
from control.kernels.pid import apply_law
from control.kernels.ramp import approach
from control.shaping_state import Shaping
from control.signal import BAD
from control.state import Loops


@columns
def execute_shaped(
    loops: Loops, shaping: Shaping, image: Image, first: int, last: int, step_s: float
) -> None:
    """Execute loops first..last-1 once: their law acts on another set-point, PV and bias than theirs.

    Args:
        loops: the columns; `y` is finite: the PV, or what the filter holds while there is none.
        shaping: what stands before the law.
        image: where disturbances are.
        first: first loop.
        last: one after the last loop.
        step_s: time since their last execution.
    """
    for i in range(np.uintp(first), np.uintp(last)):
        y = _filtered(shaping.filtered[i], loops.y[i], shaping.filter_s[i], step_s)
        shaping.filtered[i] = y

        before = loops.sp[i]
        sp = _moved(before, loops.target[i], y, loops.sp_rate[i] * step_s, shaping.sp_hold[i])
        loops.sp[i] = sp

        # A set-point that moves within its gap must not act through the PV that the gap gives the
        # law, whatever the weights b and c are: integral and derivative take that back.
        gap, share = shaping.gap[i], 1.0 - shaping.gap_gain[i]
        hidden = share * clamp(sp - y, -gap, gap)
        by_set_point = hidden - share * clamp(before - y, -gap, gap)
        integral = loops.integral[i] + loops.kp[i] * (1.0 - loops.b[i]) * by_set_point
        weighted = loops.weighted[i] - (1.0 - loops.c[i]) * by_set_point
        seen_y = y + hidden
        loops.y[i] = seen_y

        tag = shaping.disturbance[i]
        disturbance = choose(image.quality[tag] < BAD, image.value[tag], math.nan)
        step = _feed_forward(shaping, i, disturbance, step_s)
        bias = shaping.bias[i] + shaping.feed[i]
        loops.bias[i] = bias

        apply_law(loops, i, sp, seen_y, bias, integral + step, weighted, step_s)


@inlined
def _filtered(before: float, y: float, filter_s: float, step_s: float) -> float:
    """Return the filtered PV: the PV itself without a filter, a past, or room in the range of numbers."""
    smooth = before + step_s / (filter_s + step_s) * (y - before)
    return choose((filter_s > 0.0) & (smooth - smooth == 0.0), smooth, y)


@inlined
def _moved(before: float, target: float, y: float, rate: float, hold: float) -> float:
    """Return the set-point a step nearer to its target, unless that leads away from a PV that is far off."""
    leaves = (target - before) * (before - y) > 0.0
    far = abs(before - y) > hold
    step = choose(leaves & far, 0.0, rate)
    return approach(before, target, step, step)


@inlined
def _feed_forward(shaping: Shaping, i: int, disturbance: float, step_s: float) -> float:
    """Let `feed` be gain (lead s + 1) / (lag s + 1) of the disturbance; return what the integral takes over.

    While the disturbance is not usable (NaN), what it last gave stays. Where it begins, or begins
    again, the integral takes over the step.
    """
    lagged, feed = shaping.lagged[i], shaping.feed[i]
    begins = lagged - lagged != 0.0
    start = choose(begins, disturbance, lagged)
    x = start + step_s / (shaping.lag_s[i] + step_s) * (disturbance - start)
    given = shaping.gain[i] * (x + shaping.lead[i] * (disturbance - x))
    usable = given - given == 0.0
    taken = choose(usable, given, feed)
    shaping.lagged[i] = choose(usable, x, math.nan)
    shaping.feed[i] = taken
    return choose(begins, feed - taken, 0.0)
