"""Figures of a set-point step, read off stored data: rise time, overshoot, settling time.

Definitions (as in control texts, e.g. Seborg, Edgar, Mellichamp, *Process Dynamics and Control*):
rise time is from 10 % to 90 % of the step, overshoot is the largest excursion beyond the new
set-point in per cent of the step, settling time is until the value stays within the band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


class NoStep(ValueError):
    """The series does not show the step; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class StepResponse:
    """What a set-point step did. Times in seconds of the series' own clock, from the step on."""

    rise_s: float
    overshoot_percent: float
    settling_s: float
    final: float
    """Mean of the last fifth of the series."""


def measure(
    time_s: npt.NDArray[np.float64],
    value: npt.NDArray[np.float64],
    *,
    before: float,
    after: float,
    band: float,
) -> StepResponse:
    """Return the figures of the response to a step at time 0.

    Args:
        time_s: times since the step, rising, shape (n,).
        value: the PV at these times, shape (n,).
        before: set-point before the step.
        after: set-point after the step.
        band: settled within ± this, in units of the PV.

    Raises:
        NoStep: the series is too short, or never gets there.
    """
    height = after - before
    if len(time_s) < 10 or height == 0.0:
        raise NoStep(f"{len(time_s)} points and a step of {height:g} show no response")
    share = (value - before) / height
    rise_s = _first(time_s, share >= 0.9, "90 %") - _first(time_s, share >= 0.1, "10 %")
    outside = np.flatnonzero(np.abs(value - after) > band)
    last_outside = int(outside[-1]) if len(outside) else -1
    if last_outside == len(value) - 1:
        raise NoStep(f"the value has not settled within ±{band:g} of {after:g}")
    return StepResponse(
        rise_s=rise_s,
        overshoot_percent=max(0.0, float(share.max()) - 1.0) * 100.0,
        settling_s=max(0.0, float(time_s[last_outside + 1])),
        final=float(value[-max(1, len(value) // 5) :].mean()),
    )


def _first(time_s: npt.NDArray[np.float64], reached: npt.NDArray[np.bool_], what: str) -> float:
    where = np.flatnonzero(reached)
    if not len(where):
        raise NoStep(f"the value never reached {what} of the step")
    return float(time_s[where[0]])
