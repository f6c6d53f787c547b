"""Vials on their way through the filling line: weights, rejects, and where every one went."""

from __future__ import annotations

import collections
import random

from pydantic import Field

from config.model import Model
from simulators.fill_line_signals import NEEDLES, REJECT_REASONS


class FillLineParameters(Model):
    """A vial filling line. Rates of rejects and stops are typical design figures, of no standard."""

    speed: float = Field(default=200.0, ge=0, le=400)
    """Speed wanted at the start, vials per minute."""
    target_g: float = Field(default=5.0, gt=0, le=20)
    tolerance_percent: float = Field(default=2.5, gt=0, le=10)
    fill_deviation_percent: float = Field(default=0.4, ge=0)
    """Standard deviation of a single fill."""
    needle_bias_percent: float = Field(default=0.2, ge=0)
    """Largest difference of a needle from the mean."""
    drift_percent_per_h: float = Field(default=0.1)
    stopper_rejects: float = Field(default=0.0005, ge=0, le=1)
    crimp_rejects: float = Field(default=0.001, ge=0, le=1)
    visual_rejects: float = Field(default=0.005, ge=0, le=1)
    sample_every: int = Field(default=500, ge=0)
    """Every nth vial is taken as a sample; 0 takes none."""
    transport_vials: int = Field(default=40, ge=1)
    """Vials between the infeed and the exit."""
    destroy_after_s: float = Field(default=300.0, gt=0)
    """After a stop longer than this the vials in the machine are destroyed."""
    stops_per_h: float = Field(default=2.0, ge=0)
    """Jams and the like: the line holds."""
    starved_per_h: float = Field(default=1.5, ge=0)
    blocked_per_h: float = Field(default=1.0, ge=0)
    """Trouble up- and downstream: the line suspends."""
    repair_s: float = Field(default=90.0, gt=0)
    """Mean time until such trouble is over."""
    local_operator: bool = True
    """Somebody at the line starts it, and starts it again after trouble of its own."""


class Counters:
    """Counts of vials. Taken in = good + rejected + samples + destroyed + still in the machine."""

    def __init__(self) -> None:
        self.consumed = self.good = self.samples = self.destroyed = 0
        self.rejects = dict.fromkeys(REJECT_REASONS, 0)

    @property
    def defective(self) -> int:
        """Vials rejected, all reasons."""
        return sum(self.rejects.values())

    @property
    def processed(self) -> int:
        """Vials that left the machine."""
        return self.good + self.defective + self.samples + self.destroyed


class Filler:
    """Fills vials and follows each to its end."""

    def __init__(self, parameters: FillLineParameters, chance: random.Random) -> None:
        self.parameters = parameters
        self.chance = chance
        limit = parameters.needle_bias_percent
        self.needle_bias = [chance.uniform(-limit, limit) for _ in range(NEEDLES)]
        self.needle_weight = [0.0] * NEEDLES
        self.clogged: set[int] = set()
        self.drift_percent = 0.0
        self.recent: collections.deque[float] = collections.deque(maxlen=50)
        self.last_weight = 0.0
        self.weighed = 0
        self.total_g = 0.0
        self.counters = Counters()
        self.sample_wanted = False
        self._inside: collections.deque[str] = collections.deque()
        self._next_needle = 0

    @property
    def inside(self) -> int:
        """Vials in the machine."""
        return len(self._inside)

    def take_in(self, target_g: float, tolerance_percent: float, trim_percent: float) -> None:
        """Fill one vial; when the machine is full, one leaves at the other end."""
        self.counters.consumed += 1
        weight = self._fill(target_g, trim_percent)
        self._inside.append(self._fate(100.0 * (weight / target_g - 1.0), tolerance_percent))
        if len(self._inside) > self.parameters.transport_vials:
            self.let_out()

    def let_out(self) -> None:
        """One vial leaves the machine; without effect on an empty one."""
        if not self._inside:
            return
        fate = self._inside.popleft()
        if fate == "Good":
            self.counters.good += 1
        elif fate == "Sample":
            self.counters.samples += 1
        else:
            self.counters.rejects[fate] += 1

    def destroy(self) -> None:
        """All vials in the machine are thrown away."""
        self.counters.destroyed += len(self._inside)
        self._inside.clear()

    def reset_counters(self) -> None:
        """Start counting at zero; what is in the machine counts as taken in."""
        self.counters = Counters()
        self.counters.consumed = len(self._inside)
        self.total_g = 0.0
        self.weighed = 0

    def _fill(self, target_g: float, trim_percent: float) -> float:
        needle = self._next_needle
        self._next_needle = (needle + 1) % NEEDLES
        error = self.needle_bias[needle] + self.drift_percent + trim_percent
        error += self.chance.gauss(0.0, self.parameters.fill_deviation_percent)
        weight = max(0.0, target_g * (1.0 + error / 100.0))
        if needle in self.clogged:
            weight *= 0.6
        self.needle_weight[needle] = self.last_weight = weight
        self.recent.append(weight)
        self.weighed += 1
        self.total_g += weight
        return weight

    def _fate(self, error_percent: float, tolerance_percent: float) -> str:
        p = self.parameters
        if abs(error_percent) > tolerance_percent:
            return "Underfill" if error_percent < 0.0 else "Overfill"
        due = p.sample_every > 0 and self.weighed % p.sample_every == 0
        if due or self.sample_wanted:
            self.sample_wanted = False
            return "Sample"
        for reason, share in (
            ("Stopper", p.stopper_rejects),
            ("Crimp", p.crimp_rejects),
            ("Visual", p.visual_rejects),
        ):
            if self.chance.random() < share:
                return reason
        return "Good"
