"""The whole scan under anything that devices and people can do to it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from control import signal as s
from tests.unit.control.plant import Plant, site

ANY_VALUE = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-50, 150),
    st.sampled_from([0.0, 50.0, 100.0, math.nan, math.inf, -math.inf, 1e308, -1e308]),
)
ANY_QUALITY = st.sampled_from(
    [s.GOOD, s.GOOD, s.GOOD, s.UNCERTAIN | s.SENSOR, s.BAD | s.COMM, s.BAD | s.SENSOR, s.HISTORY]
)
SAMPLES = st.tuples(st.just("sample"), ANY_VALUE, ANY_QUALITY)
COMMANDS = st.tuples(
    st.sampled_from([s.SET_POINT, s.SET_MODE, s.SET_OUTPUT, s.SET_TUNING, s.ARM, s.WRITE_TAG, 42]),
    st.one_of(ANY_VALUE, st.sampled_from([0.0, 1.0])),
    st.integers(-1, 9),
)
TRIPS = st.tuples(st.just("trip"), st.booleans(), st.none())
WAITS = st.tuples(st.just("wait"), st.integers(1, 30), st.none())
STORY = st.lists(st.one_of(SAMPLES, SAMPLES, COMMANDS, TRIPS, WAITS), max_size=50)

LOOPS: list[dict[str, Any]] = [
    {"ti": "3 s", "td": "1 s", "on_bad_pv": "safe"},
    {
        "b": 0.0,
        "c": 1.0,
        "td": "5 s",
        "on_bad_pv": "manual",
        "action": "direct",
        "gap": 2.0,
        "pv_filter": "1 s",
        "feed_forward": {"tag": "u/pv", "gain": 0.2, "lead": "2 s", "lag": "1 s"},
        "schedule": {"over": "u/pv", "points": [{"at": 20, "kp": 2.0}, {"at": 60, "td": 3.0, "ti": 0.5}]},
    },
    {"ti": "1 s", "out_rate": 20.0, "sp_rate": 5.0, "period": "300 ms"},
]


def plant() -> Plant:
    tags: dict[str, dict[str, Any]] = {
        "pv": {"stale_after": "1 s", "low": 0, "high": 100},
        "trip": {"kind": "bool", "stale_after": "1 h"},
    }
    tags |= {f"out{n}": {"access": "write", "low": 0, "high": 100} for n in range(4)}
    loops = {
        f"l{n}": {"pv": "u/pv", "output": f"u/out{n}", "kp": 3, "sp": 40, "bad_pv_after": "500 ms"} | loop
        for n, loop in enumerate(LOOPS)
    }
    interlocks = {"i": {"when": "u/trip", "force": {"u/out0": 5, "u/out3": 1}}}
    return Plant(site(tags, loops=loops, interlocks=interlocks))


@settings(max_examples=150)
@example(story=[("sample", 5.992310449541053e307, s.GOOD), ("trip", True, None)])
@given(story=STORY)
def test_outputs_are_always_fit_to_be_written(story: list[tuple[Any, Any, Any]]) -> None:
    tested = plant()
    tested.scan(3, pv=45.0, trip=0.0)
    last: dict[int, float] = {}
    answered = sent = 0
    with np.errstate(all="ignore"):
        for kind, value, detail in story:
            scans = 1
            if kind == "sample":
                tested.sample("pv", value, detail)
            elif kind == "trip":
                tested.sample("trip", float(value))
            elif kind == "wait":
                scans = value
            else:
                tested.command(kind, index=detail % 6, value=value, parameter=detail)
                sent += 1
            for _ in range(scans):
                tested.scan()
                tested.reports.pop(10_000)
                answered += sum(1 for row in tested.transitions.pop(1000) if row["ticket"] > 0)
                check_outputs(tested, last)
    assert answered == sent
    loops = tested.state.loops
    for column in (loops.integral, loops.derivative, loops.sp, loops.y, loops.output, loops.goal):
        assert np.isfinite(column).all()


def check_outputs(tested: Plant, last: dict[int, float]) -> None:
    """Every row is finite, within limits, of a known reason; the rate holds while the law acts."""
    for row in tested.outputs.pop(1000):
        tag, value, reason = int(row["tag"]), float(row["value"]), int(row["reason"])
        assert math.isfinite(value)
        assert 0.0 <= value <= 100.0
        if tag == tested.tag("out2") and reason == s.OUTPUT_LOOP and tag in last:
            assert abs(value - last[tag]) <= 20.0 * 0.6 + 1e-9
        last[tag] = value
        if reason == s.OUTPUT_SAFE:
            last.pop(tag)


TRANSFERS = st.lists(
    st.sampled_from(["manual", "auto", "bad", "good", "trip", "clear", "kp", "ti", "b", "bias"]), max_size=25
)


@settings(max_examples=100)
@given(transfers=TRANSFERS, error=st.floats(-20, 20))
def test_no_transfer_bumps(transfers: list[str], error: float) -> None:
    """With a steady error the output moves by the integral's step alone, whatever is switched."""
    tested = plant()
    tested.scan(3, pv=40.0 - error, trip=0.0)
    commands = {
        "manual": (s.SET_MODE, 0.0, 0),
        "auto": (s.SET_MODE, 1.0, 0),
        "kp": (s.SET_TUNING, 2.0, s.TUNE_KP),
        "ti": (s.SET_TUNING, 4.0, s.TUNE_TI),
        "b": (s.SET_TUNING, 0.3, s.TUNE_B),
        "bias": (s.SET_TUNING, 9.0, s.TUNE_BIAS),
    }
    bad = tripped = False
    for transfer in transfers:
        before = float(tested.state.loops.output[tested.row("l0")])
        if transfer in commands:
            kind, value, parameter = commands[transfer]
            tested.command(kind, value=value, parameter=parameter)
        bad = transfer == "bad" or (bad and transfer != "good")
        forced_before, tripped = tripped, transfer == "trip" or (tripped and transfer != "clear")
        tested.sample("trip", float(tripped))
        tested.sample("pv", 40.0 - error, s.BAD | s.SENSOR if bad else s.GOOD)
        tested.scan()
        after = float(tested.state.loops.output[tested.row("l0")])
        if tripped:
            assert after == 5.0
        elif not (bad and tested.state.loops.row["fallback"][tested.row("l0")]) and not forced_before:
            assert abs(after - before) <= 1.01 * 3.0 / 3.0 * abs(error) * 0.2 + 1e-9
