"""The engine's arithmetic against C and against simple-pid, and how its scan grows with the plant."""

from __future__ import annotations

import ctypes
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from simple_pid import PID

from benchmarks.c_library import libraries, pointer
from benchmarks.control_plant import ALARMS_A_LOOP, PERIOD_NS, every_feature, images, plant
from benchmarks.control_timing import line, starts, wake_ups
from control.image import Image
from control.kernels import pid
from control.kernels.jit import kernel
from control.kernels.ring import HEAD, TAIL
from control.kernels.schedule import schedule_gains
from control.kernels.shaping import execute_shaped
from control.stages.alarms import evaluate
from control.stages.decisions import decide
from control.state import State

LOOPS = 10_000
SOME, MANY_SCANS = 1_000, 160
"""Loops of a large plant, whose columns stay in the cache, and scans of them."""
LIMIT_C = 1.2
LIMIT_SIMPLE_PID = 100.0
LIMIT_PLAIN_PID = 200.0
CALLS = 500
SCANS = 16
START_NS, UTC_NS = 10**12, 18 * 10**17

Values = npt.NDArray[np.float64]
Scans = Callable[[int], None]


def run() -> Iterator[dict[str, Any]]:
    """Measure everything, in about a minute."""
    with tempfile.TemporaryDirectory() as folder:
        compiled = libraries("control.c", Path(folder))
        yield _against_c(compiled)
        yield from _against_simple_pid()
        yield line()
        yield wake_ups(next(iter(compiled.values())))
    yield from starts()


@kernel
def pid_and_alarms(state: State, values: Values, count: int, now_ns: int, utc_ns: int) -> None:
    """Run the loops and the alarms of some scans, each on the next row of values."""
    loops, counters, transitions = state.loops, state.counters, state.rings.transitions
    seen = state.image
    for k in range(count):
        now = now_ns + k * PERIOD_NS
        utc = utc_ns + k * PERIOD_NS
        image = Image(values[k % len(values)], seen.source_ns, seen.quality, seen.status)
        decide(loops, state.shaping, state.outputs, image, counters, 0, len(loops.pv), now, utc)
        pid.move_set_points(loops, 0, len(loops.pv), PERIOD_NS * 1e-9)
        pid.execute(loops, 0, len(loops.pv), PERIOD_NS * 1e-9)
        evaluate(state.alarms, image, transitions, counters, now, utc)
        counters[0]["scanned_ns"] = now
        transitions.counters[HEAD] = transitions.counters[TAIL]


def _ours(state: State, values: Values) -> Scans:
    state.counters[0]["scanned_ns"] = START_NS - PERIOD_NS

    def scans(call: int) -> None:
        shift = call * SCANS * PERIOD_NS
        pid_and_alarms(state, values, SCANS, START_NS + shift, UTC_NS + shift)

    return scans


def _in_c(library: ctypes.CDLL, state: State, values: Values) -> Scans:
    loops, alarms, ring = state.loops, state.alarms, state.rings.transitions
    columns = (ctypes.c_void_p * 27)(*(column.ctypes.data for column in loops[:27]))
    fields = (ctypes.c_void_p * 5)(*(column.ctypes.data for column in alarms[:5]))
    library.scans.restype = ctypes.c_int64
    occurrences = state.counters["occurrences"]
    fixed = [
        columns, ctypes.c_int64(len(loops.pv)), fields, ctypes.c_int64(len(alarms.tag)),
        pointer(values), ctypes.c_int64(len(values)), ctypes.c_int64(values.shape[1]),
        pointer(state.image.quality), pointer(state.image.source_ns), pointer(ring.rows),
        ctypes.c_int64(len(ring.rows)), pointer(ring.counters[HEAD:]), pointer(ring.counters[TAIL:]),
        pointer(occurrences), ctypes.c_int64(SCANS),
    ]  # fmt: skip

    def scans(call: int) -> None:
        shift = call * SCANS * PERIOD_NS
        times = (ctypes.c_int64(ns) for ns in (START_NS + shift, UTC_NS + shift, PERIOD_NS))
        if library.scans(*fixed, *times) != 0:
            raise RuntimeError("a loop is special: C does not do that")

    return scans


