"""Doubles as integers that compress: decimal numbers where that is exact, else their bits.

A device that sends 37.02 means 3702 hundredths, and the difference to the next value is a small
number. Whether it is so is not assumed: a segment is written as decimals only when dividing gives
every double back to the bit (so a minus zero, or a float's noise, goes the other way).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

BITS: Final = 255
"""Form of a segment whose integers are the doubles' bits; smaller forms count decimals."""
_MOST_DECIMALS: Final = 7
_POWERS: Final = 10.0 ** np.arange(_MOST_DECIMALS + 1)
_EXACT: Final = 2.0**53
_SAMPLES: Final = 8


def encode(value: Doubles, starts: Integers, sizes: Integers) -> tuple[Integers, list[int]]:
    """Return the integers of a column of finite doubles, and each segment's form."""
    decimals = _guess(value, starts, sizes)
    integers = value.view(np.int64).copy()
    undecided = decimals <= _MOST_DECIMALS
    while undecided.any():
        scaled, exact = _scaled(value, np.repeat(_POWERS[np.minimum(decimals, _MOST_DECIMALS)], sizes))
        fits = np.logical_and.reduceat(exact, starts) & undecided
        np.copyto(integers, scaled, where=np.repeat(fits, sizes))
        decimals[undecided & ~fits] += 1
        undecided &= ~fits & (decimals <= _MOST_DECIMALS)
    return integers, [form if form <= _MOST_DECIMALS else BITS for form in decimals.tolist()]


def decode(integers: Integers, form: int) -> Doubles:
    """Return the doubles of one segment."""
    return integers.view(np.float64) if form == BITS else integers / _POWERS[form]


def _guess(value: Doubles, starts: Integers, sizes: Integers) -> npt.NDArray[np.intp]:
    """Return the fewest decimals that a few samples of each segment have."""
    places = starts[:, None] + sizes[:, None] * np.arange(_SAMPLES) // _SAMPLES
    samples = value[places].ravel()
    guess = np.full(len(starts), _MOST_DECIMALS + 1)
    for decimals in range(_MOST_DECIMALS, -1, -1):
        _, exact = _scaled(samples, np.full(len(samples), _POWERS[decimals]))
        guess[exact.reshape(-1, _SAMPLES).all(axis=1)] = decimals
    return guess


def _scaled(value: Doubles, scale: Doubles) -> tuple[Integers, npt.NDArray[np.bool_]]:
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = value * scale
        np.rint(scaled, out=scaled)
        scaled[np.abs(scaled) > _EXACT] = 0.0
        integers = scaled.astype(np.int64)
        np.divide(integers, scale, out=scaled)
        return integers, scaled.view(np.int64) == value.view(np.int64)
