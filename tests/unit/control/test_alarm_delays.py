"""Delays of alarms, and what bad quality does to them."""

from __future__ import annotations

import math

import pytest

from control import signal as s
from control.alarm_states import AlarmState
from tests.unit.control.alarm_plant import acknowledge, plant, state
from tests.unit.control.plant import STEP_NS, Plant, site

A, B, C, D, E, F = list(AlarmState)[:6]


def test_on_delay_needs_the_condition_without_a_break() -> None:
    tested = plant(on_delay="500 ms")
    tested.scan(5, pv=81.0)
    tested.scan(1, pv=79.0)
    tested.scan(5, pv=81.0)
    assert state(tested) is A
    tested.scan(1, pv=81.0)
    assert state(tested) is B
    row = tested.transitions.pop(10)[0]
    assert row["utc_ns"] == tested.utc_ns
    assert row["utc_ns"] - row["onset_ns"] == 5 * STEP_NS


def test_off_delay() -> None:
    tested = plant(off_delay="300 ms")
    tested.scan(1, pv=81.0)
    tested.scan(3, pv=70.0)
    tested.scan(1, pv=79.0)
    tested.scan(3, pv=70.0)
    assert state(tested) is B
    tested.scan(1, pv=70.0)
    assert state(tested) is D


def test_delays_are_the_plants() -> None:
    alarm = {"tag": "u/pv", "type": "high", "limit": 80, "on_delay": "10 s"}
    simulation = {"speed": 20, "devices": {"d": {"model": "bioreactor"}}}
    tested = Plant(site({"pv": {}}, alarms={"a": alarm}, simulation=simulation))
    tested.scan(5, pv=90.0)
    assert state(tested) is A
    tested.scan(1, pv=90.0)
    assert state(tested) is B


@pytest.mark.parametrize("bad", [(math.nan, s.GOOD), (0.0, s.BAD | s.SENSOR), (99.0, s.BAD | s.COMM)])
def test_bad_values_hold_the_state_and_stop_the_timers(bad: tuple[float, int]) -> None:
    tested = plant(on_delay="500 ms", off_delay="500 ms")

    def pass_bad(scans: int) -> None:
        for _ in range(scans):
            tested.sample("pv", *bad)
            tested.scan()

    pass_bad(10)
    assert state(tested) is A
    tested.scan(3, pv=81.0)
    pass_bad(20)
    assert state(tested) is A
    tested.scan(2, pv=81.0)
    assert state(tested) is A
    tested.scan(1, pv=81.0)
    assert state(tested) is B
    pass_bad(20)
    tested.scan(3, pv=70.0)
    pass_bad(20)
    tested.scan(2, pv=70.0)
    assert state(tested) is B
    tested.scan(1, pv=70.0)
    assert state(tested) is D


def test_an_alarm_with_a_period_looks_at_its_condition_once_a_period() -> None:
    tested = plant(period="1 s")
    raised = []
    for second in range(1, 6):
        for scan in range(10):
            before = state(tested)
            tested.scan(1, pv=81.0 if second % 2 else 70.0)
            if state(tested) is not before:
                raised.append((second, scan))
    # Once in each second, always at the same place of it.
    assert [second for second, _ in raised] == [1, 2, 3, 4, 5] or len(raised) == 5
    assert len({scan for _, scan in raised}) == 1


def test_what_comes_and_goes_between_two_looks_is_no_alarm() -> None:
    tested = plant(period="1 s")
    while tested.now_ns % 1_000_000_000 != 0:
        tested.scan(1, pv=70.0)
    tested.scan(8, pv=99.0)
    tested.scan(12, pv=70.0)
    assert state(tested) is A
    assert not len(tested.transitions.pop(10))
    tested.scan(10, pv=99.0)
    assert state(tested) is B


def test_delays_of_an_alarm_with_a_period_count_whole_periods_and_rest_with_bad_values() -> None:
    tested = plant(period="1 s", on_delay="3 s")
    while tested.now_ns % 1_000_000_000 != 0:
        tested.scan(1, pv=70.0)
    tested.scan(20, pv=99.0)
    for _ in range(30):
        tested.sample("pv", math.nan, s.GOOD)
        tested.scan()
    assert state(tested) is A
    tested.scan(19, pv=99.0)
    assert state(tested) is A
    tested.scan(1, pv=99.0)
    assert state(tested) is B


def test_timers_of_an_alarms_state_wait_for_no_period_of_its_own() -> None:
    tested = plant(period="60 s", re_alarm="2 s")
    while state(tested) is A:
        tested.scan(1, pv=99.0)
    assert acknowledge(tested) == 0
    assert state(tested) is C
    tested.scan(21, pv=99.0)
    assert state(tested) is B
