"""The whole scan against C: samples, calculations, cascades, outputs, alarms and reports in one pass."""

from __future__ import annotations

import ctypes
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import scan_plant
from benchmarks.c_layout import arrays, header, pointers
from benchmarks.c_library import libraries, pointer
from control.carry.arena import consolidate
from control.kernels.jit import kernel
from control.kernels.ring import HEAD, TAIL
from control.rings import Rows
from control.scan import scan_once
from control.state import State
from control.tables import Capacities, build

LOOPS, OPERATIONS = 10_000, 20_000
LIMIT = 1.2
PERIOD_NS = 100_000_000
SETTLING, CHECKED, ROUNDS, SCANS = 64, 32, 250, 1
START_NS, UTC_NS = 10**12, 18 * 10**17

Scans = Callable[[int], None]


@kernel
def whole_scans(
    state: State, samples: Rows, rows: int, count: int, now_ns: int, utc_ns: int, period_ns: int
) -> None:
    """Run scans, each after so many samples were put into the inbox; what leaves is taken at once."""
    rings = state.rings
    kinds = len(samples) // rows
    for k in range(count):
        utc = utc_ns + k * period_ns
        tail = rings.inbox.counters[TAIL]
        for n in range(rows):
            into, sample = (
                rings.inbox.rows[(tail + n) & (len(rings.inbox.rows) - 1)],
                samples[k % kinds * rows + n],
            )
            into["value"], into["tag"], into["quality"] = sample["value"], sample["tag"], sample["quality"]
            into["source_ns"], into["status"], into["ordinal"] = utc, sample["status"], sample["ordinal"]
        rings.inbox.counters[TAIL] = tail + rows
        scan_once(state, now_ns + k * period_ns, utc)
        rings.reports.counters[HEAD] = rings.reports.counters[TAIL]
        rings.outputs.counters[HEAD] = rings.outputs.counters[TAIL]
        rings.transitions.counters[HEAD] = rings.transitions.counters[TAIL]


def run() -> Iterator[dict[str, Any]]:
    """Build the plant, let it settle, compare the states to the bit, then the times."""
    site, operations = scan_plant.site(LOOPS, OPERATIONS)
    samples = scan_plant.samples(site)
    rows = len(samples) // scan_plant.KINDS
    settled = build(site, Capacities(32_768, 64, 32_768, 131_072, 65_536, 64)).state
    whole_scans(settled, samples, rows, SETTLING, START_NS, UTC_NS, PERIOD_NS)
    special = int(settled.loops.special.sum())
    if special:
        raise RuntimeError(f"{special} loops have not settled: C does not do that")
    with tempfile.TemporaryDirectory() as folder:
        header(settled, Path(folder))
        compiled = libraries("scan.c", Path(folder))
        states = {name: consolidate(copied(settled))[0] for name in ("ours", *compiled)}
        scans: dict[str, Scans] = {"ours": _ours(states["ours"], samples, rows)}
        scans |= {name: _in_c(library, states[name], samples, rows) for name, library in compiled.items()}
        differing = _differing(scans, states)
        spent = _best(scans)
    fastest = min(compiled, key=lambda name: spent[name])
    ratio = spent["ours"] / spent[fastest]
    moved = {
        name: int(getattr(settled.rings, name).counters[TAIL]) // SETTLING for name in ("reports", "outputs")
    }
    yield {
        "bench": f"whole scan: {rows} samples, {operations} operations, {LOOPS} loops (a third cascaded), "
        f"{len(settled.alarms.tag)} alarms, against C",
        "ratio": round(ratio, 3),
        "limit": LIMIT,
        "holds": not differing and ratio <= LIMIT,
        "equal": not differing,
        "differing": differing,
        "against": fastest,
        "us_a_scan": {name: round(seconds * 1e6 / SCANS, 1) for name, seconds in spent.items()},
        "a_scan": moved,
    }


def copied(state: Any) -> Any:
    """Return a state with arrays of its own."""
    if isinstance(state, np.ndarray):
        return state.copy()
    return type(state)(*(copied(part) for part in state))


def _ours(state: State, samples: Rows, rows: int) -> Scans:
    def scans(call: int) -> None:
        shift = (SETTLING + call * SCANS) * PERIOD_NS
        whole_scans(state, samples, rows, SCANS, START_NS + shift, UTC_NS + shift, PERIOD_NS)

    return scans


def _in_c(library: ctypes.CDLL, state: State, samples: Rows, rows: int) -> Scans:
    words = pointers(state)
    library.whole_scans.restype = ctypes.c_int64
    fixed = [words, pointer(samples), *(ctypes.c_int64(n) for n in (scan_plant.KINDS, rows, SCANS))]

    def scans(call: int) -> None:
        shift = (SETTLING + call * SCANS) * PERIOD_NS
        times = (ctypes.c_int64(ns) for ns in (START_NS + shift, UTC_NS + shift, PERIOD_NS))
        met = library.whole_scans(*fixed, *times)
        if met != 0:
            raise RuntimeError(f"{met} times the plant had what C does not do")

    return scans


def _differing(scans: dict[str, Scans], states: dict[str, State]) -> list[str]:
    """Run some scans of each, and return the arrays in which they differ."""
    for call in range(CHECKED):
        for one in scans.values():
            one(call)
    mine = arrays(states["ours"])
    return [
        f"{name}: {path}"
        for name, state in states.items()
        for path, array in arrays(state).items()
        if not _same(array, mine[path])
    ]


def _same(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    return a.tobytes() == b.tobytes()


def _best(scans: dict[str, Scans]) -> dict[str, float]:
    """Return the shortest time of a call of each, measured in turns."""
    best = dict.fromkeys(scans, float("inf"))
    for call in range(CHECKED, CHECKED + ROUNDS):
        for name, one in scans.items():
            began = time.perf_counter()
            one(call)
            best[name] = min(best[name], time.perf_counter() - began)
    return best
