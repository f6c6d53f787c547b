"""Timers, latches and edges of expressions. Each keeps its past in cells of the state, from cell `s`.

Conditions are 1 and 0. `bad` says that an operand is bad: then nothing moves, unless the function
says otherwise. What a condition was before is kept as `WAS_FALSE` or `WAS_TRUE`; 0 is unknown, so the
first evaluation is never an edge.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from control.kernels.jit import inlined

Reals = npt.NDArray[np.float64]

WAS_FALSE: Final = 1.0
WAS_TRUE: Final = 2.0


@inlined
def rises(x: float, bad: bool, cells: Reals, s: int) -> bool:
    """Say whether a condition has become true, and keep it. Cells: what it was."""
    if bad:
        return False
    before = cells[s]
    cells[s] = WAS_TRUE if x != 0.0 else WAS_FALSE
    return bool(before == WAS_FALSE and x != 0.0)


@inlined
def falls(x: float, bad: bool, cells: Reals, s: int) -> bool:
    """Say whether a condition has become false, and keep it. Cells: what it was."""
    if bad:
        return False
    before = cells[s]
    cells[s] = WAS_TRUE if x != 0.0 else WAS_FALSE
    return bool(before == WAS_TRUE and x == 0.0)


@inlined
def changes(x: float, bad: bool, cells: Reals, s: int) -> bool:
    """Say whether a value is another one than before, and keep it. Cells: known, value."""
    if bad:
        return False
    changed = cells[s] != 0.0 and cells[s + 1] != x
    cells[s] = 1.0
    cells[s + 1] = x
    return bool(changed)


@inlined
def true_for(x: float, bad: bool, cells: Reals, s: int, elapsed_s: float) -> float:
    """Return for how long a condition has been true, or -1 while it is false. Cells: true, time."""
    if not bad:
        cells[s + 1] = cells[s + 1] + elapsed_s if x != 0.0 and cells[s] != 0.0 else 0.0
        cells[s] = x
    return float(cells[s + 1]) if cells[s] != 0.0 else -1.0


@inlined
def off_delay(x: float, bad: bool, duration_s: float, cells: Reals, s: int, elapsed_s: float) -> bool:
    """Say whether a condition is true or was within the duration. Cells: 0 off, 1 on, 2 runs; time."""
    if not bad:
        if x != 0.0:
            cells[s] = 1.0
            cells[s + 1] = 0.0
        elif cells[s] == 1.0:
            cells[s] = 2.0
        elif cells[s] == 2.0:
            cells[s + 1] += elapsed_s
        if cells[s] == 2.0 and cells[s + 1] >= duration_s:
            cells[s] = 0.0
    return bool(cells[s] != 0.0)


@inlined
def pulse(x: float, bad: bool, duration_s: float, cells: Reals, s: int, elapsed_s: float) -> bool:
    """Say whether a pulse runs that a rising condition started. Cells: what it was, runs, time.

    A running pulse ends whatever the condition's quality; without a usable duration it ends at once.
    """
    if cells[s + 1] != 0.0:
        cells[s + 2] += elapsed_s
        if not cells[s + 2] < duration_s:
            cells[s + 1] = 0.0
    if rises(x, bad, cells, s) and cells[s + 1] == 0.0 and duration_s > 0.0:
        cells[s + 1] = 1.0
        cells[s + 2] = 0.0
    return bool(cells[s + 1] != 0.0)


@inlined
def unchanged(x: float, bad: bool, cells: Reals, s: int, elapsed_s: float) -> float:
    """Return for how long a value has been the same. Cells: known, value, time."""
    if not bad:
        same = cells[s] != 0.0 and cells[s + 1] == x
        cells[s + 2] = cells[s + 2] + elapsed_s if same else 0.0
        cells[s] = 1.0
        cells[s + 1] = x
    return float(cells[s + 2])


@inlined
def set_reset(x: float, x_bad: bool, y: float, y_bad: bool, cells: Reals, s: int) -> bool:
    """Return a latch that x sets and y resets; x wins. Cells: the latch."""
    if not x_bad and x != 0.0:
        cells[s] = 1.0
    elif not x_bad and not y_bad and y != 0.0:
        cells[s] = 0.0
    return bool(cells[s] != 0.0)


@inlined
def reset_set(x: float, x_bad: bool, y: float, y_bad: bool, cells: Reals, s: int) -> bool:
    """Return a latch that x sets and y resets; y wins. Cells: the latch."""
    if not y_bad and y != 0.0:
        cells[s] = 0.0
    elif not x_bad and not y_bad and x != 0.0:
        cells[s] = 1.0
    return bool(cells[s] != 0.0)


@inlined
def count(x: float, x_bad: bool, y: float, y_bad: bool, cells: Reals, s: int) -> float:
    """Return how often x has become true since y was. Cells: what it was, count."""
    if rises(x, x_bad, cells, s):
        cells[s + 1] += 1.0
    if not y_bad and y != 0.0:
        cells[s + 1] = 0.0
    return float(cells[s + 1])
