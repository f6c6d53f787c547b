"""The PID law written a second time, in plain scalars, straight from the text.

Nothing is shared with the kernels: names, structure and order of evaluation are the textbook's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


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
    rate_down: float | None = None
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
        fall = self.rate if self.rate_down is None else self.rate_down
        u = min(max(u, self.u - fall * h), self.u + self.rate * h)
        share = min(1.0, h / self.tracking_time())
        if self.ti > 0.0:
            self.integral += self.k / self.ti * h * (r - y) + share * (u - v)
        else:
            self.integral *= 1.0 - share
        self.u = u
        return u
