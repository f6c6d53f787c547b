"""The PID law: ISA standard form with two degrees of freedom, over columns of loops.

    u = Kp [ (b r - y) + 1/Ti * integral(r - y) + Td d(c r - y)/dt filtered with Td/N ] + bias

Backward difference for the derivative, forward for the integral, back-calculation against windup
with the value really applied: at once with what limits and rate leave of it, and before the next
execution with what `applied` says became of it behind them. One pass without branches over columns,
so that it vectorises; what a loop does instead of the law is decided before, in `track`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from control.kernels.choice import choose
from control.kernels.filters import clamp
from control.kernels.jit import columns, inlined, part
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


@columns
def move_set_points(loops: Loops, first: int, last: int, step_s: float) -> None:
    """Move the set-points of loops first..last-1 towards their targets."""
    for i in range(np.uintp(first), np.uintp(last)):
        step = loops.sp_rate[i] * step_s
        loops.sp[i] = approach(loops.sp[i], loops.target[i], step, step)


@columns
def execute(loops: Loops, first: int, last: int, step_s: float) -> None:
    """Execute loops first..last-1 once.

    Args:
        loops: the columns; `y` and `sp` are finite, `step_s` is positive.
        first: first loop.
        last: one after the last loop.
        step_s: time since their last execution.
    """
    for i in range(np.uintp(first), np.uintp(last)):
        apply_law(
            loops, i, loops.sp[i], loops.y[i], loops.bias[i], loops.integral[i], loops.weighted[i], step_s
        )


@inlined
def apply_law(
    loops: Loops,
    i: int,
    sp: float,
    y: float,
    bias: float,
    integral: float,
    weighted: float,
    step_s: float,
) -> None:
    """Apply the law to loop `i`, with a set-point, PV and memory that may be newer than its columns.

    Args:
        loops: the columns; the output and the memory of this execution are stored there.
        i: the loop.
        sp: set-point.
        y: PV.
        bias: what is added to the law.
        integral: the integral's state.
        weighted: c * sp - y of the execution before.
        step_s: time since the last execution.
    """
    lawful = loops.track[i] == TRACK_LAW
    kp, td, n = loops.kp[i], loops.td[i], loops.n[i]
    output, goal = loops.output[i], loops.goal[i]
    p = kp * (loops.b[i] * sp - y)
    d_input = loops.c[i] * sp - y
    fade = td / (td + n * step_s)
    d = fade * (loops.derivative[i] + kp * n * (d_input - weighted))
    pull = clamp(loops.kt[i] * step_s, 0.0, 1.0)
    settled = integral + pull * (loops.applied[i] - output)
    v = p + settled + d + bias

    limited = clamp(choose(lawful, v, goal), loops.out_low[i], loops.out_high[i])
    u = approach(output, limited, loops.out_rate[i] * step_s, loops.out_rate_down[i] * step_s)
    u = choose(loops.track[i] == TRACK_DIRECT, goal, u)

    kept = 1.0 - clamp(loops.leak[i] * step_s, 0.0, 1.0)
    integrated = kept * settled + loops.ki[i] * step_s * (sp - y) + pull * (u - v)
    i_term = choose(lawful, integrated, u - p - bias)
    finite = i_term - i_term == 0.0
    loops.integral[i] = choose(finite, i_term, 0.0)
    loops.derivative[i] = choose(lawful & finite, d, 0.0)
    loops.weighted[i] = d_input
    loops.output[i] = u
    loops.applied[i] = u
    loops.goal[i] = choose(lawful, limited, goal)


@part
def follow(loops: Loops, i: int, value: float) -> None:
    """Let loop `i` go on from an output value that something else has set, without a bump."""
    loops.output[i] = value
    loops.applied[i] = value
    loops.goal[i] = value
    p = loops.kp[i] * (loops.b[i] * loops.sp[i] - loops.y[i])
    following = value - p - loops.bias[i]
    loops.integral[i] = following if math.isfinite(following) else 0.0
    loops.derivative[i] = 0.0


@part
def derive(loops: Loops, i: int) -> None:
    """Compute the columns of loop `i` that follow from the parameters and factors in its row.

    Without proportional part the gain acts through the integral alone (ki = kp / ti). The
    incremental form u = u- + dv is the positional one whose integral is pulled to the value really
    applied at once: with the whole difference u - v taken over in each execution, the next v is
    u + dv (Astrom & Hagglund, 'Computer implementation of PID controllers').
    """
    row = loops.row[i]
    gain = row["kp"] * row["kp_factor"]
    ti, td = row["ti"] * row["ti_factor"], row["td"] * row["td_factor"]
    loops.kp[i] = 0.0 if row["integral_only"] != 0 else gain
    loops.td[i] = td
    if row["default_tt"] != 0:
        balance = max(td, BALANCE_S * row["time_factor"])
        both = math.sqrt(ti * td) if td > 0.0 else ti
        row["tt"] = both if ti > 0.0 else balance
    rate = 1.0 / row["tt"] if row["tt"] > 0.0 else 0.0
    pull = math.inf if row["incremental"] != 0 else rate
    loops.ki[i] = gain / ti if ti > 0.0 else 0.0
    loops.kt[i] = pull if ti > 0.0 else 0.0
    loops.leak[i] = 0.0 if ti > 0.0 else rate


@part
def move_set_point(loops: Loops, i: int, sp: float) -> None:
    """Move the set-point of loop `i` at once; the output does not move."""
    before = standing(loops, i)
    loops.weighted[i] += loops.c[i] * (sp - loops.sp[i])
    loops.sp[i] = sp
    settle(loops, i, before)


@part
def settle(loops: Loops, i: int, before: float) -> None:
    """Let the integral of loop `i` take over what its other terms have lost or gained.

    Args:
        loops: the columns, with parameters, set-point or PV as they are now.
        i: the loop.
        before: `standing` of the loop as they were.
    """
    taken_over = loops.integral[i] + before - standing(loops, i)
    loops.integral[i] = taken_over if math.isfinite(taken_over) else 0.0


@inlined
def standing(loops: Loops, i: int) -> float:
    """Return the terms of loop `i` that have no memory: the proportional part, bias, feed-forward."""
    term: float = loops.kp[i] * (loops.b[i] * loops.sp[i] - loops.y[i]) + loops.bias[i]
    return term
