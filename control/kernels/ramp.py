"""Ramps: a value that follows another one no faster than it may."""

from __future__ import annotations

from control.kernels.jit import inlined


@inlined
def approach(value: float, target: float, step: float) -> float:
    """Return `value` moved towards `target` by `step` at the most; it lands exactly on it."""
    distance = target - value
    if distance > step:
        return value + step
    if distance < -step:
        return value - step
    return target
