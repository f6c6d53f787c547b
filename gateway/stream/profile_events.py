"""Events of set-point profiles."""

from __future__ import annotations

from typing import Any, Final, Literal

from config.site import Site
from control.rings import Row
from gateway.stream.event_model import Event

ProfileCause = Literal["command", "segment", "timeout", "mode", "phase"]
ProfileState = Literal["idle", "running", "held", "complete", "aborted"]


class ProfileEvent(Event):
    """A set-point profile started, went on to its next segment, was held or ended."""

    type: Literal["profile"] = "profile"
    name: str
    """Full name of the profile."""
    loop: str
    before: ProfileState
    after: ProfileState
    segment: int
    """The one that runs, from 1."""
    segment_name: str
    set_point: float
    cause: ProfileCause
    """Why: a command, the end of the segment before, its timeout, the loop's mode, a phase of the unit."""
    count: int = 1
    command: str | None = None


_STATES: Final[tuple[ProfileState, ...]] = ("idle", "running", "held", "complete", "aborted")
"""By PROFILE_*."""
_CAUSES: Final[tuple[ProfileCause, ...]] = ("command", "segment", "timeout", "mode", "phase")
"""By PROFILE_BY_*."""


def profile_event(
    site: Site, name: str, common: dict[str, Any], row: Row, command: str | None
) -> ProfileEvent:
    """Return the event of a TRANSITION row of a profile.

    Args:
        site: the effective configuration.
        name: full name of the profile.
        common: what every event carries.
        row: of KIND_PROFILE.
        command: id of the command that caused it.
    """
    profile = site.profiles[name]
    segment = int(row["occurrence"])
    return ProfileEvent(
        **common,
        name=name,
        loop=profile.loop,
        before=_STATES[int(row["before"])],
        after=_STATES[int(row["after"])],
        segment=segment + 1,
        segment_name=profile.segments[segment].name,
        set_point=float(row["value"]),
        cause=_CAUSES[int(row["cause"])],
        count=int(row["count"]),
        command=command,
    )
