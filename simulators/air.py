"""Clean-room air: the pressure cascade, particles, temperature and humidity."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence

from simulators.dynamics import approach

DOOR_FACTOR = 40.0
"""How much better an open door conducts air than the gaps of a closed one."""
PRESSURE_TAU_S = 4.0
"""Time constant of the pressure behind the gaps of a closed door (fan and duct included)."""
COUNTER_L_MIN = 28.3
"""Flow of the particle counters."""
SAMPLE_S = 60.0


@dataclasses.dataclass(frozen=True)
class RoomDesign:
    """What a room is built for, at its nominal fan speed of 70 %."""

    name: str
    step_pa: float
    """Pressure over the next room outwards."""
    air_changes_per_h: float
    particles_small: float
    """Particles >= 0.5 um per m3 in operation."""
    particles_large: float
    """Particles >= 5 um per m3 in operation."""
    air_speed_m_s: float


NOMINAL_FAN_PERCENT = 70.0

DESIGN = (
    RoomDesign("A", 15.0, 300.0, 300.0, 0.3, 0.45),
    RoomDesign("B", 15.0, 40.0, 4_000.0, 30.0, 0.10),
    RoomDesign("C", 15.0, 25.0, 80_000.0, 800.0, 0.05),
    RoomDesign("D", 15.0, 15.0, 600_000.0, 5_000.0, 0.03),
)


def poisson(chance: random.Random, mean: float) -> int:
    """Return a Poisson number; beyond a mean of 200 the normal approximation."""
    if mean <= 0.0:
        return 0
    if mean > 200.0:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    count, product, limit = 0, chance.random(), math.exp(-mean)
    while product > limit:
        count += 1
        product *= chance.random()
    return count


def step_cascade(
    pressures_pa: list[float], supplies: Sequence[float], open_doors: Sequence[bool], seconds: float
) -> None:
    """Move the room pressures on, implicitly: a chain of rooms with gaps between, the outside last.

    Conductances and supplies are in units in which a closed door conducts 1 per Pa. Room n is
    joined with room n+1 by door n. The equations are tridiagonal; the elimination runs outwards.
    """
    count = len(pressures_pa)
    capacity = PRESSURE_TAU_S / seconds
    doors = [DOOR_FACTOR if is_open else 1.0 for is_open in open_doors]
    diagonal, right = [0.0] * count, [0.0] * count
    for i in range(count):
        inner = doors[i - 1] if i > 0 else 0.0
        diagonal[i] = capacity + inner + doors[i]
        right[i] = capacity * pressures_pa[i] + supplies[i]
        if i > 0:
            factor = doors[i - 1] / diagonal[i - 1]
            diagonal[i] -= factor * doors[i - 1]
            right[i] += factor * right[i - 1]
    for i in reversed(range(count)):
        outer = doors[i] * pressures_pa[i + 1] if i + 1 < count else 0.0
        pressures_pa[i] = (right[i] + outer) / diagonal[i]


@dataclasses.dataclass
class Particles:
    """Particles of one size in one room, and the counter that samples them."""

    normal: float
    """Per m3 in operation, at the nominal air change."""
    per_m3: float = 0.0
    drawn: float = 0.0
    """Expected count in the sample being drawn."""

    def step(self, seconds: float, removal_per_h: float, nominal_per_h: float, inflow_per_m3: float) -> None:
        """Move the concentration on; `inflow_per_m3` is the extra level that an open door brings."""
        target = (self.normal * nominal_per_h / removal_per_h if removal_per_h > 0.0 else 1e7) + inflow_per_m3
        tau_s = 3600.0 / max(removal_per_h, 0.5)
        self.per_m3 = approach(self.per_m3, target, seconds, tau_s)
        self.drawn += self.per_m3 * COUNTER_L_MIN / 1000.0 * seconds / 60.0

    def sample(self, chance: random.Random) -> int:
        """Return the count of the sample now complete, and start the next."""
        count = poisson(chance, self.drawn)
        self.drawn = 0.0
        return count
