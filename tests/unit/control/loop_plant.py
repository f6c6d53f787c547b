"""A plant with one loop, for tests of loops."""

from __future__ import annotations

from typing import Any

from tests.unit.control.plant import Plant, site

TAGS: dict[str, dict[str, Any]] = {
    "pv": {"low": 0, "high": 100},
    "out": {"access": "write", "low": 0, "high": 100},
    "trip": {"kind": "bool"},
}
LOOP: dict[str, Any] = {
    "pv": "u/pv",
    "output": "u/out",
    "kp": 2.0,
    "ti": "20 s",
    "sp": 50,
    "safe_output": 5,
    "bad_pv_after": "1 s",
}


def plant(
    armed: bool = True,
    out: dict[str, Any] | None = None,
    profiles: dict[str, Any] | None = None,
    **loop: Any,
) -> Plant:
    tags = TAGS | ({"out": out} if out else {})
    interlocks = {"stop": {"when": "u/trip", "force": {"u/out": 12}, "on_bad": False}}
    loops = {"l": LOOP | loop}
    return Plant(site(tags, armed=armed, loops=loops, interlocks=interlocks, profiles=profiles or {}))


def running(**loop: Any) -> Plant:
    """Return a plant whose loop has been in auto for a while, away from its limits."""
    tested = plant(**loop)
    tested.scan(30, pv=45.0, trip=0.0)
    tested.outputs.pop(1000)
    tested.transitions.pop(1000)
    return tested


def output(tested: Plant) -> float:
    return float(tested.state.loops.output[0])
