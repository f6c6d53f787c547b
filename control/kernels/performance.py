"""How well loops do, summed up as they run: over columns and without branches, after the law.

The sums only grow; whoever wants the figures of a stretch of time subtracts what stood before. An
error counts while the law acts: in manual, or with a bad PV, nobody controls.

An oscillation is found by Hagglund's detector (Control Engineering Practice 3 (1995) 1543): the
integral of the error between two crossings of zero counts when it is more than a sine of amplitude
`band` and frequency 2 pi / Ti would give in half a period, 2 band / w = band Ti / pi. Counts fade with
50 Ti; ten of them are an oscillation.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from control.kernels.choice import choose
from control.kernels.filters import clamp
from control.kernels.jit import columns, inlined
from control.kernels.pid import TRACK_LAW
from control.state import Loops, Performance

SUPERVISED: Final = 50.0
"""Integral times in which counts of the oscillation detector fade."""
OSCILLATING: Final = 10.0
"""Counts from which on a loop oscillates."""


@columns
def observe(performance: Performance, loops: Loops, first: int, last: int, step_s: float) -> None:
    """Add one execution of loops first..last-1 to the sums.

    Args:
        performance: the sums.
        loops: as the law has left them.
        first: first loop.
        last: one after the last loop.
        step_s: time since their last execution.
    """
    for i in range(np.uintp(first), np.uintp(last)):
        lawful, sp, y = loops.track[i] == TRACK_LAW, loops.sp[i], loops.y[i]
        _add_error(performance, i, sp, y, choose(lawful, step_s, 0.0))
        _add_output(performance, loops, i, lawful, step_s)
        share = choose(lawful, step_s * (sp - y), 0.0)
        _detect_oscillation(performance, loops, i, lawful, share, step_s)


@inlined
def _add_error(performance: Performance, i: int, sp: float, y: float, counted_s: float) -> None:
    e = sp - y
    share = counted_s * e
    performance.in_control_s[i] += counted_s
    performance.pv[i] += counted_s * y
    performance.error[i] += share
    performance.absolute_error[i] += abs(share)
    performance.square_error[i] += share * e


@inlined
def _add_output(performance: Performance, loops: Loops, i: int, lawful: bool, step_s: float) -> None:
    output = loops.output[i]
    at_limit = (output <= loops.out_low[i]) | (output >= loops.out_high[i])
    performance.observed_s[i] += step_s
    performance.normal_s[i] += choose(loops.mode[i] == performance.normal_mode[i], step_s, 0.0)
    performance.saturated_s[i] += choose(at_limit & lawful, step_s, 0.0)
    performance.travel[i] += abs(output - performance.output_before[i])
    performance.output_before[i] = output


@inlined
def _detect_oscillation(
    performance: Performance, loops: Loops, i: int, lawful: bool, share: float, step_s: float
) -> None:
    kp, lobe = loops.kp[i], performance.lobe[i]
    integral_rate = loops.ki[i] / kp if kp != 0.0 else 0.0
    crossed = share * lobe < 0.0
    large = crossed & (abs(lobe) * integral_rate * math.pi > performance.band[i])
    fade = 1.0 - clamp(integral_rate * step_s / SUPERVISED, 0.0, 1.0)
    performance.crossings[i] += choose(crossed, 1.0, 0.0)
    performance.detections[i] = performance.detections[i] * fade + choose(large, 1.0, 0.0)
    performance.lobe[i] = choose(lawful, choose(crossed, share, lobe + share), 0.0)
