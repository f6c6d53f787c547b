"""A plant with one alarm, for tests of alarms."""

from __future__ import annotations

from typing import Any

from control import signal as s
from control.alarm_states import AlarmState, state_of
from tests.unit.control.plant import Plant, answered, site


def plant(**alarm: Any) -> Plant:
    given = {"tag": "u/pv", "type": "high", "limit": 80, "deadband": 2} | alarm
    tested = Plant(site({"pv": {"stale_after": "1 h"}}, armed=False, alarms={"a": given}))
    tested.scan()
    return tested


def state(tested: Plant) -> AlarmState:
    return letter(tested.state.alarms.row[0]["flags"])


def letter(flags: int) -> AlarmState:
    """Return the letter of flags, which must be of an alarm."""
    found = state_of(int(flags))
    assert found is not None
    return found


def occurrence(tested: Plant) -> int:
    return int(tested.state.alarms.row[0]["occurrence"])


def acknowledge(tested: Plant) -> int:
    return answered(tested.ask(s.ACKNOWLEDGE, occurrence=occurrence(tested)))
