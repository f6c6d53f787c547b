"""Ramps: a value that follows another one no faster than it may."""

from __future__ import annotations

from control.kernels.choice import choose
from control.kernels.jit import inlined


@inlined
def approach(value: float, target: float, rise: float, fall: float) -> float:
    """Return `value` moved towards `target`, no further than it may; it lands exactly on it.

    Args:
        value: where it is.
        target: where it should be.
        rise: the largest step upwards.
        fall: the largest step downwards.
    """
    distance = target - value
    return choose(distance > rise, value + rise, choose(distance < -fall, value - fall, target))
