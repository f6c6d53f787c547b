"""Forced and simulated tags: the value, its mark, what lies under it, and its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control import signal as s
from control.actuation_layout import OVERRIDE_LIMIT
from control.actuation_signal import (
    BY_COMMAND,
    BY_DISARMING,
    BY_EXPIRY,
    FORCE,
    KIND_OVERRIDE,
    OVERRIDE_FORCED,
    OVERRIDE_NONE,
    OVERRIDE_SIMULATED,
    REFUSED_FORCED,
    REFUSED_NO_ROOM,
    REFUSED_NOT_OVERRIDDEN,
    REFUSED_NOT_SIMULATED,
    RELEASE,
    SIMULATE,
)
from control.carry.held import Held
from control.carry.roster import call_roll
from control.carry.transfer import Transfer, carry_over
from tests.unit.control.loop_plant import LOOP
from tests.unit.control.plant import Plant, answered, site

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"low": 0, "high": 100, "stale_after": "2 s"},
    "other": {},
    "level": {"scaling": {"raw_low": 0, "raw_high": 4000, "low": 0, "high": 100, "clamp": True}},
    "out": {"access": "write", "low": 0, "high": 100},
    "stirrer": {"access": "read_write", "low": 0, "high": 10},
    "trip": {"kind": "bool"},
}


def plant(armed: bool = True, **loop: Any) -> Plant:
    interlocks = {"stop": {"when": "u/trip", "force": {"u/out": 12}, "on_bad": False}}
    calculations = {"twice": {"expression": "2 * u/pv"}}
    of = site(TAGS, armed=armed, loops={"l": LOOP | loop}, interlocks=interlocks, calculations=calculations)
    tested = Plant(of)
    tested.scan(20, pv=45.0, other=1.0, level=2000.0, stirrer=3.0, trip=0.0)
    for ring in (tested.outputs, tested.transitions, tested.reports):
        ring.pop(10_000)
    return tested


def force(tested: Plant, tag: str, value: float, seconds: float = 60.0, kind: int = FORCE) -> Any:
    return tested.ask(kind, tested.tag(tag), value, value2=seconds)


def ends(tested: Plant) -> list[tuple[int, int, int]]:
    rows = tested.transitions.pop(1000)
    return [(int(r["index"]), int(r["before"]), int(r["cause"])) for r in rows if r["kind"] == KIND_OVERRIDE]


def test_a_forced_input_has_its_value_and_its_mark_whatever_the_device_says() -> None:
    tested = plant()
    row = force(tested, "pv", 80.0)
    assert (row["kind"], row["before"], row["after"]) == (KIND_OVERRIDE, OVERRIDE_NONE, OVERRIDE_FORCED)
    assert row["onset_ns"] == tested.utc_ns + 60 * 10**9
    tested.scan(5, pv=46.0)
    assert (tested.value("pv"), tested.quality("pv")) == (80.0, s.FORCED)
    assert {(r["value"], r["quality"]) for r in tested.reported("pv")} == {(80.0, s.FORCED)}
    assert (tested.value("twice"), tested.quality("twice") & s.FORCED) == (160.0, s.FORCED)


def test_a_forced_input_does_not_go_stale_and_keeps_its_heartbeat() -> None:
    tested = plant()
    force(tested, "pv", 80.0, 3600.0)
    tested.scan(700)
    assert (tested.value("pv"), tested.quality("pv")) == (80.0, s.FORCED)
    assert len(tested.reported("pv")) > 1


def test_what_the_device_said_last_comes_back() -> None:
    tested = plant()
    force(tested, "pv", 80.0)
    tested.scan(1, pv=47.0)
    tested.reports.pop(1000)
    assert tested.ask(RELEASE, tested.tag("pv"))["after"] == OVERRIDE_NONE
    assert (tested.value("pv"), tested.quality("pv")) == (47.0, s.GOOD)
    assert [(r["value"], r["quality"]) for r in tested.reported("pv")] == [(47.0, s.GOOD)]
    assert tested.counter("overrides") == 0


def test_a_device_that_fell_silent_meanwhile_is_stale_at_the_end() -> None:
    tested = plant()
    force(tested, "pv", 80.0, 10.0)
    tested.scan(110)
    assert ends(tested) == [(tested.tag("pv"), OVERRIDE_FORCED, BY_EXPIRY)]
    assert tested.quality("pv") >= s.BAD
    assert tested.quality("pv") & s.STALE


def test_it_ends_by_monotonic_time() -> None:
    tested = plant()
    force(tested, "pv", 80.0, 5.0)
    tested.utc_ns += 3_600 * 10**9
    tested.scan(48, pv=46.0)
    assert tested.quality("pv") == s.FORCED
    tested.scan(4, pv=46.0)
    assert (tested.value("pv"), tested.quality("pv")) == (46.0, s.GOOD)


def test_a_longer_one_in_its_place() -> None:
    tested = plant()
    force(tested, "pv", 80.0, 1.0)
    row = force(tested, "pv", 70.0, 60.0)
    assert (row["before"], row["after"]) == (OVERRIDE_FORCED, OVERRIDE_FORCED)
    tested.scan(20, pv=46.0)
    assert tested.value("pv") == 70.0
    assert tested.counter("overrides") == 1


def test_a_simulated_value_passes_what_a_device_would_pass() -> None:
    tested = plant()
    row = force(tested, "level", 130.0, kind=SIMULATE)
    assert row["after"] == OVERRIDE_SIMULATED
    tested.scan(3, level=2000.0)
    assert tested.value("level") == 100.0
    assert tested.quality("level") == s.SIMULATED | s.CLAMPED
    force(tested, "pv", 130.0, kind=SIMULATE)
    tested.scan(30)
    assert tested.value("pv") == 130.0
    assert tested.quality("pv") == s.SIMULATED | s.UNCERTAIN | s.RANGE
    tested.ask(RELEASE, tested.tag("level"))
    assert (tested.value("level"), tested.quality("level")) == (50.0, s.GOOD)


def test_a_loop_acts_on_a_simulated_pv() -> None:
    tested = plant()
    before = tested.value("l.op")
    force(tested, "pv", 10.0, kind=SIMULATE)
    tested.scan(50)
    assert tested.value("l.op") > before + 5.0


def test_a_forced_output_is_written_and_its_loop_follows_without_a_bump() -> None:
    tested = plant()
    force(tested, "out", 33.0)
    tested.scan(100, pv=45.0)
    assert set(tested.written("out")) == {33.0}
    assert (tested.value("out"), tested.quality("out")) == (33.0, s.SUBSTITUTE | s.FORCED)
    assert tested.value("l.mode") == s.MODE_TRACKING
    assert answered(tested.ask(s.SET_MODE, 0, s.MODE_MANUAL)) == 0
    assert answered(tested.ask(s.SET_OUTPUT, 0, 50.0)) == REFUSED_FORCED
    tested.ask(s.SET_MODE, 0, s.MODE_AUTO)
    tested.outputs.pop(1000)
    tested.ask(RELEASE, tested.tag("out"))
    tested.scan(1, pv=45.0)
    assert tested.written("out")[0] == pytest.approx(33.0, abs=1.0)


@pytest.mark.parametrize("mode", [s.MODE_MANUAL, s.MODE_OUT_OF_SERVICE])
def test_at_the_end_an_output_in_manual_or_out_of_service_goes_back(mode: int) -> None:
    tested = plant()
    tested.ask(s.SET_MODE, 0, s.MODE_MANUAL)
    tested.ask(s.SET_OUTPUT, 0, 21.0)
    tested.scan(5, pv=45.0)
    tested.ask(s.SET_MODE, 0, mode)
    force(tested, "out", 60.0, 2.0)
    tested.scan(5, pv=45.0)
    assert tested.written("out")[-1] == 60.0
    tested.scan(30, pv=45.0)
    assert tested.written("out")[-1] == 21.0
    assert tested.value("l.mode") == mode


def test_an_output_that_is_read_back_shows_what_it_does_with_the_mark() -> None:
    tested = plant()
    force(tested, "stirrer", 7.0)
    assert tested.quality("stirrer") & s.FORCED
    tested.scan(3, stirrer=6.5)
    assert tested.written("stirrer")[-1] == 7.0
    assert (tested.value("stirrer"), tested.quality("stirrer")) == (6.5, s.FORCED)
    tested.ask(RELEASE, tested.tag("stirrer"))
    tested.scan(3, stirrer=3.0)
    assert tested.quality("stirrer") == s.GOOD
    assert tested.written("stirrer")[-1] == 3.0


def test_an_interlock_goes_before_a_person() -> None:
    tested = plant()
    force(tested, "out", 33.0)
    tested.scan(5, trip=1.0)
    assert tested.written("out")[-1] == 12.0
    tested.scan(5, trip=0.0)
    assert tested.written("out")[-1] == 33.0


def test_disarming_ends_a_forced_output_at_its_safe_value() -> None:
    tested = plant()
    force(tested, "out", 33.0)
    tested.outputs.pop(1000)
    tested.ask(s.ARM, value=0)
    tested.scan(3)
    assert tested.written("out") == [5.0]
    tested.ask(s.ARM, value=1)
    tested.scan(3, pv=45.0)
    assert 33.0 not in tested.written("out")
    assert tested.counter("overrides") == 0


def test_disarming_tells_that_the_force_ended() -> None:
    tested = plant()
    force(tested, "out", 33.0)
    tested.command(s.ARM, value=0.0)
    tested.scan(2)
    assert ends(tested) == [(tested.tag("out"), OVERRIDE_FORCED, BY_DISARMING)]


def test_refusals() -> None:
    tested = plant()
    assert answered(force(tested, "twice", 1.0)) == REFUSED_NOT_SIMULATED
    assert answered(force(tested, "out", 1.0, kind=SIMULATE)) == REFUSED_NOT_SIMULATED
    assert answered(force(tested, "pv", 1.0, 0.0)) == s.REFUSED_INVALID
    assert answered(force(tested, "out", 101.0)) == s.REFUSED_RANGE
    assert answered(tested.ask(FORCE, 10_000, 1.0, value2=1.0)) == s.REFUSED_INVALID
    assert answered(tested.ask(RELEASE, tested.tag("pv"))) == REFUSED_NOT_OVERRIDDEN
    assert answered(force(plant(armed=False), "out", 1.0)) == s.REFUSED_DISARMED


def test_the_table_is_bounded_and_says_so() -> None:
    many: dict[str, dict[str, Any]] = {f"t{n}": {} for n in range(OVERRIDE_LIMIT + 1)}
    tested = Plant(site(many))
    for n in range(OVERRIDE_LIMIT):
        assert answered(force(tested, f"t{n}", 1.0, 1e6)) == 0
    assert answered(force(tested, f"t{OVERRIDE_LIMIT}", 1.0)) == REFUSED_NO_ROOM
    tested.ask(RELEASE, tested.tag("t7"))
    assert answered(force(tested, f"t{OVERRIDE_LIMIT}", 1.0)) == 0


def test_an_end_is_announced_when_there_is_room() -> None:
    tested = plant()
    force(tested, "pv", 80.0, 1.0)
    room = tested.transitions.capacity
    tested.transitions.push(np.zeros(room, s.TRANSITION))
    tested.scan(20, pv=46.0)
    assert tested.value("pv") == 46.0
    assert tested.counter("overrides") == 1
    tested.transitions.pop(10_000)
    tested.scan(1, pv=46.0)
    assert ends(tested) == [(tested.tag("pv"), OVERRIDE_FORCED, BY_EXPIRY)]
    assert tested.counter("overrides") == 0


def carried(before: Plant, after: Plant, how: Transfer) -> None:
    old, new = (
        Held(call_roll(p.site, p.state, p.tables.expressions), p.tables.arena.arrays())
        for p in (before, after)
    )
    carry_over(old, new, after.state, how, offset_ns=0, now_ns=before.now_ns)
    after.now_ns, after.utc_ns = before.now_ns, before.utc_ns


def another(**change: dict[str, Any]) -> Plant:
    """Return a plant with another tag before the others, and changed definitions."""
    tags = {
        name: {"address": {"address": number}} | tag | change.get(name, {})
        for number, (name, tag) in enumerate(TAGS.items())
    }
    return Plant(site({"new": {"address": {"address": 99}}} | tags))


def test_under_another_configuration_it_goes_on_where_its_tag_is_the_same() -> None:
    tested, other = plant(), another(level={"filter_time": "5 s"})
    force(tested, "pv", 80.0, 10.0)
    force(tested, "out", 33.0, 10.0)
    force(tested, "level", 99.0, 10.0)
    carried(tested, other, Transfer.CHANGE)
    other.scan(3, pv=46.0, level=2000.0)
    assert (other.value("pv"), other.quality("pv")) == (80.0, s.FORCED)
    assert (other.value("out"), other.quality("out")) == (33.0, s.SUBSTITUTE | s.FORCED)
    assert other.value("level") < 90.0
    assert other.counter("overrides") == 2
    other.transitions.pop(1000)
    other.scan(110, pv=46.0)
    assert (other.value("pv"), other.counter("overrides")) == (46.0, 0)
    assert sorted(ends(other)) == sorted(
        (other.tag(name), OVERRIDE_FORCED, BY_EXPIRY) for name in ("pv", "out")
    )


def test_it_ends_with_the_process() -> None:
    tested, other = plant(), another()
    force(tested, "pv", 80.0, 10.0)
    carried(tested, other, Transfer.RESTART)
    other.scan(3, pv=46.0)
    assert (other.value("pv"), other.quality("pv"), other.counter("overrides")) == (46.0, s.GOOD, 0)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("force"), st.floats(0, 100), st.floats(0.05, 2.0)),
        st.tuples(st.just("simulate"), st.floats(0, 100), st.floats(0.05, 2.0)),
        st.tuples(st.just("release"), st.just(0.0), st.just(1.0)),
        st.tuples(st.just("sample"), st.floats(0, 100), st.just(1.0)),
    ),
    max_size=30,
)


@given(_STEPS)
@settings(max_examples=60)
def test_whatever_happens_the_mark_and_the_count_agree_and_every_begin_has_its_end(steps: Any) -> None:
    tested, device, open_ones = plant(), 45.0, 0
    kinds = {"force": FORCE, "simulate": SIMULATE, "release": RELEASE}
    for step, value, seconds in steps:
        if step == "sample":
            device = value
            tested.scan(1, pv=device)
        else:
            tested.command(kinds[step], tested.tag("pv"), value, value2=seconds)
            tested.scan(1, pv=device)
        for row in tested.transitions.pop(1000):
            if row["kind"] == KIND_OVERRIDE:
                open_ones += int(row["before"] == OVERRIDE_NONE) - int(row["after"] == OVERRIDE_NONE)
                assert row["cause"] in (BY_COMMAND, BY_EXPIRY)
        marked = bool(tested.quality("pv") & (s.FORCED | s.SIMULATED))
        assert open_ones == tested.counter("overrides") == int(marked)
        if not marked:
            assert tested.value("pv") == device
