"""The engine's clock: how late it wakes while Python is idle or busy, and how long it takes to start."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.c_library import pointer
from benchmarks.control_plant import images, plant
from control.carry.arena import consolidate
from control.engine import Engine
from control.signal import SAMPLE
from control.tables import Tables

PERIOD_NS = 10_000_000
WINDOW_S = 0.6
WINDOWS = 10
BESIDE_NS = 500_000
LIMIT_P50 = 1.5
LIMIT_P99_NS = PERIOD_NS // 10
LIMIT_WARM_S = 2.0
LIMIT_LINE = 3.0  # 100,000 loops do not fit into the processor's cache any more
SIZES = (100, 1_000, 10_000, 100_000)
SCANS = 14

_START = """
import time; began = time.perf_counter()
from control.engine import Engine
from control.signal import SAMPLE
from benchmarks.control_timing import small_tables
engine = Engine(small_tables())
ready = time.perf_counter()
engine.start()
print(ready - began, time.perf_counter() - ready)
engine.stop()
"""


def small_tables(loops: int = 50, period_ns: int = PERIOD_NS) -> Tables:
    """Return the tables of a plant with so many loops."""
    state, arena = consolidate(plant(loops))
    return Tables(state, arena, scan_period_ns=period_ns, expressions={}, _line=np.zeros((2, 1)))


def line() -> dict[str, Any]:
    """Measure whole scans of plants of several sizes: the time a loop takes must not grow with them.

    Each scan gets a new sample for every PV, executes every loop, looks at every alarm, and reports
    every PV and every output that moved: nothing is quiet in this plant.
    """
    spent = {size: _scan_s(size) for size in SIZES}
    a_loop = {size: seconds * 1e9 / size for size, seconds in spent.items()}
    ratio = a_loop[SIZES[-1]] / a_loop[SIZES[1]]
    return {
        "bench": "whole scan against number of loops (4 alarms each, all moving): time a loop, most to 1,000",
        "ratio": round(ratio, 3),
        "limit": LIMIT_LINE,
        "holds": ratio <= LIMIT_LINE,
        "us_a_scan": {str(size): round(seconds * 1e6, 1) for size, seconds in spent.items()},
        "ns_a_loop": {str(size): round(value, 1) for size, value in a_loop.items()},
    }


def _scan_s(loops: int) -> float:
    """Return the shortest time of a scan that took a sample of every PV."""
    engine = Engine(small_tables(loops, period_ns=20_000_000 + 1000 * loops))
    values = images(engine.tables.state)
    pv = engine.tables.state.loops.pv
    rows = np.zeros(loops, SAMPLE)
    rows["tag"] = pv
    engine.start()
    best = float("inf")
    for number in range(SCANS):
        rows["value"], rows["source_ns"] = values[number][pv], time.time_ns()
        engine.inbox.push(rows)
        while engine.inbox.popped < (number + 1) * loops:
            time.sleep(0.002)
        time.sleep(0.002 + loops * 1e-6)
        done = engine.statistics.pop(4096)
        full = np.diff(done["inbox_index"], prepend=number * loops) == loops
        best = min(best, float(done["duration_ns"][full].min(initial=2**62)) * 1e-9)
        for ring in (engine.reports, engine.outputs, engine.transitions):
            ring.pop(ring.capacity)
    engine.stop()
    return best


def wake_ups(library: ctypes.CDLL) -> dict[str, Any]:
    """Measure lateness in windows that alternate between an idle and a saturated event loop.

    A thread of C that does nothing but sleep wakes half a millisecond after the engine: a window in
    which it, too, woke late says something of the machine and nothing of the engine, and does not
    count.
    """
    engine = Engine(small_tables())
    engine.start()
    late: dict[bool, list[npt.NDArray[np.int64]]] = {False: [], True: []}
    disturbed = 0
    for window in range(2 * WINDOWS):
        busy = window % 2 == 1
        ours, machine = _window(engine, library, busy=busy)
        if np.percentile(machine, 99) > LIMIT_P99_NS:
            disturbed += 1
        else:
            late[busy].append(ours)
    engine.stop()
    result: dict[str, Any] = {
        "bench": "wake-up lateness at a 10 ms period, Python saturated against idle (p50)",
        "limit": LIMIT_P50,
        "windows_disturbed": f"{disturbed} of {2 * WINDOWS}",
    }
    if not (late[False] and late[True]):
        return result | {"ratio": None, "holds": None, "note": "the machine was disturbed throughout"}
    idle, busy_late = np.concatenate(late[False]), np.concatenate(late[True])
    ratio = float(np.median(busy_late) / np.median(idle))
    p99 = int(max(np.percentile(idle, 99), np.percentile(busy_late, 99)))
    return result | {
        "ratio": round(ratio, 3),
        "holds": ratio <= LIMIT_P50 and p99 < LIMIT_P99_NS,
        "p50_us": {"idle": _us(np.median(idle)), "saturated": _us(np.median(busy_late))},
        "p99_us": {"idle": _us(np.percentile(idle, 99)), "saturated": _us(np.percentile(busy_late, 99))},
        "p99_limit_us": LIMIT_P99_NS / 1000,
    }


def _us(nanoseconds: np.floating[Any]) -> float:
    return round(float(nanoseconds) / 1000, 1)


def _window(
    engine: Engine, library: ctypes.CDLL, *, busy: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    machine = np.zeros(round(WINDOW_S * 1e9 / PERIOD_NS), np.int64)
    time.sleep(0.1)
    last = engine.statistics.pop(100_000)[-1]
    deadline_ns = int(last["monotonic_ns"] - last["lateness_ns"]) + BESIDE_NS
    words = (ctypes.c_int64(word) for word in (deadline_ns, PERIOD_NS, len(machine)))
    sleeper = threading.Thread(target=library.lateness, args=(*words, pointer(machine)))
    sleeper.start()
    asyncio.run(_occupy(busy=busy))
    ours: npt.NDArray[np.int64] = engine.statistics.pop(100_000)["lateness_ns"].copy()
    sleeper.join()
    return ours, machine


async def _occupy(*, busy: bool) -> None:
    """Keep the event loop idle, or as busy as callbacks can make it."""
    if not busy:
        await asyncio.sleep(WINDOW_S)
        return
    ends = time.monotonic() + WINDOW_S
    while time.monotonic() < ends:
        sum(range(2000))
        await asyncio.sleep(0)


def starts() -> Iterator[dict[str, Any]]:
    """Start the engine in a process of its own, without and with the cache of compiled code."""
    with tempfile.TemporaryDirectory() as folder:
        for name, limit in (("cold", None), ("warm", LIMIT_WARM_S)):
            environment = os.environ | {"CELLGATE_CACHE": folder}
            done = subprocess.run(
                [sys.executable, "-c", _START], env=environment, check=True, capture_output=True, text=True
            )
            imports_s, start_s = (float(word) for word in done.stdout.split())
            yield {
                "bench": f"start of the engine, {name} cache",
                "figure": round(start_s, 2),
                "unit": "s",
                "limit": limit,
                "holds": None if limit is None else start_s <= limit,
                "imports_s": round(imports_s, 2),
            }
