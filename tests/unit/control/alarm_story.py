"""The alarms' part of the long story: every type, every silence, first-out, re-alarm."""

from __future__ import annotations

from typing import Any

import numpy as np

from control import alarm_signal as a
from control import signal as s
from tests.unit.control.plant import Plant

_COMMANDS = (
    s.ACKNOWLEDGE,
    s.RESET,
    a.SHELVE,
    a.UNSHELVE,
    a.REMOVE_FROM_SERVICE,
    a.RETURN_TO_SERVICE,
)


def alarms() -> dict[str, Any]:
    """Return alarms on the twelve noisy values of the story."""
    limits = {
        f"a{n}": {
            "tag": f"u/pv{n % 12}",
            "type": ("high", "low", "high_high", "low_low")[n % 4],
            "limit": 45 + n % 5,
            "deadband": n % 3,
            "on_delay": f"{n % 4 / 5} s",
            "off_delay": f"{n % 3 / 5} s",
            "latching": n % 2 == 1,
            "re_alarm": f"{n % 6} s",
        }
        | ({"first_out": f"g{n % 2}"} if n % 5 == 0 else {})
        | ({"suppress": {"when": f"u/pv{n % 7} > 52", "phases": ["on"][: n % 2]}} if n % 4 == 0 else {})
        for n in range(60)
    }
    derived: dict[str, Any] = {
        "deviates": {"type": "deviation", "tag": "u/pv1", "reference": "u/pv2", "limit": 6, "deadband": 1},
        "falls": {"type": "rate_of_change", "tag": "u/pv3", "limit": 5, "over": "1 s", "direction": "below"},
        "off": {"type": "off_normal", "tag": "u/out0", "normal": [0]},
        "follows": {"type": "discrepancy", "tag": "u/pv4", "command": "u/l4.sp", "limit": 9},
        "lost": {"type": "communication", "device": "d"},
        "broken": {"type": "instrument", "tag": "u/pv5", "first_out": "g0"},
    }
    return limits | derived


def ask(tested: Plant, random: np.random.Generator) -> None:
    """Send a command on one of the alarms, mostly on the occurrence that it has."""
    if random.random() < 0.1:
        tested.command(a.RESET_FIRST_OUT, int(random.integers(3)))
        return
    index = int(random.integers(len(tested.state.alarms.row)))
    seen = int(tested.state.alarms.row[index]["occurrence"]) - int(random.random() < 0.1)
    kind = int(random.choice(_COMMANDS))
    tested.command(kind, index, float(random.uniform(0.1, 5.0)), occurrence=max(0, seen))
