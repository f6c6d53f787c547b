"""Permissives: what does not hold keeps a loop in manual and a phase from beginning, and is told."""

from __future__ import annotations

from typing import Any

import pytest

from control import logic_signal as logic
from control import signal as s
from control.logic_tables import phase_code
from tests.unit.control.plant import STEP_NS, Plant, answered, site

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"stale_after": "1 h"},
    "level": {"stale_after": "1 h"},
    "ready": {"kind": "bool", "stale_after": "1 h"},
    "out": {"access": "write", "low": 0, "high": 100},
    "other": {"access": "write", "low": 0, "high": 100},
}
LOOP = {"pv": "u/pv", "output": "u/out", "kp": 1, "sp": 50, "mode": "manual"}
GOOD = {"pv": 1.0, "level": 10.0, "ready": 1.0}


def plant() -> Plant:
    loops = {"l": LOOP, "free": LOOP | {"output": "u/other"}}
    permissives = {
        "filled": {
            "when": {"level": "u/level > 5", "ready": "u/ready"},
            "loops": ["u/l"],
            "phases": ["grow"],
        },
        "warm": {"when": "u/pv > 0", "loops": ["u/l"]},
    }
    return Plant(site(TAGS, loops=loops, permissives=permissives))


def mode(tested: Plant, loop: int, wanted: int) -> Any:
    return tested.ask(s.SET_MODE, loop, value=wanted)


@pytest.mark.parametrize(
    ("changed", "bits"),
    [
        ({"level": 4.0}, 0b001),
        ({"ready": 0.0}, 0b010),
        ({"pv": -1.0}, 0b100),
        ({"level": 1.0, "pv": 0.0}, 0b101),
    ],
)
def test_a_mode_is_refused_with_what_is_missing(changed: dict[str, float], bits: int) -> None:
    tested = plant()
    tested.scan(2, STEP_NS, **GOOD | changed)
    answer = mode(tested, 0, s.MODE_AUTO)
    assert (answered(answer), answer["occurrence"]) == (logic.REFUSED_PERMISSIVE, bits)
    assert tested.value("l.mode") == s.MODE_MANUAL
    assert answered(mode(tested, 1, s.MODE_AUTO)) == 0


def test_what_is_permitted_begins_and_is_not_ended_by_the_permissive() -> None:
    tested = plant()
    tested.scan(2, STEP_NS, **GOOD)
    assert answered(mode(tested, 0, s.MODE_AUTO)) == 0
    tested.scan(3, STEP_NS, **GOOD | {"level": 0.0})
    assert tested.value("l.mode") == s.MODE_AUTO
    assert answered(mode(tested, 0, s.MODE_MANUAL)) == 0
    assert answered(mode(tested, 0, s.MODE_AUTO)) == logic.REFUSED_PERMISSIVE


def test_a_bad_condition_does_not_hold() -> None:
    tested = plant()
    assert mode(tested, 0, s.MODE_AUTO)["occurrence"] == 0b111
    tested.scan(2, STEP_NS, **GOOD)
    tested.sample("level", 10.0, s.BAD | s.SENSOR)
    tested.scan()
    assert mode(tested, 0, s.MODE_AUTO)["occurrence"] == 0b001


def test_a_phase_begins_only_when_it_is_permitted() -> None:
    tested = plant()
    grow, harvest = float(phase_code("grow")), float(phase_code("harvest"))
    tested.scan(2, STEP_NS, **GOOD | {"ready": 0.0})
    answer = tested.ask(logic.ENTER_PHASE, 0, value=grow)
    assert (answered(answer), answer["occurrence"]) == (logic.REFUSED_PERMISSIVE, 0b10)
    assert answered(tested.ask(logic.ENTER_PHASE, 0, value=harvest)) == 0
    assert tested.state.logic.units[0]["phase"] == phase_code("harvest")
    tested.scan(2, STEP_NS, **GOOD)
    assert answered(tested.ask(logic.ENTER_PHASE, 0, value=grow)) == 0
    tested.scan(2, STEP_NS, **GOOD | {"ready": 0.0})
    assert answered(tested.ask(logic.ENTER_PHASE, 0, value=grow)) == 0
    assert answered(tested.ask(logic.ENTER_PHASE, 0, value=0.0)) == 0
    assert answered(tested.ask(logic.ENTER_PHASE, 0, value=grow)) == logic.REFUSED_PERMISSIVE
    assert answered(tested.ask(logic.ENTER_PHASE, 1, value=grow)) == s.REFUSED_INVALID


def test_the_code_of_a_phase_is_exact_in_a_double() -> None:
    assert phase_code("") == 0
    assert all(int(float(phase_code(f"p{n}"))) == phase_code(f"p{n}") > 0 for n in range(100))
