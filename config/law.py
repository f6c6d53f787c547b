"""The law of a loop beyond its numbers: its form and parts, feed-forward, gain schedule."""

from __future__ import annotations

import enum

from pydantic import Field

from config.model import Model
from config.quantities import Duration, Quantity


class Form(enum.StrEnum):
    """How the law is computed: both are the same law, and neither bumps."""

    POSITIONAL = "positional"
    INCREMENTAL = "incremental"


class Structure(enum.StrEnum):
    """Which parts the law has; ti: 0 and td: 0 switch their parts off besides."""

    PID = "pid"
    INTEGRAL = "i"


class RampFrom(enum.StrEnum):
    """Where the ramp of a set-point begins."""

    SET_POINT = "set_point"
    PV = "pv"


class FeedForward(Model):
    """A measured disturbance that acts on the output before the PV shows it."""

    tag: str
    """Tag of the disturbance. While it is bad, what it last gave stays."""
    gain: float
    """Output unit per unit of the disturbance; negative where a rise calls for less output."""
    lead: Duration = 0.0
    """Lead time: gain (lead s + 1) / (lag s + 1); it needs a lag."""
    lag: Duration = 0.0
    """Lag time; 0 is none."""


class GainPoint(Model):
    """A point of a gain schedule: factors on the loop's own parameters."""

    at: Quantity
    """Value of the tag that the table is over."""
    kp: float = Field(default=1.0, ge=1e-3, le=1e3)
    """Factor on kp."""
    ti: float = Field(default=1.0, ge=1e-3, le=1e3)
    """Factor on ti."""
    td: float = Field(default=1.0, ge=0, le=1e3)
    """Factor on td."""


class GainSchedule(Model):
    """Parameters by a table: linear between its points, constant beyond them, without a bump."""

    over: str
    """Tag that the table is over: the loop's PV, its `.sp` or `.op`, or any other."""
    points: list[GainPoint] = Field(min_length=2)
    """At least two, ascending."""
