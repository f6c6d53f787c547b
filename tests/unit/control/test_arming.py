"""Writes are off per gateway and per device until armed; with writes off a loop follows its device."""

from __future__ import annotations

from typing import Any

import pytest

from control import signal as s
from control.actuation_layout import HELD_OUT_OF_SERVICE, HELD_WITHOUT_LEASE
from control.actuation_signal import ARM_DEVICE, KIND_DEVICE_ARMED, REFUSED_DEVICE_OFF
from tests.unit.control.loop_plant import LOOP, TAGS, output
from tests.unit.control.plant import Plant, answered, site

READABLE: dict[str, dict[str, Any]] = TAGS | {
    "out": {"access": "read_write", "low": 0, "high": 100, "stale_after": "1 h"},
    "valve": {"access": "write", "low": 0, "high": 1},
    "beat": {"access": "write"},
}


def plant(**device: Any) -> Plant:
    interlocks = {"stop": {"when": "u/trip", "force": {"u/out": 12}, "on_bad": False}}
    given = {"watchdog": "u/beat"} | device
    return Plant(site(READABLE, device=given, loops={"l": LOOP}, interlocks=interlocks))


def running(**device: Any) -> Plant:
    tested = plant(**device)
    tested.scan(30, pv=45.0, trip=0.0, out=30.0)
    tested.outputs.pop(1000)
    tested.transitions.pop(1000)
    return tested


def arm(tested: Plant, value: int) -> Any:
    return tested.ask(ARM_DEVICE, 0, value)


def test_a_device_whose_writes_are_configured_off_gets_nothing_and_its_loop_follows_it() -> None:
    tested = running(writes_armed=False)
    tested.scan(300, pv=20.0, trip=0.0, out=30.0)
    assert len(tested.outputs.pop(1000)) == 0
    assert output(tested) == 30.0
    assert tested.value("l.mode") == s.MODE_TRACKING
    assert answered(tested.ask(s.WRITE_TAG, tested.tag("valve"), 1.0)) == REFUSED_DEVICE_OFF
    tested.ask(s.SET_MODE, 0, s.MODE_MANUAL)
    assert answered(tested.ask(s.SET_OUTPUT, 0, 50.0)) == REFUSED_DEVICE_OFF


def test_it_takes_over_without_a_bump_when_it_is_armed() -> None:
    tested = running(writes_armed=False)
    tested.scan(300, pv=20.0, trip=0.0, out=30.0)
    row = arm(tested, 1)
    assert (row["kind"], row["before"], row["after"]) == (KIND_DEVICE_ARMED, 0, 1)
    tested.scan(2, pv=20.0, trip=0.0, out=30.0)
    written = tested.written("out")
    assert written[0] == pytest.approx(30.0, abs=1.0)
    assert tested.value("l.mode") == s.MODE_AUTO


def test_disarming_a_device_leaves_its_outputs_safe_and_stops_even_its_watchdog() -> None:
    tested = running()
    assert arm(tested, 0)["kind"] == KIND_DEVICE_ARMED
    rows = tested.outputs.pop(1000)
    assert rows[rows["tag"] == tested.tag("out")][["value", "reason"]].tolist() == [(5.0, s.OUTPUT_SAFE)]
    tested.scan(100, pv=45.0, trip=0.0, out=5.0)
    assert len(tested.outputs.pop(1000)) == 0
    assert output(tested) == 5.0
    assert arm(tested, 0)["kind"] == s.KIND_DONE


def test_an_interlock_does_not_write_to_a_device_whose_writes_are_off() -> None:
    tested = running()
    arm(tested, 0)
    tested.outputs.pop(1000)
    tested.scan(10, pv=45.0, trip=1.0, out=5.0)
    assert len(tested.outputs.pop(1000)) == 0
    assert output(tested) == 5.0


def test_a_device_taken_out_of_service_is_left_at_its_safe_values() -> None:
    tested = running()
    tested.hold(HELD_OUT_OF_SERVICE)
    tested.scan()
    assert tested.written("out") == [5.0]
    tested.hold(0)
    tested.scan(3, pv=45.0, trip=0.0, out=5.0)
    assert len(tested.written("out")) > 0


def test_without_its_lease_nothing_leaves_any_more_not_even_a_safe_value() -> None:
    tested = running()
    tested.hold(HELD_WITHOUT_LEASE)
    tested.scan(50, pv=45.0, trip=0.0, out=77.0)
    assert len(tested.outputs.pop(1000)) == 0
    assert output(tested) == 77.0
    tested.ask(s.ARM, value=0)
    tested.scan(5)
    assert len(tested.outputs.pop(1000)) == 0


def test_a_sign_of_life_is_still_one() -> None:
    tested = running()
    tested.alive()
    tested.scan(2, pv=45.0)
    assert len(tested.written("out")) > 0


def test_there_is_no_such_device() -> None:
    tested = running()
    assert answered(tested.ask(ARM_DEVICE, 1, 1.0)) == s.REFUSED_INVALID
    assert answered(tested.ask(ARM_DEVICE, -1, 1.0)) == s.REFUSED_INVALID
