"""What measures of alarm management are held against: ISA-18.2 and EEMUA 191, as commonly cited."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Final, NamedTuple

from config.alarms import Priority
from gateway.alarms.kpi import ENOUGH_DAYS, Performance


class Verdict(enum.StrEnum):
    """How a measure stands."""

    GOOD = "good"
    MANAGEABLE = "manageable"
    BAD = "bad"


class Target(NamedTuple):
    """A measure with its limits."""

    name: str
    value: Callable[[Performance], float]
    good: float
    """Very likely acceptable up to here."""
    manageable: float
    """Manageable up to here."""
    form: str = ".1f"

    def judge(self, performance: Performance) -> Verdict:
        """Return how a console does."""
        value = self.value(performance)
        if value <= self.good:
            return Verdict.GOOD
        return Verdict.MANAGEABLE if value <= self.manageable else Verdict.BAD


TARGETS: Final = (
    Target("alarms a day", lambda p: p.per_day, 144, 288),
    Target("alarms an hour, mean", lambda p: p.per_hour, 6, 12),
    Target("alarms in 10 min, mean", lambda p: p.per_ten_minutes, 1, 2, ".2f"),
    Target("most alarms in 10 min", lambda p: p.most_in_ten_minutes, 10, 10, ".0f"),
    Target("hours with more than 30", lambda p: p.busy_hours, 0.01, 0.01, ".2%"),
    Target("10 min periods with more than 10", lambda p: p.busy_ten_minutes, 0.01, 0.01, ".2%"),
    Target("time in flood", lambda p: p.in_flood, 0.01, 0.01, ".2%"),
    Target("share of the ten most frequent", lambda p: p.top_share, 0.01, 0.05, ".1%"),
    Target("chattering alarms", lambda p: len(p.chattering), 0, 0, ".0f"),
    Target("fleeting alarms", lambda p: len(p.fleeting), 0, 0, ".0f"),
    Target("stale alarms", lambda p: len(p.stale), 4, 4, ".0f"),
)

PRIORITY_SPLIT: Final = {
    Priority.LOW: 0.80,
    Priority.MEDIUM: 0.15,
    Priority.HIGH: 0.05,
    Priority.CRITICAL: 0.01,
}
"""Shares of annunciated alarms to aim at; the most urgent at most."""


def is_enough(performance: Performance) -> bool:
    """Tell whether there are data of enough days for the targets to mean anything."""
    return performance.days >= ENOUGH_DAYS
