"""Limit alarms through their life, against the clock, the quality and a full ring."""

from __future__ import annotations

import math

import numpy as np
import pytest

from control import signal as s
from control.alarm_states import MEANINGS, NEXT, NO_STEP, STEPS, AlarmState, Trigger
from tests.unit.control.alarm_plant import acknowledge, occurrence, plant, state
from tests.unit.control.plant import Plant, answered, site

A, B, C, D, E, F = AlarmState


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
        seen.append(int(MEANINGS[state(tested)].active))
    assert seen == active


def act(tested: Plant, trigger: Trigger) -> int:
    """Make something happen to the alarm; return 0, or the cause of a refusal."""
    if trigger is Trigger.RAISE:
        tested.scan(pv=81.0)
    elif trigger is Trigger.CLEAR:
        tested.scan(pv=70.0)
    elif trigger is Trigger.ACKNOWLEDGE:
        return acknowledge(tested)
    else:
        return answered(tested.ask(s.RESET))
    return 0


def path_to(goal: AlarmState, latching: bool) -> list[Trigger] | None:
    """Return the shortest way from normal to a state by the table, or None where there is none."""
    paths: dict[AlarmState, list[Trigger]] = {A: []}
    pending = [A]
    for state_now in pending:
        for step in STEPS:
            if step.before == state_now and step.latching in (None, latching) and step.after not in paths:
                paths[step.after] = [*paths[state_now], step.trigger]
                pending.append(step.after)
    return paths.get(goal)


@pytest.mark.parametrize("latching", [False, True])
@pytest.mark.parametrize("before", list(AlarmState))
@pytest.mark.parametrize("trigger", list(Trigger))
def test_every_cell_of_the_table(before: AlarmState, trigger: Trigger, latching: bool) -> None:
    path = path_to(before, latching)
    if path is None:
        assert (before, latching) in {(D, True), (E, False), (F, False)}
        return
    tested = plant(latching=latching)
    for earlier in path:
        assert act(tested, earlier) == 0
    assert state(tested) is before
    tested.transitions.pop(100)
    count = tested.counter("occurrences")
    refused = act(tested, trigger)
    after = int(NEXT[before, trigger, int(latching)])
    commanded = trigger in (Trigger.ACKNOWLEDGE, Trigger.RESET)
    if after == NO_STEP:
        assert state(tested) is before
        assert refused == (s.REFUSED_STATE if commanded else 0)
        assert len(tested.transitions.pop(10)) == 0
    else:
        assert state(tested) is AlarmState(after)
        assert refused == 0
        assert commanded or tested.transitions.pop(10)[["before", "after"]].tolist() == [(before, after)]
    new = trigger is Trigger.RAISE and after != NO_STEP
    assert tested.counter("occurrences") == count + (1 if new else 0)


def test_states_of_other_kinds_of_alarms_cannot_be_reached() -> None:
    assert {letter for letter in AlarmState if path_to(letter, False) is None} == {E, F}
    assert {letter for letter in AlarmState if path_to(letter, True) is None} == {D}
    assert path_to(C, True) is not None


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
    assert (row["kind"], row["before"], row["after"]) == (s.KIND_ALARM, B, C)
    assert answered(tested.ask(s.ACKNOWLEDGE, index=5)) == s.REFUSED_INVALID


def test_reset_is_refused_while_the_condition_comes_back() -> None:
    tested = plant(latching=True, on_delay="300 ms")
    tested.scan(5, pv=81.0)
    acknowledge(tested)
    tested.scan(pv=70.0)
    assert state(tested) is F
    tested.scan(pv=81.0)
    assert answered(tested.ask(s.RESET)) == s.REFUSED_STATE
    tested.scan(pv=70.0)
    assert answered(tested.ask(s.RESET)) == 0


def test_the_transition_tells_the_whole_story() -> None:
    tested = plant()
    source_ns = tested.utc_ns - 12_345
    tested.sample("pv", 85.5, source_ns=source_ns)
    tested.scan()
    row = tested.transitions.pop(1)[0]
    assert row["kind"] == s.KIND_ALARM
    assert (row["index"], row["before"], row["after"], row["count"]) == (0, A, B, 1)
    assert (row["value"], row["limit"]) == (85.5, 80.0)
    assert (row["utc_ns"], row["onset_ns"]) == (tested.utc_ns, source_ns)
    assert row["occurrence"] == occurrence(tested) < 2**53
    assert (row["ticket"], row["cause"]) == (0, 0)


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
    assert rows[["before", "after", "count"]].tolist() == [(A, B, 3)]
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
    assert rows[["before", "after"]].tolist() == [(A, B), (B, C)]


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
