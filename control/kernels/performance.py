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

from control.kernels.choice import choose
from control.kernels.filters import clamp
from control.kernels.jit import kernel, part
from control.kernels.pid import TRACK_LAW
from control.state import Loops, Performance

SUPERVISED: Final = 50.0
"""Integral times in which counts of the oscillation detector fade."""
OSCILLATING: Final = 10.0
"""Counts from which on a loop oscillates."""
PIECE: Final = 256


@kernel
def observe(performance: Performance, loops: Loops, first: int, last: int, step_s: float) -> None:
    """Add one execution of loops first..last-1 to the sums.

    In three passes, because each store must be proven apart from each load before a loop vectorises,
    and in pieces that stay in the processor's nearest cache from one pass to the next.

    Args:
        performance: the sums.
        loops: as the law has left them.
        first: first loop.
        last: one after the last loop.
        step_s: time since their last execution.
    """
    for piece in range(first, last, PIECE):
        end = min(piece + PIECE, last)
        _add_errors(performance, loops, piece, end, step_s)
        _add_output(performance, loops, piece, end, step_s)
        _detect_oscillation(performance, loops, piece, end, step_s)


@part
def _add_errors(performance: Performance, loops: Loops, first: int, last: int, step_s: float) -> None:
    sp, y, track = loops.sp[first:last], loops.y[first:last], loops.track[first:last]
    in_control, pv = performance.in_control_s[first:last], performance.pv[first:last]
    error, absolute = performance.error[first:last], performance.absolute_error[first:last]
    square = performance.square_error[first:last]
    for i in range(last - first):
        counted_s = choose(track[i] == TRACK_LAW, step_s, 0.0)
        e = sp[i] - y[i]
        share = counted_s * e
        in_control[i] += counted_s
        pv[i] += counted_s * y[i]
        error[i] += share
        absolute[i] += abs(share)
        square[i] += share * e


@part
def _add_output(performance: Performance, loops: Loops, first: int, last: int, step_s: float) -> None:
    output, mode, track = loops.output[first:last], loops.mode[first:last], loops.track[first:last]
    low, high, normal = (
        loops.out_low[first:last],
        loops.out_high[first:last],
        performance.normal_mode[first:last],
    )
    observed, in_normal = performance.observed_s[first:last], performance.normal_s[first:last]
    saturated, travel = performance.saturated_s[first:last], performance.travel[first:last]
    before = performance.output_before[first:last]
    for i in range(last - first):
        at_limit = (output[i] <= low[i]) | (output[i] >= high[i])
        observed[i] += step_s
        in_normal[i] += choose(mode[i] == normal[i], step_s, 0.0)
        saturated[i] += choose(at_limit & (track[i] == TRACK_LAW), step_s, 0.0)
        travel[i] += abs(output[i] - before[i])
        before[i] = output[i]


@part
def _detect_oscillation(performance: Performance, loops: Loops, first: int, last: int, step_s: float) -> None:
    sp, y, track = loops.sp[first:last], loops.y[first:last], loops.track[first:last]
    kp, ki, band = loops.kp[first:last], loops.ki[first:last], performance.band[first:last]
    lobe, crossings = performance.lobe[first:last], performance.crossings[first:last]
    detections = performance.detections[first:last]
    for i in range(last - first):
        lawful = track[i] == TRACK_LAW
        share = choose(lawful, step_s * (sp[i] - y[i]), 0.0)
        integral_rate = ki[i] / kp[i] if kp[i] != 0.0 else 0.0
        crossed = share * lobe[i] < 0.0
        large = crossed & (abs(lobe[i]) * integral_rate * math.pi > band[i])
        fade = 1.0 - clamp(integral_rate * step_s / SUPERVISED, 0.0, 1.0)
        crossings[i] += choose(crossed, 1.0, 0.0)
        detections[i] = detections[i] * fade + choose(large, 1.0, 0.0)
        gathered = choose(crossed, share, lobe[i] + share)
        lobe[i] = choose(lawful, gathered, 0.0)
