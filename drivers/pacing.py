"""When to poll next and when to try again: absolute deadlines and jittered back-off. No I/O."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from drivers.api import TagRef

SHORTEST_PERIOD_S = 0.001
"""Polling faster than this would leave a device's loop no time for anything else."""


class Ticker:
    """Deadlines at `start + k * period`; those that have passed are skipped and counted."""

    def __init__(self, period_s: float, start: float) -> None:
        """Begin with a deadline at `start`."""
        self.period_s = period_s
        self.next = start

    def advance(self, now: float) -> int:
        """Move to the first deadline after `now`; return how many were missed on the way."""
        self.next += self.period_s
        if self.next > now:
            return 0
        missed = int((now - self.next) // self.period_s) + 1
        self.next += missed * self.period_s
        return missed


class Backoff:
    """Delays between attempts: double from the least to the most, each with jitter downwards."""

    def __init__(self, least_s: float, most_s: float, draw: Callable[[], float] = random.random) -> None:
        """`draw` gives numbers in [0, 1)."""
        self._least_s = least_s
        self._most_s = max(least_s, most_s)
        self._draw = draw
        self._next_s = least_s

    def next_delay_s(self) -> float:
        """Return the next delay: between a half and the whole of the doubled one."""
        delay_s = self._next_s
        self._next_s = min(2 * delay_s, self._most_s)
        return delay_s * (1.0 - 0.5 * self._draw())

    def exhaust(self) -> None:
        """Go to the longest delay at once: trying again soon is useless."""
        self._next_s = self._most_s

    def reset(self) -> None:
        """Begin again with the least: the device has answered."""
        self._next_s = self._least_s


def poll_period_s(device_period_s: float, refs: Iterable[TagRef]) -> float:
    """Return the period at which a polled device must be asked: its fastest tag's."""
    periods = [ref.tag.period or device_period_s for ref in refs]
    return max(min(periods, default=device_period_s), SHORTEST_PERIOD_S)
