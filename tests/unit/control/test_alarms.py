"""Limit alarms through their life, against the clock, the quality and a full ring."""

from __future__ import annotations

import math

import numpy as np
import pytest

from control import signal as s
from control.alarm_states import ACTIVE, MEANINGS, AlarmState, Trigger
from tests.unit.control.alarm_plant import acknowledge, letter, occurrence, plant, state
from tests.unit.control.plant import Plant, answered, site

A, B, C, D, E, F = list(AlarmState)[:6]


@pytest.mark.parametrize(
    ("kind", "deadband", "values", "active"),
    [
        ("high", 2, [79.9, 80.0, 79.0, 78.1, 78.0, 80.0], [0, 1, 1, 1, 0, 1]),
        ("high_high", 0, [80.0, 79.9, 80.0, 80.0, 79.999], [1, 0, 1, 1, 0]),
        ("low", 2, [80.1, 80.0, 81.9, 82.0, 80.0], [0, 1, 1, 0, 1]),
        ("low_low", 0, [80.0, 80.1, -math.inf, 80.1], [1, 0, 0, 0]),
    ],
)
def test_limits_and_deadband(kind: str, deadband: float, values: list[float], active: list[int]) -> None:
    tested = plant(type=kind, deadband=deadband)
    seen = []
    for value in values:
        tested.scan(pv=value)
        seen.append(int(bool(MEANINGS[state(tested)].flags & ACTIVE)))
    assert seen == active


def test_what_was_not_seen_cannot_be_acknowledged() -> None:
    tested = plant()
    tested.scan(pv=81.0)
    seen = occurrence(tested)
    tested.scan(pv=70.0)
    tested.scan(pv=81.0)
    assert occurrence(tested) > seen
    assert answered(tested.ask(s.ACKNOWLEDGE, occurrence=seen)) == s.REFUSED_OCCURRENCE
    assert state(tested) is B
    row = tested.ask(s.ACKNOWLEDGE, occurrence=occurrence(tested))
    assert (row["kind"], letter(row["before"]), letter(row["after"])) == (s.KIND_ALARM, B, C)
    assert row["cause"] == Trigger.ACKNOWLEDGE
    assert answered(tested.ask(s.ACKNOWLEDGE, index=5)) == s.REFUSED_INVALID


def test_reset_is_refused_while_the_condition_comes_back() -> None:
    tested = plant(latching=True, on_delay="300 ms")
    tested.scan(5, pv=81.0)
    acknowledge(tested)
    tested.scan(pv=70.0)
    assert state(tested) is F
    tested.scan(pv=81.0)
    assert answered(tested.ask(s.RESET, occurrence=occurrence(tested))) == s.REFUSED_STATE
    tested.scan(pv=70.0)
    assert answered(tested.ask(s.RESET, occurrence=occurrence(tested))) == 0


def test_the_transition_tells_the_whole_story() -> None:
    tested = plant()
    source_ns = tested.utc_ns - 12_345
    tested.sample("pv", 85.5, source_ns=source_ns)
    tested.scan()
    row = tested.transitions.pop(1)[0]
    assert row["kind"] == s.KIND_ALARM
    assert (row["index"], letter(row["before"]), letter(row["after"]), row["count"]) == (0, A, B, 1)
    assert (row["value"], row["limit"]) == (85.5, 80.0)
    assert (row["utc_ns"], row["onset_ns"]) == (tested.utc_ns, source_ns)
    assert row["occurrence"] == occurrence(tested) < 2**53
    assert row["annunciated_ns"] == tested.utc_ns
    assert (row["ticket"], row["cause"], row["until_ns"], row["order"]) == (0, Trigger.RAISE, 0, 0)


def test_a_full_ring_loses_no_transition() -> None:
    tested = plant()
    filler = np.zeros(tested.transitions.capacity, s.TRANSITION)
    assert tested.transitions.push(filler) == len(filler)
    for value in (81.0, 70.0, 81.0):
        tested.scan(pv=value)
    last = tested.utc_ns
    tested.scan(5, pv=81.0)
    assert state(tested) is B
    assert len(tested.transitions.pop(10_000)) == len(filler)
    tested.scan(3, pv=81.0)
    rows = tested.transitions.pop(10)
    assert [(letter(row["before"]), letter(row["after"]), row["count"]) for row in rows] == [(A, B, 3)]
    assert rows["occurrence"][0] == occurrence(tested)
    assert rows["utc_ns"][0] == last
    assert tested.counter("transitions_deferred") == 8


def test_a_command_finds_what_waited_before_it() -> None:
    tested = plant()
    filler = np.zeros(tested.transitions.capacity, s.TRANSITION)
    tested.transitions.push(filler)
    tested.scan(pv=81.0)
    tested.transitions.pop(10_000)
    tested.command(s.ACKNOWLEDGE, occurrence=occurrence(tested))
    tested.scan(pv=81.0)
    rows = tested.transitions.pop(10)
    assert [(letter(row["before"]), letter(row["after"])) for row in rows] == [(A, B), (B, C)]


def test_many_alarms_of_which_a_few_change() -> None:
    tags = {f"t{n}": {"stale_after": "1 h"} for n in range(700)}
    alarms = {f"a{n}": {"tag": f"u/t{n}", "type": "high", "limit": 10} for n in range(700)}
    tested = Plant(site(tags, armed=False, alarms=alarms))
    for n in range(200):
        tested.sample(f"t{n}", 0.0)
    tested.scan()
    tested.scan(t0=11.0, t3=11.0, t255=11.0, t256=11.0, t699=11.0)
    assert sorted(tested.transitions.pop(100)["index"].tolist()) == [0, 3, 255, 256, 699]
    assert np.flatnonzero(tested.state.alarms.hot).tolist() == [0, 3, 255, 256, 699]