def _against_c(compiled: dict[str, ctypes.CDLL]) -> dict[str, Any]:
    states = {name: plant(LOOPS) for name in ("ours", *compiled)}
    values = images(states["ours"])
    rivals = {name: _in_c(library, states[name], values) for name, library in compiled.items()}
    scans = {"ours": _ours(states["ours"], values), **rivals}
    for call in range(4):
        for one in scans.values():
            one(call)
    equal = all(_same(states["ours"], states[name]) for name in compiled)
    best = _best(scans)
    fastest = min(compiled, key=lambda name: best[name])
    ratio = best["ours"] / best[fastest]
    raised = int(states["ours"].rings.transitions.counters[TAIL])
    return {
        "bench": f"PID and alarms of {LOOPS} loops and {ALARMS_A_LOOP * LOOPS} alarms, against C",
        "ratio": round(ratio, 3),
        "limit": LIMIT_C,
        "holds": equal and ratio <= LIMIT_C,
        "equal": equal,
        "against": fastest,
        "us_a_scan": {name: round(spent * 1e6 / SCANS, 1) for name, spent in best.items()},
        "alarm_transitions": raised,
    }


def _same(mine: State, other: State) -> bool:
    """Tell whether two states are equal to the bit, as far as loops and alarms reach."""
    pairs: list[tuple[Any, Any]] = [
        *zip(mine.loops, other.loops, strict=True),
        *zip(mine.alarms, other.alarms, strict=True),
    ]
    pairs.append((mine.rings.transitions.rows, other.rings.transitions.rows))
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


def _best(scans: dict[str, Scans]) -> dict[str, float]:
    """Return the shortest time of a call of each, measured in turns."""
    best = dict.fromkeys(scans, float("inf"))
    for call in range(4, 4 + CALLS):
        for name, one in scans.items():
            began = time.perf_counter()
            one(call)
            best[name] = min(best[name], time.perf_counter() - began)
    return best


@kernel
def whole_loops(state: State, count: int, now_ns: int) -> None:
    """Run the loops alone: quality of the PV, mode, schedule, everything before the law, the law."""
    loops, shaping = state.loops, state.shaping
    for _ in range(count):
        decide(loops, shaping, state.outputs, state.image, state.counters, 0, len(loops.pv), now_ns, now_ns)
        schedule_gains(loops, shaping, state.image, 0, len(loops.pv))
        execute_shaped(loops, shaping, state.image, 0, len(loops.pv), PERIOD_NS * 1e-9)


@kernel
def laws(state: State, count: int) -> None:
    """Run the law alone, with its limits."""
    for _ in range(count):
        pid.execute(state.loops, 0, len(state.loops.pv), PERIOD_NS * 1e-9)


def _against_simple_pid() -> Iterator[dict[str, Any]]:
    """Compare one execution of one loop: a call of the library, and its share of our pass."""
    state, full = plant(SOME), every_feature(plant(SOME))
    state.image.value[:] = full.image.value[:] = images(state)[0]
    library = PID(2.0, 0.1, 0.4, setpoint=50.0, sample_time=None, output_limits=(0.0, 100.0))
    inputs = state.image.value[:1000].tolist()

    def theirs(_: int) -> None:
        for value in inputs:
            library(value, dt=PERIOD_NS * 1e-9)

    best = _best(
        {
            "simple-pid": theirs,
            "every feature on": lambda _: whole_loops(full, MANY_SCANS, START_NS),
            "the law alone": lambda _: laws(state, MANY_SCANS),
        }
    )
    them = best.pop("simple-pid") / len(inputs)
    for (name, spent), limit in zip(best.items(), (LIMIT_SIMPLE_PID, LIMIT_PLAIN_PID), strict=True):
        ours = spent / MANY_SCANS / SOME
        yield {
            "bench": f"one loop against simple-pid, {name}",
            "ratio": round(them / ours, 1),
            "limit": limit,
            "holds": them / ours >= limit,
            "ns_a_loop": {"simple-pid": round(them * 1e9, 1), "ours": round(ours * 1e9, 2)},
        }
