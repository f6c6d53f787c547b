"""Alarms, with their rationalisation record (ISA-18.2)."""

from __future__ import annotations

import enum
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from config.model import Model, Name
from config.phases import PACKML_STATES
from config.quantities import Duration, PositiveDuration, Quantity
from config.suggest import did_you_mean


class AlarmType(enum.StrEnum):
    """What makes the condition true."""

    HIGH_HIGH = "high_high"
    HIGH = "high"
    LOW = "low"
    LOW_LOW = "low_low"
    DEVIATION = "deviation"
    RATE_OF_CHANGE = "rate_of_change"
    DISCRETE = "discrete"
    OFF_NORMAL = "off_normal"
    DISCREPANCY = "discrepancy"
    COMMUNICATION = "communication"
    INSTRUMENT = "instrument"


class Priority(enum.StrEnum):
    """Annunciated priority."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Severity(enum.StrEnum):
    """How bad it is when nobody acts."""

    MINOR = "minor"
    MAJOR = "major"
    SEVERE = "severe"


class Direction(enum.StrEnum):
    """To which side a deviation or a change counts."""

    ABOVE = "above"
    BELOW = "below"
    BOTH = "both"


def _packml(state: str) -> str:
    if state not in PACKML_STATES:
        raise ValueError(f"{state!r} is no state of PackML; {did_you_mean(state, PACKML_STATES, '')}")
    return state


PackMLState = Annotated[
    str, AfterValidator(_packml), WithJsonSchema({"enum": list(PACKML_STATES)}, "validation")
]
"""A state of a PackML machine, by its name."""


class PackMLSuppression(Model):
    """States of a machine in which an alarm means nothing."""

    tag: str
    """Tag with the number of the machine's PackML state."""
    states: list[PackMLState] = Field(min_length=1)
    """In any of these the alarm is suppressed."""


class Suppression(Model):
    """When the design says that an alarm means nothing. Any one of these suppresses it."""

    when: str | None = None
    """Expression that is true while the alarm is suppressed; a bad one suppresses nothing."""
    packml: PackMLSuppression | None = None
    """States of a PackML machine."""
    phases: list[str] = Field(default_factory=list)
    """Phases of the alarm's unit, as a `context` command names them."""


class Approval(Model):
    """Who stands for an alarm's definition, and since which change."""

    version: str = ""
    """Version of the definition that is in effect."""
    author: str = ""
    """Who wrote it."""
    reviewer: str = ""
    """Who checked it."""
    approver: str = ""
    """Who approved it."""
    change: str = ""
    """Reference of the change request."""


class CampaignLimit(Model):
    """Another limit while a campaign is loaded into the unit: approved with the product's recipe."""

    limit: Quantity
    """In place of the alarm's own."""
    deadband: Quantity | None = None
    """None takes the alarm's own."""
    approval: Approval
    """Who stands for it; without an approver it is refused."""


class Alarm(Model):
    """An alarm: what is watched, how it behaves, and its rationalisation record."""

    display_name: str = ""
    """What people see."""
    tag: str | None = None
    """Tag that is watched; `communication` may name a device instead."""
    type: AlarmType
    limit: Quantity | None = None
    """Where the alarm begins; a difference for `deviation` and `discrepancy`, per time for
    `rate_of_change`."""
    deadband: Quantity = Quantity(0.0)
    """HIGH clears at limit - deadband, LOW at limit + deadband; in the unit of the limit."""
    reference: str | None = None
    """`deviation`: tag that `tag` should follow, a set-point mostly."""
    direction: Direction = Direction.BOTH
    """`deviation`: above or below the reference; `rate_of_change`: rising (above) or falling (below)."""
    over: PositiveDuration = 60.0
    """`rate_of_change`: time constant of the filter on the slope (plant time)."""
    alarm_on: bool = True
    """`discrete`: the value of the bool that is the alarm."""
    normal: list[float] = Field(default_factory=list)
    """`off_normal`: the values that are normal; every other one is the alarm."""
    command: str | None = None
    """`discrepancy`: tag with what was commanded; `tag` is the feedback."""
    device: str | None = None
    """`communication`: device whose tags have all lost their connection or gone stale."""
    on_delay: Duration = 0.0
    """The condition must hold this long (plant time; wall clock for `communication` and `instrument`)
    before the alarm."""
    off_delay: Duration = 0.0
    """The condition must be gone this long before the alarm clears."""
    period: PositiveDuration | None = None
    """Wall-clock period in which its condition is looked at, a multiple of the scan's; none is every scan."""
    latching: bool = False
    """Stays until an operator resets it."""
    re_alarm: Duration = 0.0
    """Annunciated again when it still stands this long (wall clock) after its acknowledgement; 0: never."""
    suppress: Suppression | None = None
    """When the design suppresses it."""
    first_out: Name | None = None
    """First-out group, within the unit: of its alarms the one that came first is kept until a reset."""
    alarm_class: str | None = None
    """Class, from `alarm_management.classes`: what operators may do with it."""
    max_shelve: Duration | None = None
    """Longest time on the shelf (wall clock), 0 forbids it; none takes the class's."""
    priority: Priority = Priority.MEDIUM
    """Annunciated priority; see `severity`."""
    severity: Severity | None = None
    """How bad the consequence is. With `time_to_respond` it gives the priority by the site's matrix."""
    cause: str = ""
    """What usually causes it."""
    consequence: str = ""
    """What happens when nobody acts."""
    action: str = ""
    """What the operator must do."""
    time_to_respond: Duration | None = None
    """Time within which the action helps."""
    confirmation: str = ""
    """How to tell that it is real."""
    basis: str = ""
    """Where the limit comes from: validated range, equipment, regulation."""
    approval: Approval | None = None
    """Who stands for the definition."""
    campaigns: dict[str, CampaignLimit] = Field(default_factory=dict)
    """Limits that hold instead while a campaign is loaded, by its opaque id."""

    @property
    def is_limit(self) -> bool:
        """Whether it is a limit of its tag's own value."""
        return self.type in LIMITS


LIMITS = (AlarmType.LOW_LOW, AlarmType.LOW, AlarmType.HIGH, AlarmType.HIGH_HIGH)
"""Types that compare a tag's own value with a limit, from the lowest to the highest."""
