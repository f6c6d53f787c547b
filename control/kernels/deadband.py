"""Report by exception: is a sample news compared with what was last reported?"""

from __future__ import annotations

import math

from control.kernels.jit import inlined


@inlined
def moved(value: float, reported: float, deadband: float) -> bool:
    """Say whether a value is far enough from the last reported one.

    A deadband of 0 passes every change, a negative one every sample. A change between a number,
    an infinity and "not a number" passes always; equal infinities and two NaNs are no change.
    Compared is what was reported, not the sample before: a slow drift cannot hide.
    """
    if deadband < 0.0:
        return True
    if math.isfinite(value) and math.isfinite(reported):
        return abs(value - reported) > deadband
    if math.isnan(value) or math.isnan(reported):
        return math.isnan(value) != math.isnan(reported)
    return value != reported
