"""What ends with an engine, or with a configuration, and must be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from control.alarm_states import OUT_OF_SERVICE, SHELVED
from control.carry.held import Held
from control.carry.natures import Axis
from control.relay_layout import RELAY_RUNNING

PUT_BY_PEOPLE: Final = SHELVED | OUT_OF_SERVICE
"""Flags of an alarm that people set: they stay when its definition changes."""


@dataclass(frozen=True, slots=True)
class EndedAlarm:
    """An alarm that was not normal and whose state could not be carried."""

    name: str
    flags: int
    """As in `control.alarm_states`."""
    occurrence: int


@dataclass(frozen=True, slots=True)
class EndedTest:
    """A relay test that ran: none outlives its engine."""

    loop: str
    amplitude: float
    """Its largest step of the output."""
    set_point: float


def running_tests(old: Held) -> tuple[EndedTest, ...]:
    """Return the relay tests that ran in an old state."""
    names, rows = old.roster.things[Axis.LOOP].names, old.arrays.get("relays")
    if rows is None:
        return ()
    running = rows[rows["state"] == RELAY_RUNNING]
    return tuple(
        EndedTest(names[int(row["loop"])], float(row["scale"] * row["up"]), float(row["centre"]))
        for row in running
    )


def ended_alarms(old: Held, kept: set[int]) -> tuple[EndedAlarm, ...]:
    """Return the alarms of an old state that were not normal and are not among the rows that are kept."""
    rows = old.arrays["alarms.row"]
    names = old.roster.things[Axis.ALARM].names
    return tuple(
        EndedAlarm(names[i], int(rows["flags"][i]), int(rows["occurrence"][i]))
        for i in np.flatnonzero(rows["flags"] & ~PUT_BY_PEOPLE).tolist()
        if i not in kept
    )
