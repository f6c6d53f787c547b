"""Events about tags whose value a person gives."""

from __future__ import annotations

from typing import Literal

from gateway.stream.event_model import Event


class OverrideEvent(Event):
    """A tag was forced or simulated, or no longer is."""

    type: Literal["override"] = "override"
    name: str
    """Full name of the tag."""
    kind: Literal["force", "simulate"]
    state: Literal["begun", "ended"]
    value: float | None
    """What it was given, in its unit."""
    until_ns: int | None = None
    """Begun: when it ends by itself, UTC in ns."""
    cause: str
    """Begun and ended: `command`; ended: `expired`, `disarmed`, `restart` or `configuration`."""
    command: str | None = None
    """Id of the command behind it."""
    user: str | None = None
    """Who sent that."""
