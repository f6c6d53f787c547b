"""Points as lines of line protocol, written into one array of bytes.

orjson prints a column of doubles, each as the shortest text that gives it again; here its text is put between
what a line has besides.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.kernels.compiled import compiled, part
from gateway.kernels.copying import Bytes, copy

UNKNOWN_TAG: Final = -1
LONGEST_NUMBERS: Final = 19 + 7 + 24 + 20 + 1
"""Bytes that ordinal, value and time of a line take at most, with the words before them."""

_ORDINAL: Final = np.frombuffer(b",ordinal=", np.uint8)
_VALUE: Final = np.frombuffer(b" value=", np.uint8)
_LEAST_INTEGER: Final = -(2**63)
_LEAST_TEXT: Final = np.frombuffer(b"-9223372036854775808", np.uint8)
_SPACE, _MINUS, _ZERO, _COMMA, _BRACKET, _BREAK = (int(byte) for byte in b" -0,]\n")


@part
def _write_digits(out: Bytes, at: int, number: int) -> int:
    """Write a number that is not negative."""
    count, rest = 1, number // 10
    while rest > 0:
        count, rest = count + 1, rest // 10
    rest = number
    for place in range(at + count - 1, at - 1, -1):
        tenth = rest // 10
        out[place] = _ZERO + (rest - tenth * 10)
        rest = tenth
    return at + count


@part
def _write_integer(out: Bytes, at: int, number: int) -> int:
    if number >= 0:
        return _write_digits(out, at, number)
    if number == _LEAST_INTEGER:
        return copy(out, at, _LEAST_TEXT, 0, len(_LEAST_TEXT))
    out[at] = _MINUS
    return _write_digits(out, at + 1, -number)


@part
def _end_of(printed: Bytes, first: int) -> int:
    while printed[first] != _COMMA and printed[first] != _BRACKET:
        first += 1
    return first


@compiled
def write_lines(
    out: Bytes,
    names: Bytes,
    name_ends: npt.NDArray[np.int64],
    middles: Bytes,
    middle_ends: npt.NDArray[np.int64],
    middle_of: npt.NDArray[np.int64],
    tag: npt.NDArray[np.int32],
    value: npt.NDArray[np.float64],
    source_ns: npt.NDArray[np.int64],
    ordinal: npt.NDArray[np.uint32],
    printed: Bytes,
) -> int:
    """Write one line for each point, and return how many bytes they are.

    Args:
        out: filled from its start; must have room.
        names: measurement and name of each tag, one behind the other.
        name_ends: where each of these ends, (tags + 1,), the first 0.
        middles: what stands between value and time, each begun by a comma and ended by a space.
        middle_ends: where each of these ends, (middles + 1,), the first 0.
        middle_of: which of them a point has, (points,).
        tag: (points,).
        value: (points,); not finite: no value.
        source_ns: ns, (points,).
        ordinal: (points,).
        printed: the values as a JSON array.

    Returns:
        Or UNKNOWN_TAG: nothing of use was written.
    """
    at, cursor, time_at, time_end = 0, 1, 0, 0
    for row in range(len(tag)):
        number = tag[row]
        if number < 0 or number >= len(name_ends) - 1:
            return UNKNOWN_TAG
        at = copy(out, at, names, name_ends[number], name_ends[number + 1])
        if ordinal[row]:
            at = copy(out, at, _ORDINAL, 0, len(_ORDINAL))
            at = _write_digits(out, at, int(np.int64(ordinal[row])))
        begin, end = cursor, _end_of(printed, cursor)
        cursor = end + 1
        first = middle_ends[middle_of[row]]
        if not np.isfinite(value[row]):
            out[at] = _SPACE
            at, first = at + 1, first + 1  # without the comma: nothing stands before it
        else:
            at = copy(out, at, _VALUE, 0, len(_VALUE))
            at = copy(out, at, printed, begin, end)
        at = copy(out, at, middles, first, middle_ends[middle_of[row] + 1])
        if row and source_ns[row] == source_ns[row - 1]:
            at = copy(out, at, out, time_at, time_end)
        else:
            time_at, time_end = at, _write_integer(out, at, source_ns[row])
            at = time_end
        out[at] = _BREAK
        at += 1
    return at
