"""Events of interlocks, their bypasses and first-out groups."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.alarms import Priority
from gateway.stream.event_model import Event


class InterlockEvent(Event):
    """An interlock began or ended to force its outputs."""

    type: Literal["interlock"] = "interlock"
    name: str
    active: bool
    forces: dict[str, float]
    """Tags and the values they are forced to."""
    first_out: str | None = None
    """The condition that came first; none where several came within one scan."""
    conditions: list[str] = Field(default_factory=list)
    """Those that held when it began to act."""
    order: int | None = None
    """Its place among those of its first-out group; those of one scan share a place."""
    bypassed_until_ns: int | None = None
    """While it is bypassed it forces nothing: end of the bypass, UTC in ns."""
    count: int = 1
    command: str | None = None


class BypassEvent(Event):
    """The bypass of an interlock began, was prolonged or ended: it deserves attention like an alarm."""

    type: Literal["bypass"] = "bypass"
    name: str
    """Full name of the interlock."""
    bypassed: bool
    until_ns: int | None = None
    """When it ends by itself, UTC in ns."""
    duration_s: float | None = None
    priority: Priority = Priority.HIGH
    """As an alarm of this priority."""
    count: int = 1
    command: str | None = None
    """Id of the command that caused it; none: its time was over."""


class FirstOutEvent(Event):
    """The first interlock of a group began to act, or the group was reset."""

    type: Literal["first_out"] = "first_out"
    name: str
    """Full name of the group."""
    state: Literal["first", "indeterminate", "reset"]
    """`indeterminate`: several began within one scan, the order is not known."""
    interlock: str | None = None
    """The one that was first."""
    command: str | None = None
