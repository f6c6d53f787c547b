"""Alarms, with their rationalisation record (ISA-18.2)."""

from __future__ import annotations

import enum

from config.model import Model
from config.quantities import Duration, Quantity


class AlarmType(enum.StrEnum):
    """What makes the condition true."""

    HIGH_HIGH = "high_high"
    HIGH = "high"
    LOW = "low"
    LOW_LOW = "low_low"


class Priority(enum.StrEnum):
    """Annunciated priority."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Alarm(Model):
    """A limit alarm on a tag."""

    display_name: str = ""
    """What people see."""
    tag: str
    """Tag that is watched."""
    type: AlarmType
    limit: Quantity
    """Where the alarm begins."""
    deadband: Quantity = Quantity(0.0)
    """HIGH clears at limit - deadband, LOW at limit + deadband."""
    on_delay: Duration = 0.0
    """The condition must hold this long (plant time) before the alarm."""
    off_delay: Duration = 0.0
    """The condition must be gone this long (plant time) before the alarm clears."""
    priority: Priority = Priority.MEDIUM
    latching: bool = False
    """Stays until an operator resets it."""
    cause: str = ""
    """What usually causes it."""
    consequence: str = ""
    """What happens when nobody acts."""
    action: str = ""
    """What the operator must do."""
    time_to_respond: Duration | None = None
    """Time within which the action helps."""
