"""The event of a unit that enters another campaign, batch or phase."""

from __future__ import annotations

from typing import Literal

from gateway.stream.event_model import Event


class ContextEvent(Event):
    """A unit entered a context; it holds until the unit's next one. Empty: in no campaign, batch or phase.

    `time_ns` is when the context begins: what is measured from then on belongs to it.
    """

    type: Literal["context"] = "context"
    campaign: str
    batch: str
    phase: str
    command: str
    """Id of the command that named it."""
    user: str
