"""A long story told to the scan, the same each time; run as a program it prints what came of it."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from control import logic_signal as logic
from control import signal as s
from control.logic_tables import phase_code
from tests.unit.control import alarm_story
from tests.unit.control.plant import Plant, Tags, site
from tests.unit.control.test_clocks import flat


def plant() -> Plant:
    tags: Tags = {f"pv{n}": {"stale_after": "2 s", "filter_time": f"{n % 3 / 4} s"} for n in range(12)}
    tags |= {f"out{n}": {"access": "write", "low": 0, "high": 100} for n in range(14)}
    loops: dict[str, dict[str, Any]] = {
        f"l{n}": {
            "pv": f"u/pv{n}",
            "output": f"u/out{n}",
            "kp": 1 + n,
            "ti": f"{n % 4 * 5} s",
            "td": f"{n % 3} s",
            "b": 0.1 * (n % 11),
            "c": float(n % 2),
            "sp": 40 + n,
            "out_rate": 30,
            "period": f"{100 * (1 + n % 3)} ms",
            "on_bad_pv": ("hold", "safe", "manual")[n % 3],
            "bad_pv_after": "500 ms",
        }
        for n in range(12)
    }
    usual: dict[str, Any] = {"kp": 2, "ti": "5 s", "sp": 45, "safe_output": 10}
    loops |= {
        "above": usual | {"pv": "u/pv1", "output": "u/l3.sp", "sp": 50},
        "first": usual | {"pv": "u/pv2", "output": "u/least.op", "remote": {"tag": "u/pv3", "ratio": 1.1}},
        "second": usual | {"pv": "u/pv4", "output": "u/least.op", "period": "200 ms"},
    }
    loops["l3"] |= {"mode": "cascade", "readback": "u/pv5", "readback_tolerance": 2}
    structures: dict[str, Any] = {
        "selectors": {"least": {"output": "u/half.op", "select": "low"}},
        "splits": {
            "half": {
                "branches": [
                    {"output": "u/out12", "start": 50, "stop": 0},
                    {"output": "u/out13", "start": 40, "gain": 2},
                ]
            }
        },
    }
    interlocks = {
        "i": {"when": "u/pv0 > 55 and u/pv1 > 50", "force": {"u/out2": 5}},
        "j": {
            "when": {"by_2": "u/pv2 > 58", "by_3": "u/pv3 > 58", "by_alarm": "alarm(u/a0)"},
            "force": {"u/out3": 7},
            "latched": True,
            "max_bypass": "3 s",
            "first_out": "u/trips",
        },
        "k": {"when": "u/pv4 > 60 or bypassed(u/j)", "force": {"u/out4": 9}, "first_out": "u/trips"},
    }
    permissives = {"p": {"when": {"x": "u/pv5 > 45", "y": "phase(u/on)"}, "loops": ["u/l5", "u/l6"]}}
    calculations = {"mean": {"expression": "(u/pv0 + u/pv1 + u/pv2) / 3"}}
    of = site(
        tags,
        loops=_varied(loops),
        **structures,
        alarms=alarm_story.alarms(),
        interlocks=interlocks,
        permissives=permissives,
        calculations=calculations,
    )
    return Plant(of)


def _varied(loops: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the loops with what some of them have besides: a cascade, shapes, relay tests."""
    test = {"amplitude": 12, "hysteresis": 1, "max_deviation": 30, "timeout": "15 s", "cycles": 2}
    points = [{"at": 40, "kp": 1.5, "ti": 1.2}, {"at": 50}, {"at": 60, "kp": 0.5, "td": 2}]
    more: dict[str, dict[str, Any]] = {
        "l0": {"autotune": test},
        "l1": {"mode": "cascade"},
        "l4": {"gap": 3, "gap_gain": 0.1, "pv_filter": "500 ms", "sp_rate": 2, "sp_hold": 5},
        "l7": {"feed_forward": {"tag": "u/pv8", "gain": 0.3, "lead": "1 s", "lag": "2 s"}, "autotune": test},
        "l8": {"schedule": {"over": "u/pv8", "points": points}},
        "l10": {"form": "incremental", "ti": "10 s"},
    }
    outer = {
        "pv": "u/pv9",
        "output": "u/l1.sp",
        "kp": 0.5,
        "ti": "20 s",
        "sp": 48,
        "out_low": 20,
        "out_high": 80,
    }
    return {name: loop | more.get(name, {}) for name, loop in loops.items()} | {"outer": outer}


def tell(scans: int = 400) -> str:
    """Return a digest over everything that left the engine and everything it ended with."""
    tested, random, digest = plant(), np.random.default_rng(11), hashlib.sha256()
    for _ in range(scans):
        for n in range(12):
            if random.random() < 0.7:
                quality = s.BAD | s.SENSOR if random.random() < 0.05 else s.GOOD
                tested.sample(f"pv{n}", float(random.normal(48, 6)), quality)
        if random.random() < 0.3:
            kind = int(random.choice([s.SET_POINT, s.SET_MODE, s.SET_OUTPUT, s.SET_TUNING, s.ACKNOWLEDGE]))
            index = int(random.integers(16))
            value = float(random.integers(5)) if kind == s.SET_MODE else float(random.uniform(1, 60))
            occurrence = int(tested.state.alarms.row[index]["occurrence"])
            parameter = int(random.integers(1, 9))
            tested.command(kind, index, value, occurrence, parameter)
        if random.random() < 0.1:
            kind = int(random.choice([logic.BYPASS, s.RESET, logic.ENTER_PHASE]))
            value = float(phase_code("on")) if kind == logic.ENTER_PHASE else float(random.integers(4))
            parameter = int(random.choice([1, logic.RESET_GROUP])) if kind == s.RESET else 0
            tested.command(kind, int(random.integers(2)), value, parameter=parameter)
        if random.random() < 0.5:
            alarm_story.ask(tested, random)
        if random.random() < 0.15:
            kind = int(random.choice([s.START_RELAY, s.START_RELAY, s.STOP_RELAY]))
            tested.command(kind, int(random.choice([0, 7])))
        tested.scan(step_ns=int(random.integers(90_000_000, 130_000_000)))
        for ring in (tested.reports, tested.outputs, tested.transitions):
            digest.update(ring.pop(100_000).tobytes())
    for array in flat(tested.state):
        digest.update(array.tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    print(tell())  # noqa: T201  # this is what the program is for
