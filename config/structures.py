"""Control structures: what lies between a loop and the actuators, and where a set-point comes from.

A loop's output is a writable tag, the set-point of another loop (a cascade), or the `.op` of a
selector or a split; these lead on in the same way. See docs/explanation/loops.md.
"""

from __future__ import annotations

import enum

from pydantic import Field

from config.model import Model
from config.quantities import PositiveDuration, Quantity


class Leading(Model):
    """What gives a value to an actuator, an inner loop or another structure."""

    output: str
    """Writable tag, `.sp` of a loop, or `.op` of a selector or split."""
    readback: str | None = None
    """Tag that measures what the actuator really does; the anti-windup then follows it."""
    readback_tolerance: Quantity | None = None
    """Difference that counts as having followed; none takes a fiftieth of the output's range."""
    safe_output: Quantity | None = None
    """Output for the safe state: when disarmed, at a stop. None takes the low end (a branch: `at_start`)."""


class Remote(Model):
    """A set-point that a tag gives: ratio × tag + bias, in mode `remote`."""

    tag: str
    """Tag of any unit: a wild flow, a calculation, what a batch system writes."""
    ratio: float | None = None
    """PV unit per unit of the tag; none takes the tag's value, converted to the PV's unit."""
    bias: Quantity = Quantity(0.0)
    """Added, in the unit of the PV."""
    keep_ratio: bool = False
    """False: on entering the mode the ratio becomes what leaves the set-point where it is."""


class Choice(enum.StrEnum):
    """Which of its inputs a selector lets through."""

    LOW = "low"
    HIGH = "high"
    MEDIAN = "median"


class Selector(Leading):
    """Lets one of several loops act (override control). It brings `<selector>.op` and `.selected`."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it protects."""
    select: Choice
    """The lowest, the highest or the middle one; its inputs are the loops whose output is its `.op`."""


class Branch(Leading):
    """One actuator of a split range: a straight line from the split's value to the actuator's."""

    start: Quantity
    """Value of the split at which the actuator begins to move."""
    stop: Quantity | None = None
    """Value of the split at which it has moved all the way; below `start` it moves as the value falls."""
    gain: float | None = None
    """In place of `stop`: output unit per unit of the split; negative moves as the value falls."""
    at_start: Quantity | None = None
    """Output at `start` and before; none takes the low end of the output's range."""
    at_stop: Quantity | None = None
    """Output at `stop` and beyond; none takes the high end of the output's range."""


class Split(Model):
    """Spreads one output over several actuators. It brings `<split>.op`, the value that comes in."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it is for."""
    unit: str = "%"
    """Unit of the value that comes in."""
    low: Quantity = Quantity(0.0)
    """Lowest value that comes in."""
    high: Quantity = Quantity(100.0)
    """Highest value that comes in."""
    balance: PositiveDuration = 60.0
    """Time constant (of the plant) with which an actuator that comes back goes to its place."""
    branches: list[Branch] = Field(min_length=1)
    """The actuators, each with its part of the range; parts may overlap or leave a gap."""
