"""Cascades: initialisation that passes up, bumpless transfers, no windup when the inner loop saturates."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from control import signal as s
from tests.unit.control.oracle import Pid
from tests.unit.control.plant import Plant, Tags, answered, site

TAGS: Tags = {
    "temp": {"low": 0, "high": 200},
    "jacket": {"low": 0, "high": 200},
    "steam": {"low": 0, "high": 50},
    "valve": {"access": "read_write", "low": 0, "high": 100},
    "trip": {"kind": "bool"},
}
OUTER: dict[str, Any] = {"pv": "u/temp", "output": "u/middle.sp", "kp": 4, "ti": "60 s", "sp": 60}
MIDDLE: dict[str, Any] = {
    "pv": "u/jacket", "output": "u/inner.sp", "kp": 0.5, "ti": "20 s", "sp": 70, "sp_high": 150,
    "mode": "cascade",
}  # fmt: skip
INNER: dict[str, Any] = {
    "pv": "u/steam", "output": "u/valve", "kp": 2, "ti": "5 s", "sp": 10, "mode": "cascade",
    "safe_output": 0,
}  # fmt: skip
AT_REST: dict[str, Any] = {"temp": 58.0, "jacket": 72.0, "steam": 11.0, "trip": 0.0}


def three_deep(**changes: dict[str, Any]) -> Plant:
    """Return outer → middle → inner → valve, in the order in which nobody would execute them."""
    loops = {"inner": INNER, "middle": MIDDLE, "outer": OUTER}
    loops = {name: loop | changes.get(name, {}) for name, loop in loops.items()}
    interlocks = {"stop": {"when": "u/trip", "force": {"u/valve": 0}, "on_bad": False}}
    return Plant(site(TAGS, loops=loops, interlocks=interlocks))


def running(**changes: dict[str, Any]) -> Plant:
    tested = three_deep(**changes)
    tested.scan(50, valve=30.0, **AT_REST)
    assert modes(tested) == [s.MODE_AUTO, s.MODE_CASCADE, s.MODE_CASCADE]
    tested.transitions.pop(1000)
    return tested


def modes(tested: Plant) -> list[float]:
    return [tested.value(f"{name}.mode") for name in ("outer", "middle", "inner")]


def outputs(tested: Plant) -> list[float]:
    return [tested.value(f"{name}.op") for name in ("outer", "middle", "inner")]


def index(tested: Plant, name: str) -> int:
    return list(tested.site.loops).index(f"u/{name}")


def test_outer_loops_are_executed_first() -> None:
    tested = running()
    assert [tested.row(name) for name in ("outer", "middle", "inner")] == [0, 1, 2]
    assert tested.value("middle.sp") == tested.value("outer.op")
    assert tested.value("inner.sp") == tested.value("middle.op")


def test_one_start_passes_up_the_whole_cascade() -> None:
    tested = three_deep()
    tested.scan(valve=30.0)
    assert modes(tested) == [s.MODE_TRACKING] * 3
    assert outputs(tested) == [70.0, 10.0, 30.0]
    tested.scan(6, valve=30.0, **AT_REST)
    first = tested.written("valve")[0]
    assert first == 30.0
    assert modes(tested) == [s.MODE_AUTO, s.MODE_CASCADE, s.MODE_CASCADE]
    assert outputs(tested) == pytest.approx([70.0, 10.0, 30.0], abs=0.3)


@pytest.mark.parametrize("name", ["middle", "inner"])
@pytest.mark.parametrize("mode", [s.MODE_MANUAL, s.MODE_AUTO, s.MODE_OUT_OF_SERVICE])
def test_outer_loops_follow_an_inner_one_that_left_the_cascade(name: str, mode: int) -> None:
    tested = running()
    before = outputs(tested)
    assert answered(tested.ask(s.SET_MODE, index(tested, name), mode)) == 0
    tested.scan(valve=30.0, **AT_REST)
    above = ["outer", "middle"][: 1 if name == "middle" else 2]
    assert [tested.value(f"{loop}.mode") for loop in above] == [s.MODE_TRACKING] * len(above)
    assert outputs(tested) == pytest.approx(before, abs=2.0)
    if mode == s.MODE_AUTO:
        assert answered(tested.ask(s.SET_POINT, index(tested, name), 20.0)) == 0
    tested.scan(100, valve=30.0, **AT_REST)
    held = outputs(tested)
    for loop, inner in (("outer", "middle"), ("middle", "inner")):
        if loop in above:
            assert tested.value(f"{loop}.op") == tested.value(f"{inner}.sp")
            assert tested.quality(f"{loop}.op") == s.UNCERTAIN | s.SUBSTITUTE
    assert answered(tested.ask(s.SET_MODE, index(tested, name), s.MODE_CASCADE)) == 0
    tested.scan(2, valve=30.0, **AT_REST)
    assert modes(tested) == [s.MODE_AUTO, s.MODE_CASCADE, s.MODE_CASCADE]
    assert outputs(tested)[:2] == pytest.approx(held[:2], abs=0.11)
    assert outputs(tested)[2] == pytest.approx(held[2], abs=3 * 2 / 5 * 0.1 * 20)


def test_a_force_on_the_valve_passes_up() -> None:
    tested = running()
    tested.scan(trip=1.0)
    tested.scan(trip=1.0)
    assert modes(tested) == [s.MODE_TRACKING] * 3
    tested.scan(200, **AT_REST | {"trip": 1.0, "temp": 20.0})
    assert tested.value("outer.op") == tested.value("middle.sp")
    tested.scan(4, **AT_REST)
    assert modes(tested) == [s.MODE_AUTO, s.MODE_CASCADE, s.MODE_CASCADE]


def test_a_bad_inner_pv_passes_up_and_back() -> None:
    tested = running(inner={"bad_pv_after": "500 ms"})
    before = outputs(tested)
    for scan in range(30):
        tested.sample("steam", math.nan, s.BAD | s.SENSOR)
        tested.scan(temp=58.0 if scan < 2 else 20.0, jacket=72.0)
    assert modes(tested)[:2] == [s.MODE_TRACKING] * 2
    assert outputs(tested) == pytest.approx(before, abs=0.1)
    tested.scan(5, **AT_REST)
    assert outputs(tested) == pytest.approx(before, abs=1.0)


def test_refusals_name_what_is_in_the_way() -> None:
    tested = running()
    middle, outer = index(tested, "middle"), index(tested, "outer")
    assert answered(tested.ask(s.SET_POINT, middle, 60.0)) == s.REFUSED_MODE
    assert answered(tested.ask(s.SET_MODE, outer, s.MODE_CASCADE)) == s.REFUSED_NO_SOURCE
    assert answered(tested.ask(s.SET_MODE, middle, s.MODE_REMOTE)) == s.REFUSED_NO_SOURCE
    assert answered(tested.ask(s.SET_MODE, middle, s.MODE_TRACKING)) == s.REFUSED_INVALID
    assert answered(tested.ask(s.SET_MODE, outer, s.MODE_MANUAL)) == 0
    assert answered(tested.ask(s.SET_OUTPUT, outer, 80.0)) == 0
    tested.scan(2, **AT_REST)
    assert tested.value("middle.sp") == 80.0
    assert answered(tested.ask(s.SET_MODE, middle, s.MODE_AUTO)) == 0
    assert answered(tested.ask(s.SET_OUTPUT, outer, 90.0)) == s.REFUSED_TRACKING


def test_set_points_stay_within_the_inner_limits_and_the_outer_loop_knows() -> None:
    tested = running(outer={"out_high": 200})
    for _ in range(600):
        tested.scan(temp=0.0, jacket=72.0, steam=11.0, trip=0.0)
    assert tested.value("middle.sp") == 150.0
    integral = float(tested.state.loops.integral[0])
    assert integral < 150.0 + 4 * 60.0
    tested.scan(5, temp=100.0, jacket=72.0, steam=11.0, trip=0.0)
    assert tested.value("middle.sp") < 150.0


def test_slow_outer_and_fast_inner_loops() -> None:
    tested = running(outer={"period": "2 s"}, middle={"period": "500 ms"})
    assert answered(tested.ask(s.SET_MODE, index(tested, "middle"), s.MODE_AUTO)) == 0
    assert answered(tested.ask(s.SET_POINT, index(tested, "middle"), 90.0)) == 0
    tested.scan(6, valve=30.0, **AT_REST)
    assert answered(tested.ask(s.SET_MODE, index(tested, "middle"), s.MODE_CASCADE)) == 0
    seen = []
    for _ in range(40):
        tested.scan(valve=30.0, **AT_REST)
        seen.append(tested.value("middle.sp"))
    assert seen[0] == 90.0
    assert max(abs(b - a) for a, b in pairwise(seen)) <= 4 * 2 / 60 * 2 * 1.01


class Vessel:
    """A jacket that follows its valve, and a vessel that follows its jacket; a load cools it for a while."""

    def __init__(self) -> None:
        self.temp = self.jacket = 50.0
        self.overshoot = 0.0

    def step(self, scan: int, valve: float) -> None:
        load = 40.0 if 200 <= scan < 2000 else 0.0
        self.jacket += (valve * 1.2 - 10.0 - self.jacket) * 0.1 / 3.0
        self.temp += (self.jacket - load - self.temp) * 0.1 / 20.0
        if scan >= 2000:
            self.overshoot = max(self.overshoot, self.temp - 50.0)


def overshoot_of_the_engine(**inner: float | str) -> float:
    loops = {
        "outer": {"pv": "u/temp", "output": "u/jacket.sp", "kp": 3, "ti": "30 s", "sp": 50, "out_high": 200},
        "jacket": {
            "pv": "u/jacket", "output": "u/valve", "kp": 4, "ti": "5 s", "sp": 50, "mode": "cascade",
            "out_high": 60,
        } | inner,
    }  # fmt: skip
    tested, vessel = Plant(site({k: v for k, v in TAGS.items() if k != "trip"}, loops=loops)), Vessel()
    for scan in range(3500):
        vessel.step(scan, tested.value("jacket.op") if scan else 50.0)
        tested.scan(temp=vessel.temp, jacket=vessel.jacket, steam=0.0, valve=50.0)
        for ring in (tested.reports, tested.outputs, tested.transitions):
            ring.pop(10_000)
    return vessel.overshoot


def overshoot_of_loops_that_know_their_own_limits_alone(high: float = 60.0, rate: float = math.inf) -> float:
    outer, vessel = Pid(3, 30, low=0, high=200), Vessel()
    inner = Pid(4, 5, low=0, high=high, rate=rate, rate_down=math.inf)
    outer.track(50, 50, 50)
    inner.track(50, 50, 50)
    for scan in range(3500):
        vessel.step(scan, inner.u)
        inner.execute(outer.execute(50.0, vessel.temp, 0.1), vessel.jacket, 0.1)
    return vessel.overshoot


def test_the_outer_loop_does_not_wind_up_while_the_inner_one_is_saturated() -> None:
    known, unknown = overshoot_of_the_engine(), overshoot_of_loops_that_know_their_own_limits_alone()
    assert known < 4.0
    assert unknown > 2.0 * known


def test_the_outer_loop_does_not_wind_up_while_the_rate_of_the_inner_one_holds_it_back() -> None:
    known = overshoot_of_the_engine(out_high=100, out_rate=0.1, out_rate_down=1000)
    unknown = overshoot_of_loops_that_know_their_own_limits_alone(high=100.0, rate=0.1)
    assert known < 5.0
    assert unknown > 4.0 * known
