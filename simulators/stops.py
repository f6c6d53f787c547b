"""Why the filling line stops: its stop reasons, and trouble that comes by chance or on command."""

from __future__ import annotations

import enum
import random

from simulators.dynamics import chance_within
from simulators.vials import FillLineParameters


class StopReason(enum.IntEnum):
    """What `Admin.StopReason` says."""

    NONE = 0
    INFEED_JAM = 101
    STOPPER_BOWL_EMPTY = 102
    CRIMPER_JAM = 103
    NEEDLE_DRIP = 104
    REJECT_TRAY_FULL = 105
    STARVED = 201
    BLOCKED = 202
    GUARD_OPEN = 301
    OPERATOR = 401
    WATCHDOG = 901


HOLD_REASONS = tuple(reason for reason in StopReason if 100 < reason < 200)
"""Internal trouble: the line holds until it is repaired."""


class Trouble:
    """Internal trouble, and trouble up- and downstream."""

    def __init__(self, parameters: FillLineParameters, chance: random.Random) -> None:
        self.parameters = parameters
        self.chance = chance
        self.hold_reason = StopReason.NONE
        self.repair_s = 0.0
        self.starved_s = 0.0
        self.blocked_s = 0.0
        self.guard_open = False

    @property
    def external(self) -> StopReason:
        """Starved or blocked, or none of them."""
        if self.starved_s > 0.0:
            return StopReason.STARVED
        return StopReason.BLOCKED if self.blocked_s > 0.0 else StopReason.NONE

    def stop(self, reason: StopReason, seconds: float) -> None:
        """Start internal trouble that is repaired after `seconds`."""
        self.hold_reason = reason
        self.repair_s = seconds

    def step(self, seconds: float, *, running: bool) -> None:
        """Let present trouble pass, and new trouble come while the line runs."""
        self.starved_s = max(0.0, self.starved_s - seconds)
        self.blocked_s = max(0.0, self.blocked_s - seconds)
        self.repair_s = max(0.0, self.repair_s - seconds)
        if self.repair_s <= 0.0:
            self.hold_reason = StopReason.NONE
        if running and self.hold_reason is StopReason.NONE:
            self._happen(seconds)

    def _happen(self, seconds: float) -> None:
        p, chance = self.parameters, self.chance
        if chance_within(chance, p.stops_per_h, seconds):
            self.stop(chance.choice(HOLD_REASONS), self._duration_s())
        if chance_within(chance, p.starved_per_h, seconds):
            self.starved_s = self._duration_s()
        if chance_within(chance, p.blocked_per_h, seconds):
            self.blocked_s = self._duration_s()

    def _duration_s(self) -> float:
        return 10.0 + self.chance.expovariate(1.0 / self.parameters.repair_s)
