"""A long story told to the scan, the same each time; run as a program it prints what came of it."""

from __future__ import annotations

import hashlib

import numpy as np

from control import signal as s
from tests.unit.control.plant import Plant, Tags, site
from tests.unit.control.test_clocks import flat


def plant() -> Plant:
    tags: Tags = {f"pv{n}": {"stale_after": "2 s", "filter_time": f"{n % 3 / 4} s"} for n in range(12)}
    tags |= {f"out{n}": {"access": "write", "low": 0, "high": 100} for n in range(12)}
    loops = {
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
    alarms = {
        f"a{n}": {
            "tag": f"u/pv{n % 12}",
            "type": ("high", "low", "high_high", "low_low")[n % 4],
            "limit": 45 + n % 5,
            "deadband": n % 3,
            "on_delay": f"{n % 4 / 5} s",
            "off_delay": f"{n % 3 / 5} s",
            "latching": n % 2 == 1,
        }
        for n in range(60)
    }
    interlocks = {"i": {"when": "u/pv0 > 55 and u/pv1 > 50", "force": {"u/out2": 5}}}
    calculations = {"mean": {"expression": "(u/pv0 + u/pv1 + u/pv2) / 3"}}
    return Plant(site(tags, loops=loops, alarms=alarms, interlocks=interlocks, calculations=calculations))


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
            index = int(random.integers(12))
            value = float(random.integers(2)) if kind == s.SET_MODE else float(random.uniform(1, 60))
            occurrence = int(tested.state.alarms.row[index]["occurrence"])
            parameter = int(random.integers(1, 9))
            tested.command(kind, index, value, occurrence, parameter)
        tested.scan(step_ns=int(random.integers(90_000_000, 130_000_000)))
        for ring in (tested.reports, tested.outputs, tested.transitions):
            digest.update(ring.pop(100_000).tobytes())
    for array in flat(tested.state):
        digest.update(array.tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    print(tell())  # noqa: T201  # this is what the program is for
