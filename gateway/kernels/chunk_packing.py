"""Points of many tags into the bytes of chunks, one tag each: sorted, summed up and packed in two calls.

An integer column is packed as deltas, less their minimum, over their common divisor, in byte planes; all of
it modulo 2^64, so that any column comes back (`gateway.historian.integers` reads it). Doubles are packed as
decimal numbers where dividing gives each of them back to the bit, else as their bits
(`gateway.historian.decimals`).
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.kernels.compiled import compiled, part
from gateway.kernels.copying import Bytes

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]
Numbers = npt.NDArray[np.int32]

VERSION: Final = 1
MISSING: Final = 1
"""In the third byte of a chunk: bits at its end tell which points have no value."""
ZERO, CONSTANT, STEADY, PLANES = 0x00, 0x01, 0x02, 0x10
"""Forms of an integer column; the last plus the number of planes."""
BITS: Final = 255
"""Form of a chunk whose integers are the doubles' bits; smaller forms count decimals."""
MOST_DECIMALS: Final = 7
POWERS: Final = 10.0 ** np.arange(MOST_DECIMALS + 1)
COLUMNS: Final = 9
HEAD: Final = 3
LONGEST_HEAD: Final = HEAD + COLUMNS * 25
"""Bytes of a chunk besides those of its points, at most."""
BYTES_A_POINT: Final = 8 * COLUMNS + 1
FIRST_NS, LAST_NS, VALUES, QUALITY, COUNTS = range(5)
LEAST, GREATEST, TOTAL, FIRST, LAST, DOUBLES = range(6)

_EXACT: Final = 2.0**53
_MOVES_A_POINT: Final = 16
"""Beyond it, sorting them all is quicker than moving one after the other."""


@part
def _is_before(
    one: int,
    other: int,
    source_ns: Integers,
    ordinal: Words,
    source: Numbers,
    sequence: Integers,
    row: Numbers,
) -> bool:
    if source_ns[one] != source_ns[other]:
        return bool(source_ns[one] < source_ns[other])
    if ordinal[one] != ordinal[other]:
        return bool(ordinal[one] < ordinal[other])
    if source[one] != source[other]:
        return bool(source[one] < source[other])
    if sequence[one] != sequence[other]:
        return bool(sequence[one] < sequence[other])
    return bool(row[one] < row[other])


@compiled
def order_by_tag(
    order: Integers,
    ends: Integers,
    tag: Numbers,
    source_ns: Integers,
    ordinal: Words,
    source: Numbers,
    sequence: Integers,
    row: Numbers,
) -> bool:
    """Order points by tag, time, ordinal and arrival, if few of them are out of order within their tag.

    Args:
        order: filled: which point is the first, and so on.
        ends: filled: where the points of each tag end, and behind them their number; (tags + 1,) zeros.
        tag: (points,), each from 0.
        source_ns: ns, (points,).
        ordinal: (points,).
        source: (points,).
        sequence: (points,).
        row: (points,).

    Returns:
        Whether it is done; else only `ends` is of use.
    """
    for point in range(len(tag)):
        ends[tag[point] + 1] += 1
    for number in range(1, len(ends)):
        ends[number] += ends[number - 1]
    for point in range(len(tag)):  # each beginning moves to its end
        order[ends[tag[point]]] = point
        ends[tag[point]] += 1
    patience = _MOVES_A_POINT * len(order)
    for place in range(1, len(order)):
        point, free = order[place], place
        while free > 0 and tag[order[free - 1]] == tag[point]:
            if not _is_before(point, order[free - 1], source_ns, ordinal, source, sequence, row):
                break
            order[free] = order[free - 1]
            free -= 1
        order[free] = point
        patience -= place - free
        if patience < 0:
            return False
    return True


@part
def _put(out: Bytes, at: int, number: np.int64) -> int:
    for byte in range(8):
        out[at + byte] = (number >> (8 * byte)) & 0xFF
    return at + 8


