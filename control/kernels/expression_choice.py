"""Conditions, choices and what computes over several registers, with the quality each result gets."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from control.kernels.jit import inlined, part
from control.opcodes import MEAN_GOOD, MEDIAN
from control.signal import BAD, GOOD, INPUT, REASON_BITS, SUBSTITUTE, UNCERTAIN

Reals = npt.NDArray[np.float64]
Qualities = npt.NDArray[np.uint32]


@inlined
def decided(x: float, x_quality: int, y: float, y_quality: int, deciding: float) -> int:
    """Return the quality of `x and y` (deciding 0) or `x or y` (deciding 1).

    An operand that decides alone and is not bad gives the result its quality: false and bad is
    false. Where both decide, the better one counts. Where none does, the worse.
    """
    x_decides = x == deciding and x_quality < BAD
    y_decides = y == deciding and y_quality < BAD
    if x_decides and y_decides:
        return min(x_quality, y_quality)
    if x_decides:
        return x_quality
    return y_quality if y_decides else x_quality | y_quality


@inlined
def interpolate(register: Reals, x: float, table: int, points: int) -> float:
    """Return the value at x of straight lines through points; xs first, then ys, both in registers."""
    if not x > register[table]:
        return float(register[table + points]) if x <= register[table] else math.nan
    low, high = 0, points - 1
    if x >= register[table + high]:
        return float(register[table + points + high])
    while high - low > 1:
        middle = (low + high) // 2
        if x >= register[table + middle]:
            low = middle
        else:
            high = middle
    x_low, y_low = register[table + low], register[table + points + low]
    width, height = register[table + high] - x_low, register[table + points + high] - y_low
    return float(y_low + (x - x_low) / width * height)


@inlined
def _sort_good(register: Reals, quality: Qualities, first: int, count: int) -> int:
    """Sort the values that are not bad to the front; return how many they are."""
    found = 0
    for i in range(first, first + count):
        if quality[i] < BAD:
            value = register[i]
            place = first + found
            while place > first and register[place - 1] > value:
                register[place] = register[place - 1]
                place -= 1
            register[place] = value
            found += 1
    return found


@inlined
def _joined(quality: Qualities, first: int, count: int, leave_out: bool) -> int:
    """Return the worst quality of registers; those that are bad may be left out and leave a mark."""
    joined = int(np.int64(GOOD))
    for i in range(first, first + count):
        if not leave_out or quality[i] < BAD:
            joined |= quality[i]
        else:
            joined |= UNCERTAIN | INPUT
    return joined


@part
def gather(kind: int, register: Reals, quality: Qualities, first: int, count: int) -> tuple[float, int]:
    """Run an instruction over registers side by side; return its value and quality."""
    joined = _joined(quality, first, count, leave_out=kind != MEDIAN)
    if kind == MEAN_GOOD:
        total, found = _sum_good(register, quality, first, count)
        result = total / found if found > 0 else math.nan
    else:
        found = _sort_good(register, quality, first, count)
        result = _middle(register, first, found) if found > 0 else math.nan
    if found == 0:
        joined = BAD | _joined(quality, first, count, leave_out=False)
    return result, joined


@inlined
def _sum_good(register: Reals, quality: Qualities, first: int, count: int) -> tuple[float, int]:
    total, found = 0.0, 0
    for i in range(first, first + count):
        if quality[i] < BAD:
            total += register[i]
            found += 1
    return total, found


@inlined
def _middle(register: Reals, first: int, count: int) -> float:
    middle = first + count // 2
    if count % 2 == 1:
        return float(register[middle])
    return float((register[middle - 1] + register[middle]) / 2.0)


@inlined
def chosen(x: float, x_quality: int, y: float, y_quality: int) -> tuple[float, int]:
    """Return x, or y with its quality and the reason that it is a substitute while x is bad."""
    if x_quality < BAD:
        return x, x_quality
    return y, y_quality | SUBSTITUTE


@inlined
def stood_in(value: float, quality: int) -> tuple[float, int]:
    """Return a last usable value: uncertain, because it is no longer known to hold."""
    return value, UNCERTAIN | SUBSTITUTE | INPUT | quality & REASON_BITS
