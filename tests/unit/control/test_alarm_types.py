"""Alarms on what no tag says by itself: deviations, rates, states, signals; and first-out groups."""

from __future__ import annotations

import math
from typing import Any

import pytest

from config.site import Site
from control import alarm_signal as a
from control import signal as s
from control.alarm_states import ACTIVE, state_of
from control.tables import TablesError
from tests.unit.control.plant import Plant, answered, site

LASTING = {"stale_after": "9 h"}


def plant(alarms: dict[str, Any], **tags: Any) -> Plant:
    known = {name: LASTING | tag for name, tag in tags.items()}
    return Plant(site(known, armed=False, alarms=alarms))


def is_active(tested: Plant, index: int = 0) -> bool:
    return bool(tested.state.alarms.row[index]["flags"] & ACTIVE)


@pytest.mark.parametrize(
    ("direction", "active"), [("both", [1, 0, 0, 1]), ("above", [1, 0, 0, 0]), ("below", [0, 0, 0, 1])]
)
def test_a_deviation_is_from_its_reference(direction: str, active: list[int]) -> None:
    tags = {"pv": {"unit": "degC"}, "sp": {"unit": "degC"}}
    alarm = {"tag": "u/pv", "type": "deviation", "reference": "u/sp", "limit": "0.5 K", "deadband": "0.1 K"}
    tested = plant({"d": alarm | {"direction": direction}}, **tags)
    seen = []
    for value in (37.5, 37.3, 36.6, 36.4):
        tested.scan(pv=value, sp=37.0)
        seen.append(int(is_active(tested)))
    assert seen == active
    assert tested.transitions.pop(10)["limit"].tolist()[0] == 0.5


def test_a_bad_reference_holds_a_deviation() -> None:
    tested = plant({"d": {"tag": "u/pv", "type": "deviation", "reference": "u/sp", "limit": 1}}, pv={}, sp={})
    tested.scan(pv=3.0, sp=1.0)
    assert is_active(tested)
    tested.sample("sp", 3.0, s.BAD | s.COMM)
    tested.scan(3)
    assert is_active(tested)
    tested.scan(sp=3.0)
    assert not is_active(tested)


@pytest.mark.parametrize(
    ("direction", "slope", "active"),
    [("both", 0.02, 1), ("both", -0.02, 1), ("above", -0.02, 0), ("below", -0.02, 1), ("both", 0.01, 0)],
)
def test_a_rate_is_smoothed_and_per_time(direction: str, slope: float, active: int) -> None:
    alarm = {
        "tag": "u/pv",
        "type": "rate_of_change",
        "limit": "9 K/min",
        "over": "1 s",
        "direction": direction,
    }
    tested = plant({"r": alarm}, pv={"unit": "degC"})
    for n in range(100):
        tested.scan(pv=30.0 + slope * n)  # 0.02 K in 0.1 s are 12 K/min
        assert n > 3 or not is_active(tested)
    assert is_active(tested) == bool(active)


def test_states_that_are_not_normal() -> None:
    alarms = {
        "mode": {"tag": "u/mode", "type": "off_normal", "normal": [1, 4]},
        "door": {"tag": "u/closed", "type": "discrete", "alarm_on": False},
        "fault": {"tag": "u/fault", "type": "discrete"},
    }
    tested = plant(alarms, mode={}, closed={"kind": "bool"}, fault={"kind": "bool"})
    seen = []
    for mode, closed, fault in ((1, 1, 0), (4, 0, 0), (2, 1, 1), (1, 1, 0)):
        tested.scan(mode=mode, closed=closed, fault=fault)
        seen.append([int(is_active(tested, i)) for i in range(3)])
    assert seen == [[0, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 0]]
    assert math.isnan(tested.state.alarms.row[0]["limit"])


