"""The structures against a second writing in plain scalars: cascade, selector and split, step by step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from control import signal as s
from tests.unit.control.oracle import Pid
from tests.unit.control.plant import Plant, Tags, site

H = 0.1
SCANS = 600
TAGS: Tags = {name: {} for name in ("x", "y", "z")}
TAGS |= {name: {"access": "write", "low": 0, "high": 100} for name in ("a", "b", "c")}


class Structured(Pid):
    """A loop that learns, before it is executed again, what became of its output."""

    def learn(self, became: float) -> None:
        self.integral += min(1.0, H / self.tracking_time()) * (became - self.u)


def started(tested: Plant, values: dict[str, float], loops: dict[str, Structured]) -> None:
    """Scan until all loops regulate, and put the oracles where they are."""
    measured: dict[str, Any] = values
    tested.scan(8, **measured)
    for name, loop in loops.items():
        i = tested.row(name)
        assert tested.value(f"{name}.mode") != s.MODE_TRACKING
        columns = tested.state.loops
        loop.u, loop.integral = float(columns.output[i]), float(columns.integral[i])
        loop.derivative, loop.before = float(columns.derivative[i]), float(columns.weighted[i])


def noise(names: str) -> list[dict[str, float]]:
    """Return wandering measurements, far enough to reach every limit."""
    random = np.random.default_rng(17)
    walk = 50.0 + np.cumsum(random.normal(0.0, 0.9, (SCANS, len(names))), axis=0)
    return [dict(zip(names, row.tolist(), strict=True)) for row in walk]


def test_a_cascade() -> None:
    loops = {
        "outer": {
            "pv": "u/x", "output": "u/inner.sp", "kp": 1.5, "ti": "8 s", "sp": 50,
            "out_low": 5, "out_high": 90,
        },
        "inner": {
            "pv": "u/y", "output": "u/a", "kp": 2, "ti": "3 s", "td": "400 ms", "sp": 50, "mode": "cascade",
            "sp_low": 20, "sp_high": 80, "out_low": 10, "out_high": 70,
        },
    }  # fmt: skip
    tested = Plant(site(TAGS, loops=loops))
    outer = Structured(k=1.5, ti=8.0, low=5.0, high=90.0)
    inner = Structured(k=2.0, ti=3.0, td=0.4, low=10.0, high=70.0)
    started(tested, {"x": 50.0, "y": 50.0, "z": 0.0}, {"outer": outer, "inner": inner})
    set_point, y = tested.value("inner.sp"), 50.0
    limited = 0
    for measured in noise("xyz"):
        follows = inner.low < inner.u < inner.high
        outer.learn(set_point if follows else y)
        set_point = min(max(outer.execute(50.0, measured["x"], H), 20.0), 80.0)
        y = measured["y"]
        inner.execute(set_point, y, H)
        values: dict[str, Any] = measured
        tested.scan(1, **values)
        tested.outputs.pop(1000)
        found = (tested.value("outer.op"), tested.value("inner.sp"), tested.value("inner.op"))
        assert found == pytest.approx((outer.u, set_point, inner.u), rel=1e-9)
        limited += not follows
    assert 20 < limited < SCANS - 20


@pytest.mark.parametrize("select", ["low", "high", "median"])
def test_a_selector(select: str) -> None:
    gains = {"first": 1.0, "second": 2.0, "third": 0.5}
    loops = {
        name: {"pv": f"u/{pv}", "output": "u/one.op", "kp": gain, "ti": "4 s", "sp": 50}
        for (name, gain), pv in zip(gains.items(), "xyz", strict=True)
    }
    tested = Plant(site(TAGS, loops=loops, selectors={"one": {"output": "u/a", "select": select}}))
    oracles = {name: Structured(k=gain, ti=4.0, low=0.0, high=100.0) for name, gain in gains.items()}
    started(tested, {"x": 50.0, "y": 50.0, "z": 50.0}, oracles)
    chosen = tested.value("one.op")
    winners = set()
    for measured in noise("xyz"):
        for loop, pv in zip(oracles.values(), "xyz", strict=True):
            loop.learn(chosen)
            loop.execute(50.0, measured[pv], H)
        chosen = sorted(loop.u for loop in oracles.values())[{"low": 0, "median": 1, "high": 2}[select]]
        values: dict[str, Any] = measured
        tested.scan(1, **values)
        tested.outputs.pop(1000)
        assert tested.value("one.op") == pytest.approx(chosen, rel=1e-9, abs=1e-9)
        winners.add(tested.value("one.selected"))
    assert len(winners) >= 2


def test_a_split() -> None:
    branches = [
        {"output": "u/a", "start": 45, "stop": 0, "at_start": 5, "at_stop": 80},
        {"output": "u/b", "start": 40, "stop": 70},
        {"output": "u/c", "start": 60, "gain": 2.5},
    ]
    loops = {"l": {"pv": "u/x", "output": "u/parts.op", "kp": 3, "ti": "5 s", "sp": 50}}
    tested = Plant(site(TAGS, loops=loops, splits={"parts": {"branches": branches, "balance": "100 ms"}}))
    oracle = Structured(k=3.0, ti=5.0, low=0.0, high=100.0)
    started(tested, {"x": 50.0, "y": 0.0, "z": 0.0}, {"l": oracle})
    points = {"a": ((0, 45), (80, 5)), "b": ((40, 70), (0, 100)), "c": ((60, 100), (0, 100))}
    for measured in noise("xyz"):
        oracle.execute(50.0, measured["x"], H)
        values: dict[str, Any] = measured
        tested.scan(1, **values)
        tested.outputs.pop(1000)
        assert tested.value("parts.op") == pytest.approx(oracle.u, rel=1e-9, abs=1e-9)
        for name, (at, given) in points.items():
            slot = tested.state.outputs.slots[tested.state.outputs.slot_of_tag[tested.tag(name)]]
            assert slot["value"] == pytest.approx(float(np.interp(oracle.u, at, given)), abs=1e-9)
    assert math.isfinite(oracle.integral)
