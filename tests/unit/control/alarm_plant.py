"""A plant with one alarm, for tests of alarms."""

from __future__ import annotations

from typing import Any

from control import signal as s
from control.alarm_states import AlarmState
from tests.unit.control.plant import Plant, answered, site


def plant(**alarm: Any) -> Plant:
    given = {"tag": "u/pv", "type": "high", "limit": 80, "deadband": 2} | alarm
    tested = Plant(site({"pv": {"stale_after": "1 h"}}, armed=False, alarms={"a": given}))
    tested.scan()
    return tested


def state(tested: Plant) -> AlarmState:
    return AlarmState(int(tested.state.alarms.row[0]["state"]))


def occurrence(tested: Plant) -> int:
    return int(tested.state.alarms.row[0]["occurrence"])


def acknowledge(tested: Plant) -> int:
    return answered(tested.ask(s.ACKNOWLEDGE, occurrence=occurrence(tested)))
