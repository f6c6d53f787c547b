"""Cascades, selectors, splits and remote set-points under anything that people and sensors can do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from control import signal as s
from tests.unit.control.plant import Plant, Tags, site

RANGE = {"low": 0, "high": 100}
TAGS: Tags = {name: dict(RANGE) for name in ("temp", "jacket", "flow", "level", "wild")}
TAGS |= {name: RANGE | {"access": "write"} for name in ("steam", "water", "pump")}
TAGS["trip"] = {"kind": "bool"}
PI: dict[str, Any] = {"ti": "5 s", "bad_pv_after": "500 ms", "safe_output": 20}
LOOPS: dict[str, dict[str, Any]] = {
    "temp": PI | {"pv": "u/temp", "output": "u/jacket.sp", "kp": 2, "sp": 50},
    "jacket": PI | {
        "pv": "u/jacket", "output": "u/valves.op", "kp": 3, "sp": 50, "mode": "cascade", "period": "200 ms",
    },
    "flow": PI | {
        "pv": "u/flow", "output": "u/least.op", "kp": 1, "sp": 50, "remote": {"tag": "u/wild", "ratio": 1.5},
    },
    "level": PI | {"pv": "u/level", "output": "u/least.op", "kp": 4, "sp": 50, "action": "direct"},
}  # fmt: skip
PARTS: dict[str, Any] = {
    "splits": {
        "valves": {
            "branches": [
                {"output": "u/water", "start": 45, "stop": 0},
                {"output": "u/steam", "start": 55, "stop": 100},
            ]
        }
    },
    "selectors": {"least": {"output": "u/pump", "select": "low"}},
    "interlocks": {"stop": {"when": "u/trip", "force": {"u/steam": 0, "u/pump": 3}, "on_bad": False}},
}
MEASURED = ("temp", "jacket", "flow", "level", "wild")
ACTUATORS = ("steam", "water", "pump")

ANY_VALUE = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-20, 120))
DEEDS = st.one_of(
    st.tuples(st.just("sample"), st.sampled_from(MEASURED), ANY_VALUE),
    st.tuples(st.just("bad"), st.sampled_from(MEASURED), st.just(0.0)),
    st.tuples(st.just("mode"), st.integers(0, 3), st.integers(0, 5).map(float)),
    st.tuples(st.just("set"), st.integers(0, 3), st.floats(0, 100)),
    st.tuples(st.just("output"), st.integers(0, 3), st.floats(0, 100)),
    st.tuples(st.just("arm"), st.just(0), st.sampled_from([0.0, 1.0])),
    st.tuples(st.just("trip"), st.just(0), st.sampled_from([0.0, 1.0])),
    st.tuples(st.just("ratio"), st.just(2), st.floats(-3, 3)),
)
_KINDS = {"mode": s.SET_MODE, "set": s.SET_POINT, "output": s.SET_OUTPUT, "arm": s.ARM}


def plant() -> Plant:
    return Plant(site(TAGS, loops=LOOPS, **PARTS))


def do(tested: Plant, deed: tuple[str, Any, float]) -> None:
    kind, what, value = deed
    if kind == "sample":
        tested.sample(what, value)
    elif kind == "bad":
        tested.sample(what, math.nan, s.BAD | s.SENSOR)
    elif kind == "trip":
        tested.sample("trip", value)
    elif kind == "ratio":
        tested.command(s.SET_TUNING, what, value, parameter=s.TUNE_RATIO)
    else:
        tested.command(_KINDS[kind], what, value)


@settings(max_examples=60)
@given(story=st.lists(DEEDS, max_size=40))
def test_outputs_are_always_fit_to_be_written(story: list[tuple[str, Any, float]]) -> None:
    tested = plant()
    tested.scan(6, temp=45.0, jacket=50.0, flow=48.0, level=52.0, wild=30.0, trip=0.0)
    with np.errstate(all="ignore"):
        for deed in story:
            do(tested, deed)
            tested.scan(2)
            tested.reports.pop(10_000)
            tested.transitions.pop(10_000)
            values = tested.outputs.pop(10_000)["value"]
            assert np.isfinite(values).all()
            assert ((values >= 0.0) & (values <= 100.0)).all()
    state = tested.state
    loops, links, nodes = state.loops, state.structures.links, state.structures.nodes
    for column in (loops.integral, loops.derivative, loops.sp, loops.output, loops.applied, loops.goal):
        assert np.isfinite(column).all()
    for rows, field in ((links, "value"), (links, "actual"), (links, "offset"), (nodes, "value")):
        assert np.isfinite(rows[field]).all()
    assert ((loops.sp >= loops.row["sp_low"]) & (loops.sp <= loops.row["sp_high"])).all()


TRANSFERS = st.lists(
    st.one_of(
        st.tuples(st.just("mode"), st.integers(0, 3), st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0])),
        st.tuples(st.just("trip"), st.just(0), st.sampled_from([0.0, 1.0])),
        st.tuples(st.just("wait"), st.just(0), st.integers(1, 15).map(float)),
    ),
    max_size=25,
)
_STEADY: dict[str, Any] = {"temp": 48.0, "jacket": 51.0, "flow": 49.0, "level": 51.5, "wild": 30.0}


def _most(actuator: str, jacket_sp: float) -> float:
    """Return how far laws alone move an actuator in a scan: their integrals, and a set-point that ramps."""
    if actuator == "pump":
        return 3 * 4 * 1.5 / 5 * 0.1
    law: float = 3 * (2 * 2 / 5 * 0.1 * 3) + 3 / 5 * 0.2 * abs(jacket_sp - 51.0)
    offset_fades = 100 * 0.1 / 60
    return 100 / 45 * law + offset_fades


@settings(max_examples=60)
@given(transfers=TRANSFERS)
def test_no_transfer_bumps(transfers: list[tuple[str, int, float]]) -> None:
    """With steady errors, actuators and inner set-points move by integrals' steps, whatever is switched."""
    tested = plant()
    trip = 0.0
    for _ in range(70):  # until the steam is well open: a closed valve cannot fall
        tested.scan(1, trip=0.0, **_STEADY)
        tested.reports.pop(10_000)
        tested.outputs.pop(10_000)
    slots = {name: int(tested.state.outputs.slot_of_tag[tested.tag(name)]) for name in ACTUATORS}
    forced = False
    for kind, what, value in transfers:
        if kind == "trip":
            trip = value
        elif kind == "mode":
            tested.command(s.SET_MODE, what, value)
        for _ in range(int(value) if kind == "wait" else 1):
            before = {name: float(tested.state.outputs.slots["value"][slot]) for name, slot in slots.items()}
            set_point = tested.value("jacket.sp")
            tested.scan(1, trip=trip, **_STEADY)
            tested.reports.pop(10_000)
            tested.outputs.pop(10_000)
            tested.transitions.pop(10_000)
            for name, slot in slots.items():
                if name != "water" and (trip or forced):
                    continue  # a force acts at once, that is its purpose
                moved = abs(float(tested.state.outputs.slots["value"][slot]) - before[name])
                assert moved <= _most(name, tested.value("jacket.sp")), (name, moved)
            assert abs(tested.value("jacket.sp") - set_point) <= 2 * 2 / 5 * 0.1 * 3
            forced = trip != 0.0
