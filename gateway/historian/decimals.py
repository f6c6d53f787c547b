"""Doubles as integers that compress: decimal numbers where that is exact, else their bits.

A device that sends 37.02 means 3702 hundredths, and the difference to the next value is a small
number. Whether it is so is not assumed: a chunk is written as decimals only when dividing gives
every double back to the bit (so a minus zero, or a float's noise, goes the other way).
`gateway.kernels.chunk_packing` writes them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gateway.kernels.chunk_packing import BITS, POWERS


def decode(integers: npt.NDArray[np.int64], form: int) -> npt.NDArray[np.float64]:
    """Return the doubles of one chunk."""
    return integers.view(np.float64) if form == BITS else integers / POWERS[form]
