"""Integer columns as few bytes: deltas, less their minimum, over their common divisor, in byte planes.

Samples at a steady period become two numbers; a jitter of microseconds on millisecond stamps costs
what the jitter needs. Every int64 column comes back equal, whatever it holds: arithmetic is modulo
2^64 both ways. Many segments of one column are worked on at once, since a call of numpy costs more
than a short segment does.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

_CONSTANT: Final = struct.Struct("<Bq")  # form, first
_STEADY: Final = struct.Struct("<Bqq")  # form, first, step
_PLANES: Final = struct.Struct("<BqqQ")  # form, first, least delta, divisor; then the planes
_ZERO_FORM: Final = b"\x00"
_CONSTANT_FORM: Final = 0x01
_STEADY_FORM: Final = 0x02
_PLANES_FORM: Final = 0x10  # plus the number of planes


def encode(column: Integers, starts: Integers, sizes: Integers) -> list[bytes]:
    """Return each segment of the column as bytes; segments are not empty and follow each other."""
    first = column[starts]
    if len(starts) == len(column) or bool((column == np.repeat(first, sizes)).all()):
        return [_CONSTANT.pack(_CONSTANT_FORM, value) if value else _ZERO_FORM for value in first.tolist()]
    delta = np.empty(len(column), np.int64)
    np.subtract(column[1:], column[:-1], out=delta[1:])
    delta[starts] = delta[np.minimum(starts + 1, len(column) - 1)]
    delta[starts[sizes == 1]] = 0
    least = np.minimum.reduceat(delta, starts)
    rest = (delta - np.repeat(least, sizes)).view(np.uint64)
    divisor = np.maximum(np.gcd.reduceat(rest, starts), 1)
    if (divisor > 1).any():
        rest //= np.repeat(divisor, sizes)
    planes = _bytes_needed(np.maximum.reduceat(rest, starts))
    low_bytes = rest.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)
    ends = (starts + sizes).tolist()
    rows = zip(first.tolist(), least.tolist(), divisor.tolist(), planes, starts.tolist(), ends, strict=True)
    return [
        _segment(base, step, by, low_bytes[start + 1 : end, :width])
        for base, step, by, width, start, end in rows
    ]


def decode(data: memoryview, position: int, count: int) -> tuple[Integers, int]:
    """Return a segment of `count` numbers that begins at a position, and the position behind it."""
    form = data[position]
    if form < _PLANES_FORM:
        return _decode_short(form, data, position, count)
    width = form - _PLANES_FORM
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


def _segment(first: int, least: int, divisor: int, low_bytes: npt.NDArray[np.uint8]) -> bytes:
    width = low_bytes.shape[1]
    if width:
        return _PLANES.pack(_PLANES_FORM + width, first, least, divisor) + low_bytes.T.tobytes()
    if least:
        return _STEADY.pack(_STEADY_FORM, first, least)
    return _CONSTANT.pack(_CONSTANT_FORM, first) if first else _ZERO_FORM


def _decode_short(form: int, data: memoryview, position: int, count: int) -> tuple[Integers, int]:
    if form == _STEADY_FORM:
        _, first, step = _STEADY.unpack_from(data, position)
        column = np.full(count, step & 0xFFFF_FFFF_FFFF_FFFF, np.uint64)
        column[0] = first & 0xFFFF_FFFF_FFFF_FFFF
        return np.cumsum(column, out=column).view(np.int64), position + _STEADY.size
    if form == _CONSTANT_FORM:
        return np.full(count, _CONSTANT.unpack_from(data, position)[1], np.int64), position + _CONSTANT.size
    return np.zeros(count, np.int64), position + 1


def _bytes_needed(largest: npt.NDArray[np.uint64]) -> list[int]:
    return [(value.bit_length() + 7) // 8 for value in largest.tolist()]
