"""Bypasses: an interlock does not force for a while, is judged all the same, and comes back by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from control import logic_signal as logic
from control import signal as s
from tests.unit.control.plant import STEP_NS, Plant, answered, site

TAGS: dict[str, dict[str, Any]] = {
    "trip": {"kind": "bool", "stale_after": "1 h"},
    "out": {"access": "write", "low": 0, "high": 100},
    "pv": {"stale_after": "1 h"},
}
LOOP = {"pv": "u/pv", "output": "u/out", "kp": 1, "sp": 50, "ti": "20 s"}


def plant(**given: Any) -> Plant:
    interlock = {"when": "u/trip", "force": {"u/out": 5}, "max_bypass": "10 s"} | given
    tested = Plant(site(TAGS, loops={"l": LOOP}, interlocks={"i": interlock}))
    tested.scan(3, trip=0.0, pv=50.0)
    tested.transitions.pop(100)
    tested.outputs.pop(1000)
    return tested


def forced(tested: Plant) -> bool:
    return bool(tested.quality("l.op") & s.FORCED)


def test_a_bypass_releases_the_outputs_and_ends_by_itself() -> None:
    tested = plant()
    tested.scan(trip=1.0)
    assert forced(tested)
    answer = tested.ask(logic.BYPASS, 0, value=2.0)
    assert (answer["kind"], answer["before"], answer["after"]) == (logic.KIND_BYPASS, 0, 1)
    assert (answer["value"], answer["onset_ns"]) == (2.0, tested.utc_ns + 2_000_000_000)
    assert not forced(tested)
    tested.scan(19)
    assert not forced(tested)
    tested.scan()
    assert forced(tested)
    (row,) = tested.transitions.pop(100)
    assert (row["kind"], row["before"], row["after"], row["ticket"]) == (logic.KIND_BYPASS, 1, 0, 0)


def test_a_bypass_is_refused_beyond_its_longest_time() -> None:
    tested = plant()
    for value in (10.5, -1.0, float("nan")):
        assert answered(tested.ask(logic.BYPASS, 0, value=value)) in (s.REFUSED_RANGE, s.REFUSED_INVALID)
    assert answered(tested.ask(logic.BYPASS, 7, value=1.0)) == s.REFUSED_INVALID
    assert answered(tested.ask(logic.BYPASS, 0, value=0.0)) == s.REFUSED_STATE
    assert answered(plant(max_bypass=0.0).ask(logic.BYPASS, 0, value=1.0)) == s.REFUSED_RANGE
    tested.scan(trip=1.0)
    assert forced(tested)


def test_a_bypass_can_be_prolonged_and_ended() -> None:
    tested = plant()
    tested.scan(trip=1.0)
    tested.ask(logic.BYPASS, 0, value=1.0)
    tested.scan(8)
    answer = tested.ask(logic.BYPASS, 0, value=1.0)
    assert (answer["before"], answer["after"]) == (1, 1)
    tested.scan(9)
    assert not forced(tested)
    answer = tested.ask(logic.BYPASS, 0, value=0.0)
    assert (answer["before"], answer["after"], answer["onset_ns"]) == (1, 0, 0)
    assert forced(tested)


def test_a_bypassed_interlock_is_judged_latched_and_announced() -> None:
    tested = plant(latched=True)
    tested.ask(logic.BYPASS, 0, value=1.0)
    tested.scan(trip=1.0)
    (row,) = tested.transitions.pop(100)
    assert (row["kind"], row["after"]) == (s.KIND_INTERLOCK, 1)
    assert row["onset_ns"] > tested.utc_ns
    assert not forced(tested)
    tested.scan(12, trip=0.0)
    assert forced(tested)
    assert answered(tested.ask(s.RESET, 0, parameter=1)) == 0
    assert not forced(tested)


def test_a_bypass_that_ends_moves_no_output_when_nothing_is_demanded() -> None:
    tested = plant()
    before = tested.value("l.op")
    tested.ask(logic.BYPASS, 0, value=0.5)
    tested.scan(20, step_ns=STEP_NS, trip=0.0, pv=50.0)
    assert tested.value("l.op") == before
    assert set(tested.written("out")) <= {before}


def test_what_happens_while_nobody_reads_is_announced_later() -> None:
    tested = plant()
    tested.ask(logic.BYPASS, 0, value=0.5)
    tested.transitions.push(np.zeros(tested.transitions.capacity, s.TRANSITION))
    tested.scan(10)
    tested.transitions.pop(100_000)
    tested.scan()
    assert tested.transitions.pop(100)[["kind", "before", "after"]].tolist() == [(logic.KIND_BYPASS, 1, 0)]