@part
def _put_short(out: Bytes, at: int, first: np.int64, step: np.int64) -> int:
    if step:
        out[at] = STEADY
        return _put(out, _put(out, at + 1, first), step)
    if first:
        out[at] = CONSTANT
        return _put(out, at + 1, first)
    out[at] = ZERO
    return at + 1


@part
def _common_divisor(rest: npt.NDArray[np.uint64], count: int) -> np.uint64:
    divisor = np.uint64(0)
    for place in range(1, count):
        other = rest[place]
        while other != np.uint64(0):
            divisor, other = other, divisor % other
        if divisor == np.uint64(1):
            break
    return divisor


@compiled
def pack_integers(out: Bytes, at: int, column: Integers, rest: npt.NDArray[np.uint64], count: int) -> int:
    """Pack the first numbers of a column, and return the place behind them.

    Args:
        out: has room for 25 bytes and 8 a number.
        at: where to begin in it.
        column: the numbers.
        rest: as long as they are; its content is lost.
        count: of them, at least 1.
    """
    first, least, most = column[0], np.int64(0), np.int64(0)
    if count > 1:
        least = most = column[1] - first
        for place in range(2, count):
            delta = column[place] - column[place - 1]
            least, most = min(least, delta), max(most, delta)
    if least == most:
        return _put_short(out, at, first, least)
    largest = np.uint64(0)
    for place in range(1, count):
        rest[place] = np.uint64(column[place] - column[place - 1] - least)
        largest = max(largest, rest[place])
    divisor = _common_divisor(rest, count)
    if divisor > np.uint64(1):
        largest //= divisor
        for place in range(1, count):
            rest[place] //= divisor
    planes = 0
    while planes < 8 and largest >> np.uint64(8 * planes):
        planes += 1
    out[at] = PLANES + planes
    at = _put(out, _put(out, _put(out, at + 1, first), least), np.int64(divisor))
    for plane in range(planes):
        for place in range(1, count):
            out[at + place - 1] = (rest[place] >> np.uint64(8 * plane)) & np.uint64(0xFF)
        at += count - 1
    return at


@part
def _decimals(value: Doubles, numbers: Integers, count: int) -> int:
    """Fill in the doubles as decimals, and return how many they have; BITS: there are too many."""
    for decimals in range(MOST_DECIMALS + 1):
        power, fits = POWERS[decimals], 0
        while fits < count:
            reading = value[fits]
            scaled = np.rint(reading * power)
            if not abs(scaled) <= _EXACT:
                break
            number = np.int64(scaled)
            if number / power != reading or (number == 0 and math.copysign(1.0, reading) < 0):
                break
            numbers[fits] = number
            fits += 1
        if fits == count:
            return decimals
    return BITS


@part
def _put_values(
    out: Bytes,
    at: int,
    order: Integers,
    value: Doubles,
    bits: Integers,
    filled: Doubles,
    numbers: Integers,
    rest: npt.NDArray[np.uint64],
    doubles: Doubles,
) -> tuple[int, int, int]:
    """Pack and sum up values; return the place behind them, how many there are, and their form."""
    there, latest, total = 0, 0.0, 0.0
    for place in range(len(order)):
        reading = value[order[place]]
        if not np.isnan(reading):
            doubles[LEAST] = min(doubles[LEAST], reading) if there else reading
            doubles[GREATEST] = max(doubles[GREATEST], reading) if there else reading
            doubles[FIRST] = doubles[FIRST] if there else reading
            there, latest, total = there + 1, reading, total + reading
        filled[place] = latest
    doubles[TOTAL], doubles[LAST] = total, latest
    form = _decimals(filled, numbers, len(order))
    if form == BITS:
        kept = np.int64(0)
        for place in range(len(order)):
            if not np.isnan(value[order[place]]):
                kept = bits[order[place]]
            numbers[place] = kept
    return pack_integers(out, at, numbers, rest, len(order)), there, form


