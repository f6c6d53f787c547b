"""Steps on absolute deadlines of the wall clock."""

from __future__ import annotations

import asyncio
import math
import time


class Pacer:
    """Says how many steps of `period_s` are due.

    Deadlines are absolute, so lateness does not add up. Missed steps are caught up, at most
    `catch_up` at once; what is beyond is skipped and counted (plant time is lost then).
    """

    def __init__(self, period_s: float, catch_up: int = 20) -> None:
        self.period_s = period_s
        self.catch_up = catch_up
        self.late = 0
        """Steps done later than one period after they were due."""
        self.skipped = 0
        self._next_s = 0.0

    def begin(self, now_s: float) -> None:
        """Let the first step be due now."""
        self._next_s = now_s

    def due(self, now_s: float) -> int:
        """Return how many steps are due at this monotonic time, and move the deadline past them."""
        if now_s < self._next_s:
            return 0
        steps = 1 + math.floor((now_s - self._next_s) / self.period_s)
        self._next_s += steps * self.period_s
        done = min(steps, self.catch_up)
        self.late += done - 1
        self.skipped += steps - done
        return done

    async def wait(self) -> int:
        """Wait until a step is due and return how many are."""
        while (steps := self.due(time.monotonic())) == 0:
            await asyncio.sleep(self._next_s - time.monotonic())
        return steps
