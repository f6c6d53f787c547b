"""The engine's TRANSITION rows of interlocks as process events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from config.interlocks import Interlock
from control.logic_layout import FIRST_OUT_NONE
from gateway.stream.interlock_events import BypassEvent, FirstOutEvent, InterlockEvent

Common = Mapping[str, Any]
"""What every event carries."""


def interlock_event(
    common: Common, name: str, interlock: Interlock, row: Any, command: str | None
) -> InterlockEvent:
    """Return the event of an interlock that began or ended to act."""
    conditions, first, tripped = list(interlock.when), int(row["cause"]), int(row["occurrence"])
    return InterlockEvent(
        **common,
        name=name,
        active=bool(row["after"]),
        forces={tag: value.magnitude for tag, value in interlock.force.items()},
        first_out=conditions[first] if first >= 0 else None,
        conditions=[condition for n, condition in enumerate(conditions) if tripped >> n & 1],
        order=int(row["limit"]) or None,
        bypassed_until_ns=int(row["onset_ns"]) or None,
        count=int(row["count"]),
        command=command,
    )


def bypass_event(common: Common, name: str, row: Any, command: str | None) -> BypassEvent:
    """Return the event of a bypass that began, was prolonged or ended."""
    bypassed = bool(row["after"])
    return BypassEvent(
        **common,
        name=name,
        bypassed=bypassed,
        until_ns=int(row["onset_ns"]) if bypassed else None,
        duration_s=float(row["value"]) if bypassed else None,
        count=int(row["count"]),
        command=command,
    )


def first_out_event(
    common: Common, name: str, members: Sequence[str], row: Any, command: str | None
) -> FirstOutEvent:
    """Return the event of a first-out group whose first member acts, or that was reset."""
    first = int(row["after"])
    state: Literal["first", "indeterminate", "reset"] = "first"
    if first < 0:
        state = "reset" if first == FIRST_OUT_NONE else "indeterminate"
    interlock = members[first] if first >= 0 else None
    return FirstOutEvent(**common, name=name, state=state, interlock=interlock, command=command)