@part
def _put_missing(out: Bytes, at: int, value: Doubles, order: Integers) -> int:
    """Put a bit for each point that has no value, eight in a byte, the first one highest."""
    for place in range(len(order)):
        if place % 8 == 0:
            out[at + place // 8] = 0
        if np.isnan(value[order[place]]):
            out[at + place // 8] |= 0x80 >> (place % 8)
    return at + (len(order) + 7) // 8


@part
def _gather(scratch: Integers, column: npt.NDArray[Any], order: Integers) -> None:
    for place in range(len(order)):
        scratch[place] = column[order[place]]


@part
def _pack_column(
    out: Bytes,
    at: int,
    column: npt.NDArray[Any],
    order: Integers,
    scratch: Integers,
    rest: npt.NDArray[np.uint64],
) -> int:
    """Pack a column that mostly says the same of all points, and return the place behind it."""
    first, place = column[order[0]], 1
    while place < len(order) and column[order[place]] == first:
        place += 1
    if place == len(order):
        return _put_short(out, at, np.int64(first), np.int64(0))
    _gather(scratch, column, order)
    return pack_integers(out, at, scratch, rest, len(order))


@part
def _worst(quality: Words, order: Integers) -> int:
    worst = quality[order[0]]
    for place in range(1, len(order)):
        worst = max(worst, quality[order[place]])
    return int(np.int64(worst))


@compiled
def pack_chunks(
    out: Bytes,
    ends: Integers,
    counts: Integers,
    doubles: Doubles,
    bounds: Integers,
    order: Integers,
    source_ns: Integers,
    value: Doubles,
    bits: Integers,
    quality: Words,
    status: Words,
    ordinal: Words,
    source: Numbers,
    sequence: Integers,
    row: Numbers,
    context: Numbers,
    scratch: Integers,
    filled: Doubles,
    rest: npt.NDArray[np.uint64],
) -> None:
    """Pack chunks one behind the other.

    Args:
        out: has room for LONGEST_HEAD bytes a chunk and BYTES_A_POINT a point.
        ends: filled: where each chunk ends, (chunks,).
        counts: filled: FIRST_NS, LAST_NS, VALUES and the worst QUALITY of each, (chunks, COUNTS).
        doubles: filled: of those that have values LEAST, GREATEST, TOTAL, FIRST, LAST, (chunks, DOUBLES).
        bounds: where in `order` the chunks' points begin, and behind them the end of the last.
        order: points by tag and time.
        source_ns: ns, (points,); and so the next ones.
        value: NaN for none.
        bits: the same bytes as `value`.
        quality: the worst is the greatest.
        status: any.
        ordinal: any.
        source: any.
        sequence: any.
        row: any.
        context: any.
        scratch: as long as the longest chunk; its content is lost; and so the next two.
        filled: for values.
        rest: for deltas.
    """
    at = 0
    for chunk in range(len(bounds) - 1):
        mine = order[bounds[chunk] : bounds[chunk + 1]]
        size, head = len(mine), at
        _gather(scratch, source_ns, mine)
        counts[chunk, FIRST_NS], counts[chunk, LAST_NS] = scratch[0], scratch[size - 1]
        at = pack_integers(out, head + HEAD, scratch, rest, size)
        summary = doubles[chunk]
        at, there, form = _put_values(out, at, mine, value, bits, filled, scratch, rest, summary)
        counts[chunk, VALUES] = there
        counts[chunk, QUALITY] = _worst(quality, mine)
        at = _pack_column(out, at, quality, mine, scratch, rest)
        at = _pack_column(out, at, status, mine, scratch, rest)
        at = _pack_column(out, at, ordinal, mine, scratch, rest)
        at = _pack_column(out, at, source, mine, scratch, rest)
        at = _pack_column(out, at, sequence, mine, scratch, rest)
        at = _pack_column(out, at, row, mine, scratch, rest)
        at = _pack_column(out, at, context, mine, scratch, rest)
        out[head], out[head + 1], out[head + 2] = VERSION, form, MISSING if there < size else 0
        if there < size:
            at = _put_missing(out, at, value, mine)
        ends[chunk] = at
