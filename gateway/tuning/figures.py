"""How well a loop did over a stretch of time: the figures between two readings of the engine's sums."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from control.kernels.performance import OSCILLATING
from control.state import Performance

_HOUR_S: Final = 3600.0
_NEAR_ZERO: Final = 1e-9
"""Mean PV, as a share of its scatter, that is no measure for anything."""


class Figures(BaseModel):
    """What a person asks of a loop. PV and output in their units, times wall clock."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    duration_s: float
    service_percent: float
    """Time in which the law acted on a usable PV."""
    normal_percent: float
    """Time in the mode that the configuration starts it in."""
    saturated_percent: float
    """Time, of that in which the law acted, with the output at a limit."""
    mean_error: float | None
    """Set-point - PV. None, as the following, where the law did not act."""
    mean_absolute_error: float | None
    iae: float
    """Integral of the absolute error, in PV unit times plant second."""
    variability_percent: float | None
    """Two standard deviations of the error over the mean PV; none around zero."""
    travel: float
    """Sum of the output's movements."""
    travel_per_hour: float
    """Of the plant."""
    crossings_per_hour: float
    """Of the set-point, per hour of the plant."""
    detections: float
    """Hagglund's count of large half-waves, faded with 50 integral times."""
    oscillating: bool


def figures_of(before: Performance, after: Performance, loop: int, speed: float) -> Figures | None:
    """Return the figures of one loop, or None where nothing was observed in between.

    Args:
        before: the sums at the beginning.
        after: the sums at the end.
        loop: its position in both.
        speed: seconds of the plant in a second of the wall clock.
    """
    gained = {name: _gain(before, after, name, loop) for name in Performance._fields}
    duration_s, law_s = gained["observed_s"], gained["in_control_s"]
    if not duration_s > 0.0:
        return None
    hours = duration_s * speed / _HOUR_S
    detections = float(after.detections[loop])
    return Figures(
        duration_s=duration_s,
        service_percent=_percent(law_s, duration_s),
        normal_percent=_percent(gained["normal_s"], duration_s),
        saturated_percent=_percent(gained["saturated_s"], law_s),
        mean_error=gained["error"] / law_s if law_s > 0.0 else None,
        mean_absolute_error=gained["absolute_error"] / law_s if law_s > 0.0 else None,
        iae=gained["absolute_error"] * speed,
        variability_percent=_variability(gained, law_s),
        travel=gained["travel"],
        travel_per_hour=gained["travel"] / hours,
        crossings_per_hour=gained["crossings"] / hours,
        detections=detections,
        oscillating=detections >= OSCILLATING,
    )


def _gain(before: Performance, after: Performance, name: str, loop: int) -> float:
    return float(getattr(after, name)[loop]) - float(getattr(before, name)[loop])


def _variability(gained: dict[str, float], law_s: float) -> float | None:
    """Return 2 sigma / mean in per cent."""
    if not law_s > 0.0:
        return None
    mean = gained["error"] / law_s
    sigma = math.sqrt(max(0.0, gained["square_error"] / law_s - mean * mean))
    pv = abs(gained["pv"] / law_s)
    return 200.0 * sigma / pv if pv > _NEAR_ZERO * max(sigma, _NEAR_ZERO) else None


def _percent(share: float, whole: float) -> float:
    return float(np.clip(100.0 * share / whole, 0.0, 100.0)) if whole > 0.0 else 0.0


def harris_index(error: npt.NDArray[np.float64], delay: int, order: int = 30) -> float:
    """Return the Harris index: the least variance that any controller could reach, over the variance.

    An autoregressive model of the error gives its innovations and its impulse response h; no
    controller can touch what happens within the delay, so the least variance is
    var(innovations) * sum of h_i^2 for i < delay (Harris 1989; Desborough and Harris 1992).

    Args:
        error: set-point - PV at equal steps, at least ten times as many as `order`.
        delay: of the process in steps, the hold's one included.
        order: of the model.

    Returns:
        Between 0 and 1; 1 is a controller that no other can better.

    Raises:
        ValueError: too few samples, or they do not move.
    """
    centred = error - error.mean()
    rows = len(centred) - order
    variance = float(np.mean(centred**2))
    if rows < 10 * order or delay < 1:
        raise ValueError(f"{len(error)} samples are too few for a model of order {order}")
    if variance <= 0.0:
        raise ValueError("the error does not move")
    past = np.lib.stride_tricks.sliding_window_view(centred, order)[:-1, ::-1]
    weights, *_ = np.linalg.lstsq(past, centred[order:], rcond=None)
    innovations = float(np.mean((centred[order:] - past @ weights) ** 2))
    response = [1.0]
    for step in range(1, delay):
        seen = response[max(0, step - order) : step][::-1]
        response.append(float(np.dot(weights[: len(seen)], seen)))
    return min(1.0, innovations * float(np.sum(np.square(response))) / variance)