def test_a_discrepancy_is_between_command_and_feedback() -> None:
    alarms = {
        "valve": {
            "tag": "u/position",
            "type": "discrepancy",
            "command": "u/valve",
            "limit": 5,
            "on_delay": "300 ms",
        },
        "pump": {"tag": "u/runs", "type": "discrepancy", "command": "u/start"},
    }
    bools = {"runs": {"kind": "bool"}, "start": {"kind": "bool"}}
    tested = plant(alarms, position={}, valve={}, **bools)
    tested.scan(3, valve=50, position=44, runs=0, start=1)
    assert [is_active(tested, i) for i in range(2)] == [False, True]
    tested.scan(1, valve=50, position=44, runs=1, start=1)
    assert [is_active(tested, i) for i in range(2)] == [True, False]
    tested.scan(1, valve=50, position=47)
    assert not is_active(tested)


def test_communication_and_instrument_watch_the_quality() -> None:
    alarms = {
        "lost": {"type": "communication", "device": "d"},
        "signal": {"tag": "u/one", "type": "communication"},
        "sensor": {"tag": "u/one", "type": "instrument"},
    }
    tested = plant(alarms, one={}, other={}, out={"access": "write", "low": 0, "high": 1})

    def seen(one: int, other: int) -> list[bool]:
        tested.sample("one", math.nan if one >= s.BAD else 1.0, one)
        tested.sample("other", 1.0, other)
        tested.scan()
        return [is_active(tested, i) for i in range(3)]

    assert seen(s.GOOD, s.GOOD) == [False, False, False]
    assert seen(s.BAD | s.COMM, s.GOOD) == [False, True, False]
    assert seen(s.BAD | s.COMM, s.BAD | s.COMM) == [True, True, False]
    assert seen(s.BAD | s.SENSOR, s.BAD | s.COMM) == [False, False, True]
    assert seen(s.UNCERTAIN | s.RANGE, s.GOOD) == [False, False, True]
    assert seen(s.GOOD | s.FORCED, s.GOOD) == [False, False, False]
    # A device that a person took out of service is lost to nobody.
    off = s.BAD | s.OUT_OF_SERVICE
    assert seen(s.BAD | s.COMM, s.BAD | s.COMM) == [True, True, False]
    assert seen(off, off) == [False, False, False]


def test_a_silent_signal_goes_stale_and_is_told() -> None:
    tested = Plant(
        site({"pv": {"stale_after": "1 s"}}, alarms={"lost": {"type": "communication", "device": "d"}})
    )
    tested.scan(pv=1.0)
    tested.scan(8)
    assert not is_active(tested)
    tested.scan(5)
    assert is_active(tested)


@pytest.mark.parametrize(
    ("alarm", "why"),
    [
        ({"tag": "u/pv", "type": "deviation", "limit": 1}, "a deviation alarm needs reference"),
        ({"type": "high", "limit": 1}, "a high alarm needs tag"),
        ({"type": "communication"}, "a communication alarm needs device"),
        ({"type": "communication", "device": "x"}, "there is no device 'x'"),
    ],
)
def test_tables_refuse_what_cannot_be_run(alarm: dict[str, Any], why: str) -> None:
    with pytest.raises(TablesError, match=why):
        plant({"a": alarm}, pv={})


def group(count: int = 3) -> Plant:
    alarms = {
        f"a{n}": {"tag": f"u/t{n}", "type": "high", "limit": 10, "first_out": "trip"} for n in range(count)
    }
    tested = plant(alarms, **{f"t{n}": {} for n in range(count)})
    for n in range(count):
        tested.sample(f"t{n}", 0.0)
    tested.scan()
    return tested


def told(tested: Plant) -> list[tuple[int, int, int]]:
    """Take all transitions; return first alarm, whether unclear, and count of each of the group's."""
    rows = tested.transitions.pop(100)
    rows = rows[rows["kind"] == a.KIND_ALARM_FIRST_OUT]
    return [(int(row["after"]), int(row["cause"]), int(row["value"])) for row in rows]


def test_the_first_alarm_of_a_group_is_kept_until_the_reset() -> None:
    tested = group()
    tested.scan(t1=11.0)
    tested.scan(t0=11.0)
    tested.scan(t1=0.0)
    tested.scan(t1=11.0)
    assert told(tested) == [(1, 0, 1)]
    assert tested.state.alarms.row["order"].tolist() == [2, 1, 0]
    assert answered(tested.ask(a.RESET_FIRST_OUT)) == a.REFUSED_STANDING
    tested.scan(t0=0.0, t1=0.0)
    row = tested.ask(a.RESET_FIRST_OUT)
    assert (row["kind"], row["after"], row["before"]) == (a.KIND_ALARM_FIRST_OUT, -1, 1)
    assert tested.state.alarms.row["order"].tolist() == [0, 0, 0]
    assert answered(tested.ask(a.RESET_FIRST_OUT)) == a.REFUSED_STANDING
    assert answered(tested.ask(a.RESET_FIRST_OUT, index=3)) == s.REFUSED_INVALID
    tested.scan(t2=11.0)
    assert told(tested) == [(2, 0, 1)]


