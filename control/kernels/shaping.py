"""What stands before the law of a loop: set-point ramp, PV filter, gap, feed-forward.

Passes without branches over columns, like the law itself; neutral parameters leave everything as
it is. Few columns a pass, and none that is gathered from the image beside one that is stored:
that is what the compiler can vectorise. Filters are backward differences,
x += h / (T + h) (input - x): stable for any period, without an exponential.
"""

from __future__ import annotations

import math

from control.image import Image
from control.kernels.choice import choose
from control.kernels.filters import clamp
from control.kernels.jit import part
from control.kernels.ramp import approach
from control.shaping_state import Shaping
from control.signal import BAD
from control.state import Loops


@part
def shape(loops: Loops, shaping: Shaping, image: Image, first: int, last: int, step_s: float) -> None:
    """Give loops first..last-1 the set-point, PV and bias that their law acts on.

    Args:
        loops: the columns; `y` is finite: the PV, or what the filter holds while there is none.
        shaping: what stands before the law.
        image: where disturbances are.
        first: first loop.
        last: one after the last loop.
        step_s: time since their last execution.
    """
    _filter(loops, shaping, first, last, step_s)
    _move_set_points(loops, shaping, first, last, step_s)
    _open_gaps(loops, shaping, first, last)
    _see_disturbances(shaping, image, first, last)
    _feed_forward(loops, shaping, first, last, step_s)


@part
def _filter(loops: Loops, shaping: Shaping, first: int, last: int, step_s: float) -> None:
    """Filter the PV. Without a filter, a past, or room in the range of numbers it stays itself."""
    y = loops.y[first:last]
    filtered, filter_s = shaping.filtered[first:last], shaping.filter_s[first:last]
    for i in range(last - first):
        before = filtered[i]
        smooth = before + step_s / (filter_s[i] + step_s) * (y[i] - before)
        taken = choose((filter_s[i] > 0.0) & (smooth - smooth == 0.0), smooth, y[i])
        filtered[i] = taken
        y[i] = taken


@part
def _move_set_points(loops: Loops, shaping: Shaping, first: int, last: int, step_s: float) -> None:
    """Move the set-point towards its target, unless that leads away from a PV that is far off."""
    y, sp, target = loops.y[first:last], loops.sp[first:last], loops.target[first:last]
    sp_rate, hold, sp_before = (
        loops.sp_rate[first:last],
        shaping.sp_hold[first:last],
        shaping.sp_before[first:last],
    )
    for i in range(last - first):
        before, rate = sp[i], sp_rate[i] * step_s
        leaves = (target[i] - before) * (before - y[i]) > 0.0
        far = abs(before - y[i]) > hold[i]
        step = choose(leaves & far, 0.0, rate)
        sp_before[i] = before
        sp[i] = approach(before, target[i], step, step)


@part
def _open_gaps(loops: Loops, shaping: Shaping, first: int, last: int) -> None:
    """Let the law see less of deviations within the gap, by giving it another PV.

    A deviation e acts as e - (1 - gap_gain) * clamp(e, -gap, gap). A set-point that moves within
    its gap must not act through that PV, whatever the weights b and c are: integral and derivative
    take that back.
    """
    y, sp, sp_before = loops.y[first:last], loops.sp[first:last], shaping.sp_before[first:last]
    kp, b, c = loops.kp[first:last], loops.b[first:last], loops.c[first:last]
    integral, weighted = loops.integral[first:last], loops.weighted[first:last]
    gap, gap_gain = shaping.gap[first:last], shaping.gap_gain[first:last]
    for i in range(last - first):
        share = 1.0 - gap_gain[i]
        hidden = share * clamp(sp[i] - y[i], -gap[i], gap[i])
        by_set_point = hidden - share * clamp(sp_before[i] - y[i], -gap[i], gap[i])
        integral[i] += kp[i] * (1.0 - b[i]) * by_set_point
        weighted[i] -= (1.0 - c[i]) * by_set_point
        y[i] += hidden


@part
def _see_disturbances(shaping: Shaping, image: Image, first: int, last: int) -> None:
    """Take the disturbances from the image, NaN where there is no usable one."""
    tag, seen = shaping.disturbance[first:last], shaping.seen[first:last]
    for i in range(last - first):
        usable = image.quality[tag[i]] < BAD
        seen[i] = image.value[tag[i]] if usable else math.nan


@part
def _feed_forward(loops: Loops, shaping: Shaping, first: int, last: int, step_s: float) -> None:
    """Add gain (lead s + 1) / (lag s + 1) of the disturbance to the bias.

    While the disturbance is not usable, what it last gave stays. Where it begins, or begins again,
    the integral takes over the step.
    """
    integral, bias, own = loops.integral[first:last], loops.bias[first:last], shaping.bias[first:last]
    gain, lead, lag_s = shaping.gain[first:last], shaping.lead[first:last], shaping.lag_s[first:last]
    seen, lagged, feed = shaping.seen[first:last], shaping.lagged[first:last], shaping.feed[first:last]
    for i in range(last - first):
        begins = lagged[i] - lagged[i] != 0.0
        start = choose(begins, seen[i], lagged[i])
        x = start + step_s / (lag_s[i] + step_s) * (seen[i] - start)
        given = gain[i] * (x + lead[i] * (seen[i] - x))
        usable = given - given == 0.0
        taken = choose(usable, given, feed[i])
        integral[i] += choose(begins, feed[i] - taken, 0.0)
        lagged[i] = choose(usable, x, math.nan)
        feed[i] = taken
        bias[i] = own[i] + taken
