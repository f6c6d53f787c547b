"""The PID law: ISA standard form with two degrees of freedom, over columns of loops.

    u = Kp [ (b r - y) + 1/Ti * integral(r - y) + Td d(c r - y)/dt filtered with Td/N ] + bias

Backward difference for the derivative, forward for the integral, back-calculation against windup
with the value really applied. One pass without branches over columns, so that it vectorises; what
a loop does instead of the law is decided before, in `track`.
"""

from __future__ import annotations

import math
from typing import Final

from control.kernels.filters import clamp
from control.kernels.jit import kernel, part
from control.kernels.ramp import approach
from control.state import Loops

TRACK_LAW: Final = 0
"""The output follows the law."""
TRACK_GOAL: Final = 1
"""The output follows `goal` within limits and rate; the law stands ready to go on from there."""
TRACK_DIRECT: Final = 2
"""The output is `goal` at once, whatever limits and rate say (interlock, or not yet written)."""


MAX_GAIN: Final = 1e12
MIN_TIME_S: Final = 1e-6
"""Gains and times within these keep every coefficient finite; a time of 0 switches its action off."""

BALANCE_S: Final = 10.0
"""Time in which a loop without integral action returns to its bias after a bumpless transfer."""


@kernel
def move_set_points(loops: Loops, first: int, last: int, step_s: float) -> None:
    """Move the set-points of loops first..last-1 towards their targets."""
    sp, target, sp_rate = loops.sp[first:last], loops.target[first:last], loops.sp_rate[first:last]
    for i in range(last - first):
        sp[i] = approach(sp[i], target[i], sp_rate[i] * step_s)


@kernel
def execute(loops: Loops, first: int, last: int, step_s: float) -> None:
    """Execute loops first..last-1 once.

    Args:
        loops: the columns; `y` and `sp` are finite, `step_s` is positive.
        first: first loop.
        last: one after the last loop.
        step_s: time since their last execution.
    """
    kp, ki, td, n = loops.kp[first:last], loops.ki[first:last], loops.td[first:last], loops.n[first:last]
    b, c, bias = loops.b[first:last], loops.c[first:last], loops.bias[first:last]
    kt, leak = loops.kt[first:last], loops.leak[first:last]
    low, high, rate = loops.out_low[first:last], loops.out_high[first:last], loops.out_rate[first:last]
    y, sp, track, goal = (
        loops.y[first:last],
        loops.sp[first:last],
        loops.track[first:last],
        loops.goal[first:last],
    )
    integral, derivative = loops.integral[first:last], loops.derivative[first:last]
    weighted, output = loops.weighted[first:last], loops.output[first:last]
    for i in range(last - first):
        lawful = track[i] == TRACK_LAW
        p = kp[i] * (b[i] * sp[i] - y[i])
        d_input = c[i] * sp[i] - y[i]
        fade = td[i] / (td[i] + n[i] * step_s)
        d = fade * (derivative[i] + kp[i] * n[i] * (d_input - weighted[i]))
        v = p + integral[i] + d + bias[i]

        wanted = v if lawful else goal[i]
        reach = rate[i] * step_s
        limited = clamp(wanted, low[i], high[i])
        u = approach(output[i], limited, reach)
        u = goal[i] if track[i] == TRACK_DIRECT else u

        pull = clamp(kt[i] * step_s, 0.0, 1.0)
        kept = 1.0 - clamp(leak[i] * step_s, 0.0, 1.0)
        integrated = kept * integral[i] + ki[i] * step_s * (sp[i] - y[i]) + pull * (u - v)
        following = u - p - bias[i]
        i_term = integrated if lawful else following
        finite = i_term - i_term == 0.0
        integral[i] = i_term if finite else 0.0
        derivative[i] = d if lawful and finite else 0.0
        weighted[i] = d_input
        output[i] = u
        goal[i] = goal[i] if track[i] == TRACK_GOAL else u


@part
def follow(loops: Loops, i: int, value: float) -> None:
    """Let loop `i` go on from an output value that something else has set, without a bump."""
    loops.output[i] = value
    loops.goal[i] = value
    p = loops.kp[i] * (loops.b[i] * loops.sp[i] - loops.y[i])
    following = value - p - loops.bias[i]
    loops.integral[i] = following if math.isfinite(following) else 0.0
    loops.derivative[i] = 0.0


@part
def derive(loops: Loops, i: int) -> None:
    """Compute the coefficients that follow from ti, td and tt of loop `i`."""
    row = loops.row[i]
    ti, td = row["ti"], loops.td[i]
    if row["default_tt"] != 0:
        balance = max(td, BALANCE_S * row["time_factor"])
        both = math.sqrt(ti * td) if td > 0.0 else ti
        row["tt"] = both if ti > 0.0 else balance
    rate = 1.0 / row["tt"] if row["tt"] > 0.0 else 0.0
    loops.ki[i] = loops.kp[i] / ti if ti > 0.0 else 0.0
    loops.kt[i] = rate if ti > 0.0 else 0.0
    loops.leak[i] = 0.0 if ti > 0.0 else rate


@part
def retune(loops: Loops, i: int, kp: float, td: float, n: float, b: float, c: float, bias: float) -> None:
    """Give loop `i` other parameters; its output does not jump.

    The integral takes over what the proportional part and the bias lose or gain, and the
    derivative's last input is what it would have been under the new weight.
    """
    before = loops.kp[i] * (loops.b[i] * loops.sp[i] - loops.y[i]) + loops.bias[i]
    after = kp * (b * loops.sp[i] - loops.y[i]) + bias
    taken_over = loops.integral[i] + before - after
    loops.integral[i] = taken_over if math.isfinite(taken_over) else 0.0
    loops.weighted[i] += (c - loops.c[i]) * loops.sp[i]
    loops.kp[i], loops.td[i], loops.n[i] = kp, td, n
    loops.b[i], loops.c[i], loops.bias[i] = b, c, bias
    derive(loops, i)