def test_within_a_scan_the_source_times_decide() -> None:
    tested = group()
    tested.sample("t0", 11.0, source_ns=tested.utc_ns + 9_000_000_000)
    tested.sample("t2", 11.0, source_ns=tested.utc_ns + 5_000_000_000)
    tested.scan(step_ns=10_000_000_000)
    assert told(tested) == [(2, 0, 2)]
    assert tested.state.alarms.row["order"].tolist() == [2, 0, 1]


def test_what_came_closer_than_a_scan_has_no_first() -> None:
    tested = group()
    tested.sample("t0", 11.0, source_ns=tested.utc_ns + 10_000_000)
    tested.sample("t1", 11.0, source_ns=tested.utc_ns + 50_000_000)
    tested.scan()
    assert told(tested) == [(0, 1, 2)]


def test_a_silent_alarm_is_no_first_out() -> None:
    tested = group()
    tested.ask(a.REMOVE_FROM_SERVICE, index=0)
    tested.scan(t0=11.0)
    assert told(tested) == []
    tested.scan(t1=11.0)
    assert told(tested) == [(1, 0, 1)]


def test_alarms_that_share_a_condition_are_suppressed_together() -> None:
    shared = {"type": "high", "limit": 10, "suppress": {"when": "u/idle", "packml": None}}
    alarms: dict[str, Any] = {f"a{n}": {"tag": "u/pv"} | shared for n in range(3)}
    packml = {"packml": {"tag": "u/state", "states": ["stopped", "idle"]}}
    alarms["machine"] = {"tag": "u/pv", "type": "high", "limit": 10, "suppress": packml}
    tested = plant(alarms, pv={}, idle={"kind": "bool"}, state={})
    assert len(tested.state.alarms.suppressions) == 2
    tested.scan(pv=20.0, idle=1.0, state=6)
    letters = [state_of(int(flags)) for flags in tested.state.alarms.row["flags"]]
    assert [letter.name for letter in letters if letter] == ["H", "H", "H", "B"]
    tested.scan(pv=20.0, idle=0.0, state=4)
    letters = [state_of(int(flags)) for flags in tested.state.alarms.row["flags"]]
    assert [letter.name for letter in letters if letter] == ["B", "B", "B", "H"]


def test_another_limit_acts_from_the_next_look() -> None:
    tested = plant({"a": {"tag": "u/pv", "type": "low", "limit": 10, "deadband": 2}}, pv={})
    tested.scan(pv=11.0)
    assert not is_active(tested)
    ticket = tested.command(a.SET_LIMIT, value=-12.0, value2=-13.9)
    tested.scan(pv=11.0)
    assert is_active(tested)
    rows = tested.transitions.pop(10)
    assert rows["limit"][rows["kind"] == s.KIND_ALARM].tolist() == [12.0]
    assert rows["ticket"][rows["kind"] == s.KIND_DONE].tolist() == [ticket]
    tested.scan(pv=13.0)
    assert is_active(tested)
    tested.command(a.SET_LIMIT, value=-10.0, value2=-12.0)
    tested.scan(pv=13.0)
    assert not is_active(tested)
    tested.command(a.SET_LIMIT, value=-10.0, value2=-9.0)
    tested.scan()
    assert tested.transitions.pop(10)["cause"].tolist()[-1] == s.REFUSED_RANGE


def test_a_site_knows_its_groups_and_classes() -> None:
    tested: Site = group().site
    assert tested.alarm_groups == {"u/trip": ["u/a0", "u/a1", "u/a2"]}
    assert tested.class_of(tested.alarms["u/a0"]).max_shelve == 8 * 3600
