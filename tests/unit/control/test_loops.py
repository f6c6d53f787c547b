"""Loops in the scan: arming, modes, bad PVs, forces, periods. Every transfer without a bump."""

from __future__ import annotations

import math

import pytest

from control import signal as s
from tests.unit.control.loop_plant import output, plant, running
from tests.unit.control.plant import answered


def test_nothing_is_written_before_it_is_armed() -> None:
    tested = plant(armed=False)
    tested.scan(20, pv=45.0, trip=0.0)
    assert tested.written("out") == []
    assert output(tested) == 5.0
    assert tested.quality("l.op") == s.UNCERTAIN | s.SUBSTITUTE
    answer = tested.ask(s.ARM, value=1)
    assert (answer["kind"], answer["before"], answer["after"]) == (s.KIND_ARMED, 0, 1)
    tested.scan(2, pv=45.0)
    assert tested.written("out")[0] == pytest.approx(5.0, abs=2 * 2 * 5 * 0.1 / 20)
    assert tested.quality("l.op") == s.GOOD


def test_armed_by_the_configuration_it_waits_for_a_good_pv() -> None:
    tested = plant()
    tested.scan(5)
    tested.sample("pv", math.nan, s.BAD | s.SENSOR)
    tested.scan(5)
    assert tested.written("out") == []
    tested.scan(3, pv=45.0, trip=0.0)
    assert tested.written("out")[0] == 5.0


def test_it_takes_over_from_what_the_actuator_does() -> None:
    tested = plant(out={"access": "read_write", "low": 0, "high": 100})
    tested.scan(4, out=33.0)
    tested.scan(3, pv=45.0, out=33.0, trip=0.0)
    first = tested.written("out")
    assert first[0] == 33.0
    assert first[1] == pytest.approx(33.0, abs=2 * 2 * 5 * 0.1 / 20)


def test_disarming_pushes_the_safe_value_once_and_then_nothing() -> None:
    tested = running()
    assert answered(tested.ask(s.ARM, value=0)) == 0
    tested.scan(10, pv=45.0)
    rows = tested.outputs.pop(100)
    assert rows["value"].tolist() == [5.0]
    assert rows["reason"].tolist() == [s.OUTPUT_SAFE]
    assert tested.ask(s.ARM, value=0)["kind"] == s.KIND_DONE


def test_manual_and_back_without_a_bump() -> None:
    tested = running()
    before = output(tested)
    answer = tested.ask(s.SET_MODE, value=s.MODE_MANUAL)
    assert (answer["kind"], answer["before"], answer["after"]) == (s.KIND_MODE, s.MODE_AUTO, s.MODE_MANUAL)
    assert output(tested) == before
    assert tested.value("l.mode") == s.MODE_MANUAL
    assert answered(tested.ask(s.SET_OUTPUT, value=60.0)) == 0
    tested.scan(50, pv=40.0)
    assert output(tested) == 60.0
    assert answered(tested.ask(s.SET_MODE, value=s.MODE_AUTO)) == 0
    assert output(tested) == pytest.approx(60.0, abs=1.01 * 2 * 10 * 0.1 / 20)


@pytest.mark.parametrize(
    ("kind", "value", "cause"),
    [
        (s.SET_POINT, 100.5, s.REFUSED_RANGE),
        (s.SET_POINT, math.nan, s.REFUSED_INVALID),
        (s.SET_OUTPUT, 10.0, s.REFUSED_MODE),
        (s.SET_MODE, 7.0, s.REFUSED_INVALID),
        (s.SET_TUNING, -1.0, s.REFUSED_RANGE),
    ],
)
def test_refusals(kind: int, value: float, cause: int) -> None:
    tested = running()
    assert answered(tested.ask(kind, value=value, parameter=s.TUNE_KP)) == cause
    assert answered(tested.ask(kind, index=1, value=1.0)) == s.REFUSED_INVALID


def test_output_of_a_loop_in_manual_has_limits_and_interlocks() -> None:
    tested = running(mode="manual")
    assert answered(tested.ask(s.SET_OUTPUT, value=101.0)) == s.REFUSED_RANGE
    tested.scan(trip=1.0)
    assert answered(tested.ask(s.SET_OUTPUT, value=50.0)) == s.REFUSED_INTERLOCK
    answered(tested.ask(s.ARM, value=0))
    assert answered(tested.ask(s.SET_OUTPUT, value=50.0)) == s.REFUSED_DISARMED


def test_an_operator_can_drive_the_output_with_a_bad_pv() -> None:
    tested = plant(mode="manual")
    tested.scan(2)
    assert answered(tested.ask(s.SET_OUTPUT, value=50.0)) == 0
    assert tested.written("out") == [50.0]


def test_set_point_change_is_announced_with_the_one_before() -> None:
    answer = (tested := running()).ask(s.SET_POINT, value=70.0)
    assert answer["kind"] == s.KIND_SET_POINT
    assert (answer["value"], answer["limit"]) == (70.0, 50.0)
    assert tested.value("l.sp") == 70.0


@pytest.mark.parametrize("on_bad", ["hold", "safe", "manual"])
@pytest.mark.parametrize(("value", "quality"), [(math.nan, s.BAD | s.SENSOR), (80.0, s.BAD | s.COMM)])
def test_bad_pv(on_bad: str, value: float, quality: int) -> None:
    tested = running(on_bad_pv=on_bad)
    before = output(tested)
    for _ in range(9):
        tested.sample("pv", value, quality)
        tested.scan()
        assert output(tested) == before
    for _ in range(5):
        tested.sample("pv", value, quality)
        tested.scan()
    assert output(tested) == (5.0 if on_bad == "safe" else before)
    assert tested.value("l.mode") == (s.MODE_MANUAL if on_bad == "manual" else s.MODE_AUTO)
    modes = [row for row in tested.transitions.pop(100) if row["kind"] == s.KIND_MODE]
    assert len(modes) == (1 if on_bad == "manual" else 0)
    assert answered(tested.ask(s.SET_MODE, value=s.MODE_AUTO)) == (s.REFUSED_MODE if modes else 0)
    held = output(tested)
    tested.scan(pv=45.0)
    assert output(tested) == pytest.approx(held, abs=1.01 * 2 * 5 * 0.1 / 20)


def test_uncertain_is_usable() -> None:
    tested = running(on_bad_pv="safe")
    before = output(tested)
    for _ in range(30):
        tested.sample("pv", 45.0, s.UNCERTAIN | s.SENSOR)
        tested.scan()
    assert output(tested) > before


def test_a_force_acts_at_once_and_leaves_without_a_bump() -> None:
    tested = running(out_rate=1)
    tested.scan(trip=1.0)
    assert output(tested) == 12.0
    assert tested.quality("l.op") == s.GOOD | s.FORCED
    rows = tested.outputs.pop(100)
    assert (rows["value"][-1], rows["reason"][-1]) == (12.0, s.OUTPUT_INTERLOCK)
    tested.scan(50, pv=20.0, trip=1.0)
    assert output(tested) == 12.0
    tested.scan(pv=20.0, trip=0.0)
    assert output(tested) == pytest.approx(12.0, abs=0.1001)


def test_a_force_reaches_an_output_whose_loop_is_not_due() -> None:
    tested = running(period="10 s")
    tested.scan(trip=1.0)
    assert tested.written("out")[-1] == 12.0
    tested.scan(trip=0.0)
    assert tested.written("out") == []
