"""What a relay test measured, and the simple process models that are read off it."""

from __future__ import annotations

import math
from dataclasses import dataclass


class Unidentified(ValueError):
    """The measured cycle fits no process that could be tuned; the message says why."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """The limit cycle of a relay test. Times in seconds of the plant; values relative to the relay's centre.

    The relay pushes up by `up` while the PV comes from below, and down by `down` while it comes from
    above (in the direction of the loop's action, so that the process seen by it has a positive gain).
    """

    up: float
    down: float
    hysteresis: float
    up_s: float
    """Time for which it pushed up in a cycle."""
    down_s: float
    high: float
    """Highest PV above the set-point (positive)."""
    low: float
    """Lowest PV (negative)."""
    rest: float = 0.0
    """PV, relative to the set-point, that belongs to the output before the test."""
    pv_shift: float = math.nan
    """Mean PV over the cycles, relative to `rest`."""
    output_shift: float = math.nan
    """Mean output over the cycles, relative to the output before the test."""

    @property
    def period_s(self) -> float:
        """Period of the cycle."""
        return self.up_s + self.down_s

    @property
    def amplitude(self) -> float:
        """Half of the PV's swing."""
        return (self.high - self.low) / 2.0


@dataclass(frozen=True, slots=True)
class Ultimate:
    """The point at which a proportional controller would make the loop oscillate."""

    gain: float
    period_s: float


@dataclass(frozen=True, slots=True)
class Lag:
    """gain e^(-delay s) / (lag s + 1)."""

    gain: float
    lag_s: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class Integrator:
    """slope e^(-delay s) / s."""

    slope: float
    """PV unit per second and output unit."""
    delay_s: float


Model = Lag | Integrator
