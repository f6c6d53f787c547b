"""Conditioning of one sample: scale, clamp or check the range, smooth."""

from __future__ import annotations

import math

from control.kernels.jit import inlined
from control.signal import BAD, CLAMPED, NOT_A_NUMBER, RANGE, REASON_BITS, UNCERTAIN


@inlined
def clamp(value: float, low: float, high: float) -> float:
    """Return a value within [low, high]; NaN becomes `low`, so that none gets through."""
    lifted = value if value > low else low
    return lifted if lifted < high else high


@inlined
def clamp_quality(value: float, clamped: float, quality: int) -> int:
    """Return the quality of a clamped value: it carries the reason when the clamp acted."""
    return quality | CLAMPED if clamped != value and quality < BAD else quality


@inlined
def range_quality(value: float, low: float, high: float, quality: int) -> int:
    """Return the quality of a value with an engineering range: uncertain outside of it."""
    if quality < UNCERTAIN and not low <= value <= high:
        return quality | UNCERTAIN | RANGE
    return quality


@inlined
def number_quality(value: float, quality: int) -> int:
    """Return the quality of a value that must be a number: bad when it is none."""
    if quality < BAD and not math.isfinite(value):
        return quality & REASON_BITS | BAD | NOT_A_NUMBER
    return quality


@inlined
def smooth(filtered: float, value: float, elapsed_ns: int, time_constant_ns: float) -> float:
    """Return the state of a first-order lag after a value has stood for some time.

    Exact for any elapsed time, so that irregular samples are smoothed alike. A filter without a
    past (NaN) begins at the value.
    """
    if math.isnan(filtered):
        return value
    return filtered - (value - filtered) * math.expm1(-elapsed_ns / time_constant_ns)
