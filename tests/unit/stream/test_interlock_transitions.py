"""What the engine says of interlocks, as events with names."""

from __future__ import annotations

from typing import Any

import numpy as np

from config.interlocks import Interlock
from control import signal
from control.logic_layout import FIRST_OUT_NONE, FIRST_OUT_UNKNOWN
from gateway.stream.interlock_transitions import bypass_event, first_out_event, interlock_event

T = 1_700_000_000_123_456_789
COMMON = {"gateway": "gw1", "unit": "u1", "config": "c0ffee", "time_ns": T}
INTERLOCK = Interlock.model_validate(
    {"when": {"stopped": "a", "tripped": "b", "cold": "c"}, "force": {"u1/pump.out": "3 %"}}
)


def row(**values: float) -> Any:
    made = np.zeros(1, signal.TRANSITION)[0]
    made["count"] = 1
    for name, value in values.items():
        made[name] = value
    return made


def test_an_interlock_names_the_condition_that_came_first() -> None:
    made = row(after=1, cause=1, occurrence=0b010, limit=2.0, onset_ns=T + 5)
    event = interlock_event(COMMON, "u1/stop", INTERLOCK, made, "c-1")
    assert (event.first_out, event.conditions, event.order) == ("tripped", ["tripped"], 2)
    assert (event.active, event.forces, event.command) == (True, {"u1/pump.out": 3.0}, "c-1")
    assert event.bypassed_until_ns == T + 5


def test_conditions_of_one_scan_are_named_without_a_first() -> None:
    made = row(after=1, cause=FIRST_OUT_UNKNOWN, occurrence=0b101)
    event = interlock_event(COMMON, "u1/stop", INTERLOCK, made, None)
    assert (event.first_out, event.conditions) == (None, ["stopped", "cold"])
    assert (event.order, event.bypassed_until_ns) == (None, None)


def test_a_bypass_says_when_it_ends() -> None:
    began = bypass_event(COMMON, "u1/stop", row(after=1, value=60.0, onset_ns=T + 60), "c-2")
    assert (began.bypassed, began.until_ns, began.duration_s, began.priority) == (True, T + 60, 60.0, "high")
    ended = bypass_event(COMMON, "u1/stop", row(after=0), None)
    assert (ended.bypassed, ended.until_ns, ended.duration_s, ended.command) == (False, None, None, None)


def test_a_group_says_who_was_first_or_that_nobody_can_tell() -> None:
    members = ["u1/stop", "u1/hot"]
    made = {
        after: first_out_event(COMMON, "u1/trips", members, row(after=after), None)
        for after in (1, FIRST_OUT_UNKNOWN, FIRST_OUT_NONE)
    }
    assert {after: (event.state, event.interlock) for after, event in made.items()} == {
        1: ("first", "u1/hot"),
        FIRST_OUT_UNKNOWN: ("indeterminate", None),
        FIRST_OUT_NONE: ("reset", None),
    }
