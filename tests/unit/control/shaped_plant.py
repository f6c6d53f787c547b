"""A plant with one loop and a disturbance, for tests of what stands before the law."""

from __future__ import annotations

from typing import Any

from tests.unit.control.loop_plant import LOOP
from tests.unit.control.plant import Plant, site

STEP_S = 0.1
TAGS: dict[str, dict[str, Any]] = {
    "pv": {"low": 0, "high": 100},
    "out": {"access": "write", "low": 0, "high": 100},
    "d": {},
}


def running(**loop: Any) -> Plant:
    """Return a plant whose loop has been in auto at a PV of 45 for a while."""
    tested = Plant(site(TAGS, loops={"l": LOOP | {"ti": "1000 s", "kp": 2.0, "safe_output": 50} | loop}))
    tested.scan(30, pv=45.0, d=10.0)
    tested.transitions.pop(1000)
    return tested


def output(tested: Plant) -> float:
    return float(tested.state.loops.output[0])


def drift(tested: Plant, executions: int = 1) -> float:
    """Return more than the integral can do in so many executions."""
    loops = tested.state.loops
    return 1.01 * executions * STEP_S * float(loops.ki[0]) * abs(float(loops.sp[0] - loops.y[0])) + 1e-9
