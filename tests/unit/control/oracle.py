"""The PID law and the alarm's life written a second time, in plain scalars, straight from the text.

Nothing is shared with the kernels: names, structure and order of evaluation are the textbook's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Pid:
    """One loop: u = K[(b r - y) + 1/Ti I + Td D] with limits, rate and back-calculation."""

    k: float
    ti: float = 0.0
    td: float = 0.0
    n: float = 10.0
    b: float = 1.0
    c: float = 0.0
    tt: float | None = None
    bias: float = 0.0
    low: float = -math.inf
    high: float = math.inf
    rate: float = math.inf
    u: float = 0.0
    integral: float = 0.0
    derivative: float = 0.0
    before: float = 0.0
    balance: float = 10.0

    def tracking_time(self) -> float:
        if self.tt is not None:
            return self.tt
        if self.ti == 0.0:
            return max(self.td, self.balance)
        return math.sqrt(self.ti * self.td) if self.td > 0.0 else self.ti

    def track(self, r: float, y: float, u: float) -> None:
        """Follow an output that something else decides."""
        self.u = u
        self.integral = u - self.k * (self.b * r - y) - self.bias
        self.derivative = 0.0
        self.before = self.c * r - y

    def execute(self, r: float, y: float, h: float) -> float:
        p = self.k * (self.b * r - y)
        if self.td > 0.0:
            change = (self.c * r - y) - self.before
            fraction = self.td / (self.td + self.n * h)
            self.derivative = fraction * self.derivative + self.k * self.n * fraction * change
        self.before = self.c * r - y
        v = p + self.integral + self.derivative + self.bias
        u = min(max(v, self.low), self.high)
        u = min(max(u, self.u - self.rate * h), self.u + self.rate * h)
        share = min(1.0, h / self.tracking_time())
        if self.ti > 0.0:
            self.integral += self.k / self.ti * h * (r - y) + share * (u - v)
        else:
            self.integral *= 1.0 - share
        self.u = u
        return u


@dataclass
class LimitAlarm:
    """One alarm in words: is the condition true, how long, and what does that change?"""

    limit: float
    high: bool = True
    deadband: float = 0.0
    on_s: float = 0.0
    off_s: float = 0.0
    latching: bool = False
    active: bool = False
    acknowledged: bool = True
    latched: bool = False
    differs_s: float | None = field(default=None)

    @property
    def letter(self) -> str:
        if self.active:
            return "C" if self.acknowledged else "B"
        if self.latched:
            return "F" if self.acknowledged else "E"
        return "A" if self.acknowledged else "D"

    def violated(self, value: float) -> bool:
        distance = value - self.limit if self.high else self.limit - value
        if self.active and self.deadband > 0.0:
            return distance > -self.deadband
        return distance >= 0.0

    def see(self, value: float, good: bool, elapsed_s: float) -> None:
        if not good or math.isnan(value):
            return
        violated = self.violated(value)
        if violated == self.active:
            self.differs_s = None
            return
        self.differs_s = 0.0 if self.differs_s is None else self.differs_s + elapsed_s
        if self.differs_s < (self.on_s if violated else self.off_s) - 1e-9:
            return
        self.differs_s = None
        self.active = violated
        if violated:
            self.acknowledged = False
            self.latched = self.latching
        elif not self.latching and self.acknowledged:
            self.latched = False

    def acknowledge(self) -> bool:
        if self.acknowledged:
            return False
        self.acknowledged = True
        return True

    def reset(self) -> bool:
        if self.letter != "F" or self.differs_s is not None:
            return False
        self.latched = False
        return True
