"""The process events of alarms."""

from __future__ import annotations

import enum
from typing import Literal

from config.alarms import AlarmType, Priority
from gateway.stream.event_model import Event


class AlarmLetter(enum.StrEnum):
    """States of an alarm, as the letters of the diagram in ISA-18.2."""

    NORMAL = "A"
    UNACKNOWLEDGED = "B"
    ACKNOWLEDGED = "C"
    RETURNED = "D"
    LATCHED_UNACKNOWLEDGED = "E"
    LATCHED_ACKNOWLEDGED = "F"
    SHELVED = "G"
    SUPPRESSED = "H"
    OUT_OF_SERVICE = "I"


AlarmCause = Literal[
    "raise", "clear", "acknowledge", "reset", "re-alarm", "shelve", "unshelve", "expire",
    "suppress", "unsuppress", "remove", "return",
]  # fmt: skip


class AlarmEvent(Event):
    """An alarm changed its state."""

    type: Literal["alarm"] = "alarm"
    name: str
    """Full name of the alarm."""
    tag: str
    """Tag that is watched; empty where it is a device's connection."""
    alarm_type: AlarmType
    priority: Priority
    alarm_class: str = ""
    before: AlarmLetter
    after: AlarmLetter
    cause: AlarmCause = "raise"
    """What brought it to its state; of several changes the last."""
    active: bool
    """The condition holds now; with `acknowledged` the view of four states."""
    acknowledged: bool
    """Nobody has to acknowledge it now."""
    shelved: bool = False
    suppressed: bool = False
    out_of_service: bool = False
    """With `shelved` and `suppressed`: why it is not annunciated; several may hold at once."""
    occurrence: int
    """Unique for each activation and each annunciation; an acknowledgement names it."""
    onset_ns: int
    """When the condition was first violated, before the on-delay."""
    annunciated_ns: int | None = None
    """When the occurrence was annunciated; null: it is only logged."""
    shelved_until_ns: int | None = None
    """When it comes off the shelf by itself."""
    value: float | None
    limit: float | None
    order: int | None = None
    """Its place in its first-out group since the group's reset."""
    count: int = 1
    """Changes that this event stands for; more than one after a flood."""
    command: str | None = None
    """Id of the command that caused it."""
    user: str | None = None
    """Who sent the command."""


class AlarmFirstOutEvent(Event):
    """It was decided which alarm of a first-out group of alarms came first, or the group was reset."""

    type: Literal["alarm_first_out"] = "alarm_first_out"
    name: str
    """Full name of the group."""
    first: str | None
    """Alarm that came first; null after a reset, and while it cannot be told."""
    indeterminate: bool
    """Two came closer together than a scan: which was first cannot be told."""
    count: int
    """Alarms of the group that have come since the reset."""
    occurrence: int
    onset_ns: int
    command: str | None = None
    user: str | None = None
