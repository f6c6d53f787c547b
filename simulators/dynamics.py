"""First-order building blocks that stay stable at any step."""

from __future__ import annotations

import dataclasses
import math
import random

SECONDS_PER_WEEK = 604_800.0


def approach(value: float, target: float, step_s: float, tau_s: float) -> float:
    """Return a first-order lag's value after `step_s` towards a constant target (exact)."""
    if tau_s <= 0.0 or abs(target - value) < 1e-12:
        return target
    return target + (value - target) * math.exp(-step_s / tau_s)


def ramp(value: float, target: float, step: float) -> float:
    """Return the value moved towards the target by at most `step`."""
    return value + min(step, max(-step, target - value))


def clamp(value: float, low: float, high: float) -> float:
    """Return the value, held within [low, high]."""
    return min(high, max(low, value))


@dataclasses.dataclass
class Sensor:
    """A measurement: range, lag, noise, resolution and slow drift."""

    low: float
    high: float
    tau_s: float = 0.0
    noise: float = 0.0
    """Standard deviation of what it shows."""
    digits: int = 6
    """Decimals that the transmitter resolves."""
    drift_per_week: float = 0.0
    lagged: float = 0.0
    drift: float = 0.0

    def settle(self, value: float) -> None:
        """Start as if the value had been there for long."""
        self.lagged = value

    def follow(self, value: float, step_s: float) -> None:
        """Let the lag and the drift run for one step."""
        self.lagged = approach(self.lagged, value, step_s, self.tau_s)
        self.drift += self.drift_per_week * step_s / SECONDS_PER_WEEK

    def reading(self, chance: random.Random) -> float:
        """Return what the transmitter shows now."""
        value = self.lagged + self.drift
        if self.noise > 0.0:
            value += chance.gauss(0.0, self.noise)
        return float(clamp(round(value, self.digits), self.low, self.high))


def chance_within(chance: random.Random, per_hour: float, seconds: float) -> bool:
    """Return whether an event of this rate happens within the time."""
    return per_hour > 0.0 and chance.random() < -math.expm1(-per_hour * seconds / 3600.0)
