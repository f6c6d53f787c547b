"""The demo tells events in words a person reads at a glance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.load import load
from gateway.demo.screen import describe

SITE = load(Path("config/examples/minimal.yaml")).site


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            {"type": "set_point", "name": "br1/temp", "before": 37.0, "after": 36.5, "command": "a1"},
            "br1/temp set-point: 37 → 36.5",
        ),
        (
            {"type": "set_point", "name": "br1/temp", "before": None, "after": 36.5},
            "br1/temp set-point: – → 36.5",
        ),
        (
            {"type": "mode", "name": "br1/temp", "before": "manual", "after": "auto"},
            "br1/temp mode: manual → auto",
        ),
        (
            {"type": "command", "target": "br1/temp", "user": "ann", "kind": "mode", "accepted": True},
            "ann commands mode br1/temp: accepted",
        ),
        (
            {
                "type": "command",
                "target": "br1/temp",
                "user": "ann",
                "kind": "set_point",
                "accepted": False,
                "reason": "90 is outside the limits 30 to 40",
            },
            "ann commands set_point br1/temp: refused: 90 is outside the limits 30 to 40",
        ),
        (
            {"type": "device", "device": "br1", "state": "lost", "reason": "no answer"},
            "device br1 state=lost reason=no answer",
        ),
    ],
)
def test_an_event_is_one_plain_line(event: dict[str, Any], line: str) -> None:
    assert describe(event, SITE) == line
