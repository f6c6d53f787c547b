"""Which condition, and which interlock of a group, came first; what nobody can tell is not told."""

from __future__ import annotations

from typing import Any

from control import logic_signal as logic
from control import signal as s
from control.logic_layout import FIRST_OUT_NONE, FIRST_OUT_UNKNOWN
from tests.unit.control.plant import Plant, answered, site

TAGS: dict[str, dict[str, Any]] = {
    "x": {"kind": "bool", "stale_after": "1 h"},
    "y": {"kind": "bool", "stale_after": "1 h"},
    "out": {"access": "write", "low": 0, "high": 100},
}


def plant(**given: Any) -> Plant:
    """Return a plant with interlocks on x, on y and on either, of which the first two are a group."""
    interlocks = {
        "ix": {"when": "u/x", "force": {"u/out": 1}, "first_out": "u/trips"} | given,
        "iy": {"when": "u/y", "force": {"u/out": 2}, "first_out": "u/trips"} | given,
        "either": {"when": {"by_x": "u/x", "by_y": "u/y"}, "force": {"u/out": 3}} | given,
    }
    tested = Plant(site(TAGS, interlocks=interlocks))
    tested.scan(2, x=0.0, y=0.0)
    tested.transitions.pop(100)
    return tested


def rows(tested: Plant, kind: int, index: int = 0) -> Any:
    found = tested.transitions.pop(100)
    return found[(found["kind"] == kind) & (found["index"] == index)]


def test_the_condition_that_came_first_is_kept() -> None:
    tested = plant()
    tested.scan(x=0.0, y=1.0)
    tested.scan(x=1.0, y=1.0)
    (row,) = rows(tested, s.KIND_INTERLOCK, 2)
    assert (row["after"], row["cause"], row["occurrence"]) == (1, 1, 0b10)
    tested.scan(x=0.0, y=0.0)
    (row,) = rows(tested, s.KIND_INTERLOCK, 2)
    assert (row["after"], row["cause"]) == (0, 1)


def test_conditions_of_one_scan_have_no_first() -> None:
    tested = plant()
    tested.scan(x=1.0, y=1.0)
    (row,) = rows(tested, s.KIND_INTERLOCK, 2)
    assert (row["cause"], row["occurrence"]) == (FIRST_OUT_UNKNOWN, 0b11)


def test_the_first_interlock_of_a_group_is_kept_until_the_reset() -> None:
    tested = plant()
    tested.scan(x=0.0, y=1.0)
    (row,) = rows(tested, logic.KIND_FIRST_OUT)
    assert (row["before"], row["after"], row["utc_ns"]) == (FIRST_OUT_NONE, 1, tested.utc_ns)
    tested.scan(x=1.0, y=1.0)
    found = tested.transitions.pop(100)
    assert set(found["kind"]) == {s.KIND_INTERLOCK}
    assert found[found["index"] == 0]["limit"].tolist() == [2.0]
    assert answered(tested.ask(s.RESET, 0, parameter=logic.RESET_GROUP)) == s.REFUSED_STATE
    tested.scan(x=0.0, y=0.0)
    tested.scan(x=1.0, y=0.0)
    assert len(rows(tested, logic.KIND_FIRST_OUT)) == 0
    tested.scan(x=0.0, y=0.0)
    answer = tested.ask(s.RESET, 0, parameter=logic.RESET_GROUP)
    assert (answer["kind"], answer["before"], answer["after"]) == (logic.KIND_FIRST_OUT, 1, FIRST_OUT_NONE)
    assert answered(tested.ask(s.RESET, 0, parameter=logic.RESET_GROUP)) == s.REFUSED_STATE
    assert answered(tested.ask(s.RESET, 1, parameter=logic.RESET_GROUP)) == s.REFUSED_INVALID
    tested.scan(x=1.0, y=0.0)
    assert rows(tested, logic.KIND_FIRST_OUT)["after"].tolist() == [0]


def test_interlocks_of_one_scan_share_a_place() -> None:
    tested = plant()
    tested.scan(x=1.0, y=1.0)
    found = tested.transitions.pop(100)
    assert found[found["kind"] == logic.KIND_FIRST_OUT]["after"].tolist() == [FIRST_OUT_UNKNOWN]
    members = found[(found["kind"] == s.KIND_INTERLOCK) & (found["index"] < 2)]
    assert members["limit"].tolist() == [1.0, 1.0]


def test_a_bypassed_interlock_is_not_the_first() -> None:
    tested = plant(max_bypass="1 min")
    assert answered(tested.ask(logic.BYPASS, 0, value=60.0)) == 0
    tested.scan(x=1.0, y=0.0)
    assert len(rows(tested, logic.KIND_FIRST_OUT)) == 0
    tested.scan(x=1.0, y=1.0)
    assert rows(tested, logic.KIND_FIRST_OUT)["after"].tolist() == [1]
