"""Integer columns from few bytes: deltas, less their minimum, over their common divisor, in byte planes.

Samples at a steady period become two numbers; a jitter of microseconds on millisecond stamps costs
what the jitter needs. Every int64 column comes back equal, whatever it holds: arithmetic is modulo
2^64 both ways. `gateway.kernels.chunk_packing` writes them.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.kernels.chunk_packing import CONSTANT, PLANES, STEADY

Integers = npt.NDArray[np.int64]

_CONSTANT: Final = struct.Struct("<Bq")  # form, first
_STEADY: Final = struct.Struct("<Bqq")  # form, first, step
_PLANES: Final = struct.Struct("<BqqQ")  # form, first, least delta, divisor; then the planes


def decode(data: memoryview, position: int, count: int) -> tuple[Integers, int]:
    """Return a segment of `count` numbers that begins at a position, and the position behind it."""
    form = data[position]
    if form < PLANES:
        return _decode_short(form, data, position, count)
    width = form - PLANES
    _, first, least, divisor = _PLANES.unpack_from(data, position)
    position += _PLANES.size
    planes = np.frombuffer(data, np.uint8, width * (count - 1), position).reshape(width, count - 1)
    low_bytes = np.zeros((count - 1, 8), np.uint8)
    low_bytes[:, :width] = planes.T
    column = np.empty(count, np.uint64)
    column[0] = first & 0xFFFF_FFFF_FFFF_FFFF
    np.multiply(low_bytes.view("<u8").ravel(), np.uint64(divisor), out=column[1:])
    column[1:] += np.uint64(least & 0xFFFF_FFFF_FFFF_FFFF)
    return np.cumsum(column, out=column).view(np.int64), position + width * (count - 1)


def _decode_short(form: int, data: memoryview, position: int, count: int) -> tuple[Integers, int]:
    if form == STEADY:
        _, first, step = _STEADY.unpack_from(data, position)
        column = np.full(count, step & 0xFFFF_FFFF_FFFF_FFFF, np.uint64)
        column[0] = first & 0xFFFF_FFFF_FFFF_FFFF
        return np.cumsum(column, out=column).view(np.int64), position + _STEADY.size
    if form == CONSTANT:
        return np.full(count, _CONSTANT.unpack_from(data, position)[1], np.int64), position + _CONSTANT.size
    return np.zeros(count, np.int64), position + 1
