"""Calculations: our kernel against a C interpreter of the same bytecode, and against straight-line C."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.expression_program import CENTRES, program
from benchmarks.expression_straight import straight_c
from control.bytecode import Compiled
from control.kernels.expression import evaluate
from control.program import Memory
from control.signal import BAD, COMM, SIMULATED, UNCERTAIN

OPERATIONS = 20_000
STRAIGHT_OPERATIONS = 1_000
LIMIT = 1.2
ROUNDS = 150
PERIOD_NS = 100_000_000
_SOURCE = Path(__file__).with_name("expression_interpreter.c")
_FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-std=c11", "-shared", "-fPIC")

Scan = Callable[[int], None]
Prepare = Callable[[Memory, "Image"], Scan]
"""Returns one scan of an image, with everything but the scan itself done before."""


class Image:
    """What the plant shows, another one at each scan: mostly good values that move."""

    def __init__(self, tags: list[str], scan: int) -> None:
        rng = np.random.default_rng(scan)
        centre = np.array([CENTRES[tag.split("/")[1]] for tag in tags])
        self.value: npt.NDArray[np.float64] = centre * rng.uniform(0.9, 1.1, len(tags))
        switches = np.array([tag.endswith(("running", "valve")) for tag in tags])
        self.value[switches] = rng.integers(0, 2, switches.sum())
        self.quality = np.zeros(len(tags), np.uint32)
        self.quality[rng.random(len(tags)) < 0.02] = UNCERTAIN | SIMULATED
        lost = rng.random(len(tags)) < 0.01
        self.quality[lost] = BAD | COMM
        self.value[lost] = np.nan


def run() -> Iterator[dict[str, Any]]:
    """Compare the results to the bit, then the times."""
    compilers = [name for name in ("gcc", "clang") if shutil.which(name)]
    if not compilers:
        raise RuntimeError("this benchmark compares with C: install gcc or clang")
    with tempfile.TemporaryDirectory() as folder:
        yield _interpreted(compilers, Path(folder))
        yield _straight_line(compilers[0], Path(folder))


def _interpreted(compilers: list[str], folder: Path) -> dict[str, Any]:
    compiled, tags, operations = program(OPERATIONS)
    images = [Image(tags, scan) for scan in range(32)]
    ours = _ours(compiled)
    rivals = {f"C by {name}": _interpreter(compiled, _library(name, _SOURCE, folder)) for name in compilers}
    equal = all(_same_results(compiled, images, ours, rival) for rival in rivals.values())
    times = _times(compiled, images, {"ours": ours, **rivals})
    fastest = min(rivals, key=lambda name: times[name])
    ratio = times["ours"] / times[fastest]
    return {
        "bench": "calculations, one scan, against C interpreting the same bytecode",
        "operations": operations,
        "instructions": len(compiled.program.code),
        "ratio": round(ratio, 3),
        "limit": LIMIT,
        "holds": bool(equal and ratio <= LIMIT),
        "equal": equal,
        "against": fastest,
        "ns_per_operation": {name: round(spent * 1e9 / operations, 2) for name, spent in times.items()},
    }


def _straight_line(compiler: str, folder: Path) -> dict[str, Any]:
    """Compare with a program that the C compiler knew; a small one: it takes seconds to compile."""
    compiled, tags, operations = program(STRAIGHT_OPERATIONS)
    images = [Image(tags, scan) for scan in range(32)]
    source = folder / "straight.c"
    source.write_text(straight_c(compiled), encoding="utf-8")
    scans = {"ours": _ours(compiled), "straight": _straight(compiled, _library(compiler, source, folder))}
    equal = _same_results(compiled, images, *scans.values(), registers=False)
    times = _times(compiled, images, scans)
    return {
        "bench": "calculations, one scan, against straight-line C of the same expressions",
        "operations": operations,
        "ratio": round(times["ours"] / times["straight"], 3),
        "limit": None,
        "holds": equal,
        "equal": equal,
        "ns_per_operation": {name: round(spent * 1e9 / operations, 2) for name, spent in times.items()},
    }


def _ours(compiled: Compiled) -> Prepare:
    def prepare(memory: Memory, image: Image) -> Scan:
        return lambda scan: evaluate(
            compiled.program, memory, image.value, image.quality, scan, scan * PERIOD_NS
        )

    return prepare


def _library(compiler: str, source: Path, folder: Path) -> ctypes.CDLL:
    path = folder / f"{compiler}-{source.stem}.so"
    include = f"-I{_SOURCE.parent}"
    subprocess.run([compiler, *_FLAGS, include, str(source), "-o", str(path), "-lm"], check=True)
    return ctypes.CDLL(str(path))


def _interpreter(compiled: Compiled, library: ctypes.CDLL) -> Prepare:
    code, entries, inputs = compiled.program

    def prepare(memory: Memory, image: Image) -> Scan:
        first, rest = _pointers(code, entries), _pointers(inputs, *memory, image.value, image.quality)
        count = ctypes.c_uint64(len(entries))
        return lambda scan: library.evaluate(
            *first, count, *rest, ctypes.c_int64(scan), ctypes.c_int64(scan * PERIOD_NS)
        )

    return prepare


def _straight(compiled: Compiled, library: ctypes.CDLL) -> Prepare:
    entries = compiled.program.entries

    def prepare(memory: Memory, image: Image) -> Scan:
        state = (memory.value, memory.quality, memory.cells, memory.evaluated_ns, image.value, image.quality)
        pointers = _pointers(entries, *state)
        return lambda scan: library.straight(*pointers, ctypes.c_int64(scan * PERIOD_NS))

    return prepare


def _pointers(*arrays: npt.NDArray[Any]) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(array.ctypes.data) for array in arrays]


def _same_results(
    compiled: Compiled, images: list[Image], ours: Prepare, theirs: Prepare, *, registers: bool = True
) -> bool:
    """Tell whether both do the same to the bit, scan by scan, in results, state and registers."""
    mine, other = compiled.memory(), compiled.memory()
    names = [name for name in Memory._fields if registers or not name.startswith("register")]
    for scan, image in enumerate(images, start=1):
        ours(mine, image)(scan)
        theirs(other, image)(scan)
        pairs = [(getattr(mine, name), getattr(other, name)) for name in names]
        if not all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs):
            return False
    return True


def _times(compiled: Compiled, images: list[Image], rivals: dict[str, Prepare]) -> dict[str, float]:
    """Return the shortest time of each, measured in turns."""
    memories = {name: compiled.memory() for name in rivals}
    scans = {name: [prepare(memories[name], image) for image in images] for name, prepare in rivals.items()}
    best = dict.fromkeys(rivals, float("inf"))
    for scan in range(1, ROUNDS + 1):
        for name, prepared in scans.items():
            run_scan = prepared[scan % len(images)]
            began = time.perf_counter()
            run_scan(scan)
            best[name] = min(best[name], time.perf_counter() - began)
    return best
