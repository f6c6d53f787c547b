"""Transitions of arming, forcing and simulating as process events."""

from __future__ import annotations

import math
from typing import Any, Final

from config.site import Site
from control import actuation_signal
from gateway.stream.override_events import OverrideEvent

_CAUSES: Final = {
    actuation_signal.BY_COMMAND: "command",
    actuation_signal.BY_EXPIRY: "expired",
    actuation_signal.BY_DISARMING: "disarmed",
}


def tag_of(site: Site, row: Any) -> str:
    """Return the tag that a transition is about."""
    return list(site.tags)[int(row["index"])]


def override_event(
    common: dict[str, Any], name: str, row: Any, command: str | None, user: str | None
) -> OverrideEvent:
    """Return the event of a KIND_OVERRIDE row.

    Args:
        common: what every event carries.
        name: full name of the tag.
        row: the TRANSITION row.
        command: id of the command behind it.
        user: who sent that.
    """
    before, after, value = int(row["before"]), int(row["after"]), float(row["value"])
    ended = after == actuation_signal.OVERRIDE_NONE
    forced = (before if ended else after) == actuation_signal.OVERRIDE_FORCED
    return OverrideEvent(
        **common,
        name=name,
        kind="force" if forced else "simulate",
        state="ended" if ended else "begun",
        value=value if math.isfinite(value) else None,
        until_ns=None if ended else int(row["onset_ns"]),
        cause=_CAUSES[int(row["cause"])],
        command=command,
        user=user,
    )
