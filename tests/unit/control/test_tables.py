"""From the configuration to arrays: indices, units, plant time, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from control.layout import NEVER, ROLE_DEVICE, ROLE_ENGINE, ROLE_UNUSED, ROLE_WRITTEN
from control.tables import TablesError, build
from tests.unit.control.plant import Plant, Tags, site

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"unit": "degC", "low": 0, "high": 100},
    "out": {"unit": "%", "access": "write", "low": 0, "high": 100},
}
LOOP = {"pv": "u/pv", "output": "u/out", "kp": 1.0, "sp": 50}


def test_scaling_goes_both_ways() -> None:
    scaling = {"raw_low": 4, "raw_high": 20, "low": "10 degC", "high": "50 degF"}
    tables = build(site({"pv": {"unit": "degC", "scaling": scaling | {"high": "50 degC"}}, "plain": {}}))
    assert tables.from_raw(0, 4.0) == pytest.approx(10.0)
    assert tables.from_raw(0, 20.0) == pytest.approx(50.0)
    assert tables.to_raw(0, 30.0) == pytest.approx(12.0)
    both = tables.to_raw(np.array([0, 1]), np.array([50.0, 7.0]))
    assert both.tolist() == pytest.approx([20.0, 7.0])


def test_units_are_converted() -> None:
    tags = {
        "pv": {
            "unit": "degC",
            "low": "32 degF",
            "report": {"deadband": "0.9 delta_degF"},
            "fail_value": "300 K",
        }
    }
    state = build(site(tags)).state
    row = state.tags.definition[0]
    assert row["low"] == pytest.approx(0.0)
    assert row["high"] == math.inf
    assert state.tags.reported[0]["deadband"] == pytest.approx(0.5)
    assert row["fail_value"] == pytest.approx(26.85)


def test_roles() -> None:
    tags: Tags = {"read": {}, "both": {"access": "read_write"}, "written": {"access": "write"}}
    tags |= {"text": {"kind": "text"}, "inner": {"device": None}}
    tables = build(site(tags, calculations={"sum": {"expression": "u/read + u/both"}}))
    expected = [ROLE_DEVICE, ROLE_DEVICE, ROLE_WRITTEN, ROLE_UNUSED, ROLE_ENGINE, ROLE_ENGINE]
    assert tables.state.tags.definition["role"].tolist() == expected
    assert (tables.state.tags.definition["stale_ns"] == NEVER).tolist() == [False, False, *[True] * 4]


def test_limits_come_from_the_tags_where_the_loop_has_none() -> None:
    loops = build(site(TAGS, loops={"l": LOOP})).state.loops
    assert (loops.row[0]["sp_low"], loops.row[0]["sp_high"]) == (0.0, 100.0)
    assert (loops.out_low[0], loops.out_high[0], loops.row[0]["safe"]) == (0.0, 100.0, 0.0)
    assert loops.sp_rate[0] == loops.out_rate[0] == math.inf
    own = LOOP | {"sp_low": 10, "sp_high": 60, "out_low": 20, "out_high": 30, "safe_output": 25}
    loops = build(site(TAGS, loops={"l": own})).state.loops
    assert (loops.row[0]["sp_low"], loops.row[0]["sp_high"]) == (10.0, 60.0)
    assert (loops.out_low[0], loops.out_high[0], loops.output[0]) == (20.0, 30.0, 25.0)


def test_times_and_rates_are_the_plants() -> None:
    loop = LOOP | {
        "ti": "60 s",
        "td": "6 s",
        "tt": "30 s",
        "sp_rate": 1,
        "out_rate": 2,
        "bad_pv_after": "5 s",
    }
    alarm = {"tag": "u/pv", "type": "low", "limit": 1, "on_delay": "30 s", "off_delay": "60 s"}
    tags = TAGS | {"pv": TAGS["pv"] | {"filter_time": "12 s", "stale_after": "9 s"}}
    simulation = {"speed": 6, "devices": {"d": {"model": "bioreactor"}}}
    state = build(site(tags, loops={"l": loop}, alarms={"a": alarm}, simulation=simulation)).state
    loops, row = state.loops, state.loops.row[0]
    assert (row["ti"], loops.td[0], row["tt"]) == pytest.approx((10.0, 1.0, 5.0))
    assert (loops.sp_rate[0], loops.out_rate[0]) == pytest.approx((6.0, 12.0))
    assert row["bad_after_ns"] == 5 * 10**9
    assert (state.alarms.row[0]["on_ns"], state.alarms.row[0]["off_ns"]) == (5 * 10**9, 10 * 10**9)
    assert state.tags.definition[0]["filter_ns"] == pytest.approx(2e9)
    assert state.tags.definition[0]["stale_ns"] == 9 * 10**9


def test_a_loop_on_a_calculation_runs_in_the_time_of_its_inputs() -> None:
    simulation = {"speed": 1, "devices": {"d": {"model": "bioreactor", "speed": 8}}}
    calculations = {"twice": {"expression": "2 * u/pv"}}
    loops = {"l": LOOP | {"pv": "u/twice", "ti": "80 s"}}
    state = build(site(TAGS, loops=loops, calculations=calculations, simulation=simulation)).state
    assert state.loops.row[0]["ti"] == pytest.approx(10.0)


def test_default_tracking_times() -> None:
    def tt(**loop: Any) -> float:
        return float(build(site(TAGS, loops={"l": LOOP | loop})).state.loops.row[0]["tt"])

    assert tt(ti="40 s") == 40.0
    assert tt(ti="40 s", td="10 s") == pytest.approx(20.0)
    assert tt(td="30 s") == 30.0
    assert tt() == 10.0
    assert tt(ti="40 s", tt="7 s") == 7.0


def test_what_cannot_be_written_has_no_slot() -> None:
    tags = TAGS | {"beat": {"access": "write"}, "note": {"kind": "text", "access": "write"}}
    outputs = build(site(tags, device={"watchdog": "u/beat"})).state.outputs
    assert outputs.slots["tag"].tolist() == [1]
    assert outputs.watchdogs["tag"].tolist() == [2]
    outputs = build(site(tags, device={"watchdog": "u/beat", "writes_armed": False})).state.outputs
    assert outputs.devices["configured"].tolist() == [0]


def test_a_site_without_anything_runs() -> None:
    tested = Plant(site({}))
    tested.scan(3)
    assert tested.counter("scan") == 3


def test_every_index_of_the_tables_exists() -> None:
    tags = {f"t{n}": {"access": "read_write", "low": 0, "high": 1} for n in range(40)}
    loops = {f"l{n}": {"pv": f"u/t{n}", "output": f"u/t{n + 10}", "kp": 1, "sp": 0} for n in range(10)}
    alarms = {f"a{n}": {"tag": f"u/l{n}.op", "type": "low", "limit": 0} for n in range(10)}
    interlocks = {"i": {"when": "u/t1 > 0.5", "force": {"u/t20": 0, "u/t11": 1}}}
    state = build(site(tags, loops=loops, alarms=alarms, interlocks=interlocks)).state
    count = len(state.image.value)
    assert count == 70
    assert (state.loops.pv < count).all()
    assert (state.alarms.tag < count).all()
    assert ((state.loops.shown >= 40) & (state.loops.shown + 2 < count)).all()
    slots = len(state.outputs.slots)
    assert ((state.loops.row["slot"] >= 0) & (state.loops.row["slot"] < slots)).all()
    assert (state.outputs.slots["loop"][state.loops.row["slot"]] == np.arange(10)).all()
    assert (state.logic.forces["slot"] < slots).all()


@pytest.mark.parametrize(
    ("equipment", "message"),
    [
        ({"loops": {"l": LOOP | {"sp": 200}}}, "loop u/l: its set-point 200 is outside 0 to 100"),
        ({"loops": {"l": LOOP | {"out_low": 9, "out_high": 9}}}, "loop u/l: out_low must be below out_high"),
        ({"loops": {"l": LOOP | {"out_rate": 0}}}, "loop u/l: out_low must be below out_high"),
        ({"loops": {"l": LOOP | {"sp_rate": 0}}}, "loop u/l: sp_rate must be positive"),
        ({"loops": {"l": LOOP | {"ti": "1 ns"}}}, "loop u/l: kp must be at most 1e"),
        ({"loops": {"a": LOOP, "b": LOOP}}, "loop u/b: another loop already moves u/out"),
        (
            {"loops": {"a": LOOP, "b": LOOP | {"output": "u/a.op", "safe_output": 0}}},
            "loop u/b: u/a.op is no writable tag",
        ),
        (
            {"loops": {"a": LOOP | {"output": "u/b.sp"}, "b": LOOP | {"output": "u/a.sp"}}},
            "the cascade goes round in a circle: u/a → u/b → u/a",
        ),
        (
            {"loops": {n: LOOP | {"output": "u/a.sp" if n > "a" else "u/out"} for n in "abc"}},
            "loop u/c: another one already moves u/a.sp",
        ),
        ({"alarms": {"a": {"tag": "u/none", "type": "low", "limit": 1}}}, "alarm u/a: there is no tag"),
        (
            {"alarms": {"a": {"tag": "u/pv", "type": "low", "limit": 1, "deadband": -1}}},
            "alarm u/a: its deadband is negative",
        ),
        ({"interlocks": {"i": {"when": "u/pv > 1", "force": {"u/x": 1}}}}, "interlock u/i: there is no tag"),
    ],
)
def test_what_cannot_run_is_refused(equipment: dict[str, Any], message: str) -> None:
    with pytest.raises(TablesError) as error:
        build(site(TAGS, **equipment))
    assert str(error.value).startswith(message)


def test_more_that_cannot_run() -> None:
    with pytest.raises(TablesError, match="tag u/pv: its scaling has no slope"):
        build(site({"pv": {"scaling": {"raw_low": 1, "raw_high": 1}}}))
    with pytest.raises(TablesError, match="tag u/pv: there is no device 'x'"):
        build(site({"pv": {"device": "x"}}))
    with pytest.raises(TablesError, match="device d: there is no tag 'u/wd' for its watchdog"):
        build(site({}, device={"watchdog": "u/wd"}))
    endless = {"pv": {}, "out": {"access": "write"}}
    with pytest.raises(TablesError, match="loop u/l: it needs a safe_output"):
        build(site(endless, loops={"l": LOOP}))
