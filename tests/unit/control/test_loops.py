"""Loops in the scan: arming, modes, bad PVs, forces, periods. Every transfer without a bump."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from control import signal as s
from tests.unit.control.plant import STEP_NS, Plant, Tags, answered, site

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"low": 0, "high": 100},
    "out": {"access": "write", "low": 0, "high": 100},
    "trip": {"kind": "bool"},
}
LOOP: dict[str, Any] = {
    "pv": "u/pv",
    "output": "u/out",
    "kp": 2.0,
    "ti": "20 s",
    "sp": 50,
    "safe_output": 5,
    "bad_pv_after": "1 s",
}


def plant(armed: bool = True, out: dict[str, Any] | None = None, **loop: Any) -> Plant:
    tags = TAGS | ({"out": out} if out else {})
    interlocks = {"stop": {"when": "u/trip", "force": {"u/out": 12}, "on_bad": False}}
    return Plant(site(tags, armed=armed, loops={"l": LOOP | loop}, interlocks=interlocks))


def running(**loop: Any) -> Plant:
    """Return a plant whose loop has been in auto for a while, away from its limits."""
    tested = plant(**loop)
    tested.scan(30, pv=45.0, trip=0.0)
    tested.outputs.pop(1000)
    tested.transitions.pop(1000)
    return tested


def output(tested: Plant) -> float:
    return float(tested.state.loops.output[0])


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


def test_set_point_ramp_runs_in_plant_time() -> None:
    tags: Tags = {"pv": {"low": 0, "high": 100}, "out": {"access": "write", "low": 0, "high": 100}}
    simulation = {"speed": 5, "devices": {"d": {"model": "bioreactor"}}}
    tested = Plant(site(tags, loops={"l": LOOP | {"sp_rate": 2}}, simulation=simulation))
    tested.scan(2, pv=45.0)
    tested.ask(s.SET_POINT, value=60.0)
    assert tested.value("l.sp") == pytest.approx(50.0 + 2 * 5 * 0.1)
    tested.scan(5)
    assert tested.value("l.sp") == pytest.approx(50.0 + 6 * 2 * 5 * 0.1)
    tested.scan(20)
    assert tested.value("l.sp") == 60.0


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


def test_slow_loops_keep_their_period() -> None:
    tested = plant(period="500 ms")
    executed: list[int] = []
    for _ in range(50):
        tested.scan(pv=45.0, trip=0.0)
        executed.append(int(tested.state.groups[0]["executed_ns"]))
    times = sorted(set(executed))
    assert set(np.diff(times)) == {5 * STEP_NS}


def test_loops_of_several_periods_all_run() -> None:
    tags: Tags = {"pv": {}} | {f"o{n}": {"access": "write", "low": 0, "high": 9} for n in range(6)}
    periods = ["1 s", "100 ms", None, "500 ms", "1 s", "100 ms"]
    loops = {
        f"l{n}": {"pv": "u/pv", "output": f"u/o{n}", "kp": 1, "sp": n} | ({"period": p} if p else {})
        for n, p in enumerate(periods)
    }
    tested = Plant(site(tags, loops=loops))
    assert [int(group["last"] - group["first"]) for group in tested.state.groups] == [3, 1, 2]
    tested.scan(30, pv=0.0)
    assert [tested.value(f"l{n}.sp") for n in range(6)] == list(range(6))
    answer = tested.ask(s.SET_POINT, index=4, value=8.0)
    assert answer["index"] == 4
    assert tested.state.loops.target[tested.row("l4")] == 8.0


@pytest.mark.parametrize(
    ("gap", "counted"), [(0.02, 0.05), (0.05, 0.05), (0.1, 0.1), (0.15, 0.15), (60, 0.2)]
)
def test_the_time_integrated_is_bounded(gap: float, counted: float) -> None:
    tested = running(b=0.0)
    before = float(tested.state.loops.integral[0])
    tested.scan(1, step_ns=round(gap * 1e9), pv=45.0)
    assert tested.state.loops.integral[0] - before == pytest.approx(2 / 20 * counted * 5.0)


def test_tuning_in_auto_does_not_bump() -> None:
    tested = running()
    changes = [
        (s.TUNE_KP, 5.0),
        (s.TUNE_B, 0.2),
        (s.TUNE_TI, 8.0),
        (s.TUNE_TD, 2.0),
        (s.TUNE_N, 5.0),
        (s.TUNE_C, 1.0),
        (s.TUNE_TT, 3.0),
        (s.TUNE_TT, 0.0),
        (s.TUNE_BIAS, 11.0),
        (s.TUNE_TI, 0.0),
    ]
    for parameter, value in changes:
        tested.scan(pv=45.0)
        before = output(tested)
        ticket = tested.command(s.SET_TUNING, value=value, parameter=parameter)
        tested.scan(pv=45.0)
        answer = tested.transitions.pop(10)[0]
        assert (answer["kind"], answer["ticket"], answer["value"]) == (s.KIND_DONE, ticket, value)
        assert output(tested) == pytest.approx(before, abs=1.01 * 5 / 8 * 5 * 0.1)
    assert answered(tested.ask(s.SET_TUNING, value=1.0, parameter=99)) == s.REFUSED_INVALID


def test_tuning_of_a_direct_loop_keeps_its_action() -> None:
    tested = running(action="direct")
    tested.ask(s.SET_TUNING, value=3.0, parameter=s.TUNE_KP)
    assert tested.state.loops.kp[0] == -3.0


def test_times_of_tuning_are_the_plants() -> None:
    tags: Tags = {"pv": {}, "out": {"access": "write", "low": 0, "high": 100}}
    simulation = {"speed": 10, "devices": {"d": {"model": "bioreactor"}}}
    tested = Plant(site(tags, loops={"l": LOOP}, simulation=simulation))
    assert tested.state.loops.row[0]["ti"] == pytest.approx(2.0)
    tested.ask(s.SET_TUNING, value=40.0, parameter=s.TUNE_TI)
    assert tested.state.loops.row[0]["ti"] == pytest.approx(4.0)
    assert tested.state.loops.kt[0] == pytest.approx(1 / 4.0)


def test_mode_change_by_bad_pv_waits_for_room_and_coalesces() -> None:
    tested = running(on_bad_pv="manual")
    filler = np.zeros(tested.transitions.capacity, s.TRANSITION)
    tested.transitions.push(filler)
    for _ in range(15):
        tested.sample("pv", math.nan, s.BAD | s.SENSOR)
        tested.scan()
    assert tested.value("l.mode") == s.MODE_MANUAL
    assert tested.counter("transitions_deferred") > 0
    tested.command(s.SET_MODE, value=s.MODE_AUTO)
    tested.scan(pv=45.0)
    assert tested.counter("commands_deferred") == 1
    assert len(tested.transitions.pop(10_000)) == len(filler)
    tested.scan(pv=45.0)
    rows = tested.transitions.pop(10)
    assert rows["kind"].tolist() == [s.KIND_MODE, s.KIND_MODE]
    assert rows["after"].tolist() == [s.MODE_MANUAL, s.MODE_AUTO]
    assert rows["ticket"][0] == 0
    assert rows["ticket"][1] > 0


def test_nan_never_reaches_an_output() -> None:
    tested = running(td="2 s")
    for value in (math.nan, math.inf, -math.inf, 1e308, -1e308, 45.0):
        with np.errstate(all="ignore"):
            tested.scan(3, pv=value)
    values = tested.outputs.pop(1000)["value"]
    assert np.isfinite(values).all()
    assert math.isfinite(output(tested))
