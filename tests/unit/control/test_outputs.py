"""Outputs and interlocks: what leaves for the devices, in which order, and when not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from control import signal as s
from control.actuation_signal import RETRACT, RETRACT_TOUCHED, RETRACT_UNTOUCHED
from tests.unit.control.plant import Plant, answered, site

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"stale_after": "1 s"},
    "trip": {"kind": "bool", "stale_after": "1 h"},
    "trip_value": {},
    "out": {"access": "write", "low": 0, "high": 100},
    "valve": {"access": "write", "low": 0, "high": 1},
    "beat": {"access": "write"},
}


def plant(**given: Any) -> Plant:
    return Plant(site(TAGS, **{"device": {"watchdog": "u/beat"}} | given))


def test_the_watchdog_counts_armed_or_not() -> None:
    tested = plant(armed=False)
    tested.scan(26)
    rows = tested.outputs.pop(100)
    assert set(rows["reason"]) == {s.OUTPUT_WATCHDOG}
    assert rows["value"].tolist() == [1, 2, 3, 4, 5, 6]
    assert np.diff(rows["scan"]).tolist() == [5] * 5
    assert len(tested.reported("beat")) == 0


def test_the_watchdog_begins_again_within_16_bits() -> None:
    tested = plant()
    tested.scan(1)
    tested.state.counters[0]["beats"] = 32_766
    tested.scan(15)
    assert tested.written("beat")[-3:] == [32_767, 1, 2]


def test_a_watchdog_of_one_bit_toggles() -> None:
    tested = Plant(site(TAGS | {"beat": {"access": "write", "kind": "bool"}}, device={"watchdog": "u/beat"}))
    tested.scan(20)
    assert tested.written("beat") == [1.0, 0.0, 1.0, 0.0]


def test_a_commanded_output() -> None:
    tested = plant()
    answer = tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)
    assert (answer["kind"], answer["index"], answer["value"]) == (s.KIND_DONE, tested.tag("valve"), 1.0)
    rows = tested.outputs.pop(10)
    assert rows[rows["reason"] == s.OUTPUT_COMMAND][["tag", "value"]].tolist() == [(tested.tag("valve"), 1.0)]
    assert (tested.value("valve"), tested.quality("valve")) == (1.0, s.SUBSTITUTE)
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)
    assert tested.written("valve") == [1.0]


def test_refusals_of_writes() -> None:
    loops = {"l": {"pv": "u/pv", "output": "u/out", "kp": 1, "sp": 5}}
    interlocks = {"i": {"when": "u/trip", "force": {"u/valve": 0}}}
    tested = plant(loops=loops, interlocks=interlocks)

    def write(tag: str, value: float) -> int:
        return answered(tested.ask(s.WRITE_TAG, tested.tag(tag), value))

    assert write("out", 1.0) == s.REFUSED_OWNED
    assert write("pv", 1.0) == s.REFUSED_INVALID
    assert write("beat", 1.0) == s.REFUSED_INVALID
    assert write("valve", 1.5) == s.REFUSED_RANGE
    assert answered(tested.ask(s.WRITE_TAG, 10_000, 1.0)) == s.REFUSED_INVALID
    assert answered(tested.ask(s.WRITE_TAG, -1, 1.0)) == s.REFUSED_INVALID
    assert answered(tested.ask(99)) == s.REFUSED_INVALID
    tested.scan(trip=1.0)
    assert write("valve", 1.0) == s.REFUSED_INTERLOCK
    tested.ask(s.ARM, value=0)
    assert write("valve", 1.0) == s.REFUSED_DISARMED


def test_what_an_interlock_forces_is_repeated_for_a_device_that_lost_it() -> None:
    tested = interlocked()
    tested.scan(250, pv=1.0, trip=1.0)
    assert tested.written("valve") == [0.25] * 3
    tested.scan(250, pv=1.0, trip=0.0)
    assert tested.written("valve") == []


def test_what_a_person_writes_is_written_once() -> None:
    tested = plant()
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)
    tested.scan(250)
    assert tested.written("valve") == [1.0]
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)
    assert tested.written("valve") == [1.0]


def retracted(tested: Plant, refused: float, before: float, parameter: int = RETRACT_UNTOUCHED) -> int:
    return answered(tested.ask(RETRACT, tested.tag("valve"), refused, value2=before, parameter=parameter))


def test_a_refused_value_gives_way_to_the_one_before_it_and_nothing_is_sent() -> None:
    tested = plant()
    assert math.isnan(tested.ask(s.WRITE_TAG, tested.tag("valve"), 0.5)["limit"])
    assert tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)["limit"] == 0.5
    assert tested.written("valve") == [0.5, 1.0]
    assert retracted(tested, 1.0, 0.5) == 0
    tested.scan(250)
    assert tested.written("valve") == []
    assert (tested.value("valve"), tested.quality("valve")) == (0.5, s.SUBSTITUTE)
    assert tested.ask(s.WRITE_TAG, tested.tag("valve"), 0.75)["limit"] == 0.5


def test_a_first_value_that_is_refused_leaves_nothing_wanted() -> None:
    tested = plant()
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)
    assert tested.written("valve") == [1.0]
    assert retracted(tested, 1.0, math.nan) == 0
    assert tested.quality("valve") == s.BAD | s.WAITING
    tested.ask(s.ARM, value=0)
    assert tested.written("valve") == []


def test_an_output_that_a_device_did_not_follow_is_left_safe_all_the_same() -> None:
    loops = {"l": {"pv": "u/pv", "output": "u/out", "kp": 1, "sp": 5, "safe_output": 7}}
    tested = plant(loops=loops)
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)
    tested.state.outputs.slots["safe"][tested.state.outputs.slot_of_tag[tested.tag("valve")]] = 0.0
    tested.written("valve")
    assert retracted(tested, 1.0, math.nan, RETRACT_TOUCHED) == 0
    tested.ask(s.ARM, value=0)
    assert tested.written("valve") == [0.0]


def test_only_the_value_that_is_wanted_still_is_taken_back() -> None:
    tested = plant()
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 0.5)
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)
    assert retracted(tested, 0.5, math.nan) == 0
    assert tested.ask(s.WRITE_TAG, tested.tag("valve"), 0.25)["limit"] == 1.0
    assert retracted(tested, 0.5, 0.25, 9) == 0
    assert answered(tested.ask(RETRACT, tested.tag("pv"), 1.0)) == s.REFUSED_INVALID
    assert answered(tested.ask(RETRACT, 10_000, 1.0)) == s.REFUSED_INVALID


def test_a_value_that_is_refused_while_an_interlock_forces_is_not_gone_back_to() -> None:
    tested = interlocked()
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 0.5)
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)
    tested.scan(pv=1.0, trip=1.0)
    assert retracted(tested, 1.0, 0.5) == 0
    tested.scan(pv=1.0, trip=0.0)
    assert tested.written("valve") == [0.5, 1.0, 0.25, 0.5]


def test_a_momentary_tag_is_no_output_of_the_engine() -> None:
    tested = Plant(site(TAGS | {"valve": {"access": "write", "momentary": True}}))
    assert answered(tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)) == s.REFUSED_INVALID


def test_a_full_output_ring_gets_the_newest_value_later() -> None:
    tested = plant()
    tested.outputs.push(np.zeros(tested.outputs.capacity, s.OUTPUT))
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 0.5)
    assert tested.counter("outputs_refused") >= 2
    tested.outputs.pop(100_000)
    tested.scan()
    assert tested.written("valve") == [0.5]


def test_safe_values_wait_for_room() -> None:
    loops = {"l": {"pv": "u/pv", "output": "u/out", "kp": 1, "sp": 5, "safe_output": 7}}
    tested = plant(loops=loops)
    tested.scan(3, pv=1.0)
    tested.outputs.push(np.zeros(tested.outputs.capacity, s.OUTPUT))
    tested.ask(s.ARM, value=0)
    tested.outputs.pop(100_000)
    tested.scan()
    assert tested.written("out") == [7.0]


def test_what_an_interlock_forces_is_left_so() -> None:
    loops = {"l": {"pv": "u/pv", "output": "u/out", "kp": 1, "sp": 5, "safe_output": 7}}
    interlocks = {"i": {"when": "u/trip", "force": {"u/valve": 0.25, "u/out": 3}}}
    tested = plant(loops=loops, interlocks=interlocks)
    tested.scan(3, pv=1.0, trip=1.0)
    tested.outputs.pop(100)
    tested.ask(s.ARM, value=0)
    rows = tested.outputs.pop(100)
    left = rows[rows["reason"] == s.OUTPUT_SAFE][["tag", "value"]].tolist()
    assert left == [(tested.tag("out"), 3.0), (tested.tag("valve"), 0.25)]
    tested.scan(5)
    assert tested.written("out") == []


def interlocked(**given: Any) -> Plant:
    interlock = {"when": "u/trip or u/pv > 90", "force": {"u/valve": 0.25, "u/out": 3}} | given
    tested = plant(interlocks={"i": interlock})
    tested.scan(2, pv=1.0, trip=0.0)
    tested.transitions.pop(10)
    return tested


def test_an_interlock_forces_and_releases() -> None:
    tested = interlocked()
    assert tested.written("valve") == []
    tested.scan(pv=1.0, trip=1.0)
    row = tested.transitions.pop(10)[0]
    assert (row["kind"], row["index"], row["before"], row["after"]) == (s.KIND_INTERLOCK, 0, 0, 1)
    rows = tested.outputs.pop(100)
    forced = rows[rows["reason"] == s.OUTPUT_INTERLOCK]
    assert forced["value"].tolist() == [3.0, 0.25]
    tested.scan(pv=1.0, trip=0.0)
    assert tested.transitions.pop(10)["after"].tolist() == [0]
    assert answered(tested.ask(s.RESET, parameter=1)) == s.REFUSED_STATE


def test_an_output_without_a_loop_goes_back_to_what_was_wanted_before() -> None:
    tested = interlocked()
    tested.ask(s.WRITE_TAG, tested.tag("valve"), 0.75)
    tested.scan(pv=1.0, trip=1.0)
    assert (tested.value("valve"), tested.quality("valve")) == (0.25, s.SUBSTITUTE | s.FORCED)
    tested.scan(pv=1.0, trip=0.0)
    rows = tested.outputs.pop(100)
    rows = rows[rows["tag"] == tested.tag("valve")]
    assert rows["value"].tolist() == [0.75, 0.25, 0.75]
    assert rows["reason"].tolist() == [s.OUTPUT_COMMAND, s.OUTPUT_INTERLOCK, s.OUTPUT_RESUMED]
    assert (tested.value("valve"), tested.quality("valve")) == (0.75, s.SUBSTITUTE)


def test_an_output_that_nobody_wanted_goes_back_to_where_it_stood() -> None:
    tags = TAGS | {"out": {"access": "read_write", "low": 0, "high": 100, "stale_after": "1 h"}}
    interlocks = {"i": {"when": "u/trip", "force": {"u/out": 3, "u/valve": 1}}}
    tested = Plant(site(tags, interlocks=interlocks))
    tested.scan(2, out=40.0, trip=0.0)
    tested.scan(out=40.0, trip=1.0)
    tested.scan(out=3.0, trip=0.0)
    rows = tested.outputs.pop(100)
    assert rows["value"][rows["tag"] == tested.tag("out")].tolist() == [3.0, 40.0]
    assert rows["value"][rows["tag"] == tested.tag("valve")].tolist() == [1.0]


def test_what_was_only_withheld_at_the_start_is_not_gone_back_to() -> None:
    tags = TAGS | {"out": {"access": "read_write", "low": 0, "high": 100, "stale_after": "1 h"}}
    tested = Plant(site(tags, interlocks={"i": {"when": "u/trip", "force": {"u/out": 3}}}))
    tested.scan(2, out=40.0)
    tested.scan(2, out=60.0, trip=0.0)
    assert tested.written("out") == []
    tested.scan(out=60.0, trip=1.0)
    tested.scan(out=3.0, trip=0.0)
    assert tested.written("out") == [3.0, 60.0]


def test_a_latched_interlock_stays_until_it_is_reset() -> None:
    tested = interlocked(latched=True)
    tested.scan(pv=1.0, trip=1.0)
    assert answered(tested.ask(s.RESET, parameter=1)) == s.REFUSED_STATE
    tested.scan(5, pv=1.0, trip=0.0)
    assert answered(tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)) == s.REFUSED_INTERLOCK
    row = tested.ask(s.RESET, parameter=1)
    assert (row["kind"], row["before"], row["after"]) == (s.KIND_INTERLOCK, 1, 0)
    assert answered(tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)) == 0
    assert answered(tested.ask(s.RESET, index=9, parameter=1)) == s.REFUSED_INVALID


def test_a_condition_that_cannot_be_judged_acts() -> None:
    tested = interlocked()
    tested.sample("pv", math.nan, s.BAD | s.SENSOR)
    tested.scan()
    assert tested.transitions.pop(10)["after"].tolist() == [1]
    tested = interlocked(on_bad=False)
    tested.sample("pv", math.nan, s.BAD | s.SENSOR)
    tested.scan()
    assert len(tested.transitions.pop(10)) == 0


def test_a_start_trips_nothing_but_a_value_that_does_not_come_does() -> None:
    interlock = {"when": "u/pv > 90", "force": {"u/valve": 0.25}, "latched": True}
    tested = plant(interlocks={"i": interlock})
    tested.scan(5)
    assert tested.written("valve") == []
    assert answered(tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)) == s.REFUSED_INTERLOCK
    assert (tested.transitions.pop(10)["kind"] != s.KIND_INTERLOCK).all()
    tested.scan(10)
    assert (tested.transitions.pop(10)["kind"] == s.KIND_INTERLOCK).tolist() == [True]
    assert tested.written("valve") == [0.25]


def test_of_two_interlocks_the_first_wins() -> None:
    interlocks = {
        "one": {"when": "u/trip", "force": {"u/valve": 0.25}},
        "two": {"when": "u/pv > 90", "force": {"u/valve": 0.75}},
    }
    tested = plant(interlocks=interlocks)
    tested.scan(pv=99.0, trip=0.0)
    assert tested.written("valve") == [0.75]
    tested.scan(pv=99.0, trip=1.0)
    assert tested.written("valve") == [0.25]


def test_unarmed_interlocks_are_announced_and_write_nothing() -> None:
    interlock = {"when": "u/trip", "force": {"u/valve": 0.25}}
    tested = plant(armed=False, interlocks={"i": interlock})
    tested.scan(trip=1.0)
    assert tested.transitions.pop(10)["kind"].tolist() == [s.KIND_INTERLOCK]
    assert tested.written("valve") == []
    tested.ask(s.ARM, value=1)
    assert tested.written("valve") == [0.25]


def test_calculations_reach_loops_and_alarms_in_the_same_scan() -> None:
    tested = plant(
        calculations={"twice": {"expression": "2 * u/pv"}, "more": {"expression": "u/twice + 1"}},
        alarms={"a": {"tag": "u/more", "type": "high", "limit": 21}},
    )
    tested.scan(pv=10.0)
    assert tested.value("more") == 21.0
    kinds = tested.transitions.pop(10)["kind"].tolist()
    assert s.KIND_ALARM in kinds
    assert tested.reported("more")["value"].tolist() == [21.0]


def test_a_division_by_zero_is_bad_quality_and_no_more() -> None:
    tested = plant(
        calculations={"ratio": {"expression": "u/pv / u/trip_value"}},
        alarms={"a": {"tag": "u/ratio", "type": "high", "limit": 21}},
    )
    with np.errstate(divide="ignore"):  # interpreted code would warn
        tested.scan(3, pv=10.0, trip_value=0.0)
    assert tested.quality("ratio") >= s.BAD
    assert math.isnan(tested.value("ratio"))
    tested.scan(pv=10.0, trip_value=2.0)
    assert (tested.value("ratio"), tested.quality("ratio")) == (5.0, s.GOOD)
