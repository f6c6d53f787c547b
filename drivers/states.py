"""The states of a device's session and what leads from one to the next, as one table.

The state is about data, never about sockets: a device is connected while good samples come.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final


class State(enum.StrEnum):
    """How a device is."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    """No attempt has failed yet and no answer has come."""
    CONNECTED = "connected"
    """Good samples come."""
    DEGRADED = "degraded"
    """Something failed, or the device answers without one good sample; not yet given up."""
    LOST = "lost"
    """Silent for longer than `dead_after`: its tags have been marked bad."""
    DISABLED = "disabled"
    """Taken out of service by a person."""


class Event(enum.StrEnum):
    """What a session notices."""

    START = "start"
    GOOD = "good"
    """An answer with at least one good (or uncertain) sample, or a keep-alive of good data."""
    ANSWER = "answer"
    """An answer without a good sample."""
    TROUBLE = "trouble"
    """A call failed or timed out."""
    FADED = "faded"
    """Answers come, but no good sample for `dead_after`."""
    DEAD = "dead"
    """No answer at all for `dead_after`."""
    DISABLE = "disable"
    ENABLE = "enable"
    STOP = "stop"


_NEXT: Final[dict[tuple[State, Event], State]] = {
    (State.STOPPED, Event.START): State.CONNECTING,
    (State.STOPPED, Event.DISABLE): State.DISABLED,
    (State.CONNECTING, Event.GOOD): State.CONNECTED,
    (State.CONNECTING, Event.ANSWER): State.DEGRADED,
    (State.CONNECTING, Event.TROUBLE): State.DEGRADED,
    (State.CONNECTING, Event.DEAD): State.LOST,
    (State.CONNECTED, Event.TROUBLE): State.DEGRADED,
    (State.CONNECTED, Event.FADED): State.DEGRADED,
    (State.CONNECTED, Event.DEAD): State.LOST,
    (State.DEGRADED, Event.GOOD): State.CONNECTED,
    (State.DEGRADED, Event.DEAD): State.LOST,
    (State.LOST, Event.GOOD): State.CONNECTED,
    (State.LOST, Event.ANSWER): State.DEGRADED,
    (State.DISABLED, Event.ENABLE): State.CONNECTING,
}
_FROM_ANYWHERE: Final[dict[Event, State]] = {Event.DISABLE: State.DISABLED, Event.STOP: State.STOPPED}


def next_state(state: State, event: Event) -> State:
    """Return the state after an event; what the table does not name changes nothing."""
    if event in _FROM_ANYWHERE:
        return _FROM_ANYWHERE[event]
    return _NEXT.get((state, event), state)


@dataclass(frozen=True, slots=True)
class StateChange:
    """A device went from one state to another: the material of `device` events."""

    device: str
    before: State
    after: State
    reason: str
    utc_ns: int
    duration_s: float
    """How long the state before had lasted."""
