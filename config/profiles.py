"""Set-point profiles: ramps and holds that move a loop's set-point through time.

Times are the plant's own, as those of the loops.
"""

from __future__ import annotations

import enum
from typing import Self

from pydantic import Field, model_validator

from config.model import Model
from config.quantities import PositiveDuration, Quantity


class OnTimeout(enum.StrEnum):
    """What happens when a segment has not ended after its timeout."""

    NEXT = "next"
    HOLD = "hold"
    ABORT = "abort"


class Segment(Model):
    """One part of a profile: a ramp (or step) to a set-point, or a hold."""

    name: str = ""
    """What people see."""
    ramp_to: Quantity | None = None
    """Set-point at the end of the ramp; none is a hold."""
    rate: Quantity | None = None
    """Of the ramp, in PV unit per time; with neither rate nor over it is a step."""
    over: PositiveDuration | None = None
    """Time that the ramp takes, in place of a rate."""
    hold: PositiveDuration | None = None
    """How long to hold, at the least."""
    until: str | None = None
    """Condition that must be true before the segment ends, an expression."""
    within: Quantity | None = None
    """Waits, without counting time, while the PV is further from the set-point than this."""
    timeout: PositiveDuration | None = None
    """Longest time of the segment, with all its waiting; none is no limit."""
    on_timeout: OnTimeout = OnTimeout.HOLD
    """What happens then."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if self.ramp_to is None and self.hold is None and self.until is None:
            raise ValueError("does nothing; write ramp_to, hold or until")
        if self.ramp_to is None and (self.rate is not None or self.over is not None):
            raise ValueError("has a rate and no ramp; write ramp_to")
        if self.rate is not None and self.over is not None:
            raise ValueError("has a rate and a time; write rate or over")
        return self


class Profile(Model):
    """A set-point profile. While it runs, nobody else moves the set-point of its loop."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it is for."""
    loop: str
    """Loop whose set-point it moves; the loop must be in auto."""
    segments: list[Segment] = Field(min_length=1)
    """One after the other. A ramp begins at the set-point as it is then."""
    phases: list[str] = Field(default_factory=list)
    """Phases of the unit that run it: it starts when one of them begins, and is aborted when they end."""
