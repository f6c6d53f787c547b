"""When loops run and with which step: periods, gaps, tuning, announcements that wait."""

from __future__ import annotations

import math

import numpy as np
import pytest

from control import signal as s
from tests.unit.control.loop_plant import LOOP, output, plant, running
from tests.unit.control.plant import STEP_NS, Plant, Tags, answered, site


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
        assert (answer["kind"], answer["ticket"], answer["value"]) == (s.KIND_TUNED, ticket, value)
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
