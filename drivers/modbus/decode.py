"""From the answers of a whole cycle to values, in one compiled call.

The answers lie one behind the other. A table says for each value where its bytes begin, how they are
arranged and what they mean; so the loop is the same for every type. What a double cannot hold comes
back by row, with its bits, for the caller to make a text of.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from control.signal import BAD, NOT_A_NUMBER, RANGE, SENSOR
from drivers.compiled import compiled, part

EXACT: Final = 2**53
"""Integers up to here are exact as double; larger ones travel as texts."""

UNSIGNED: Final = 0
SIGNED: Final = 1
FLOAT: Final = 2
BCD: Final = 3
MOD10K: Final = 4
BOOL: Final = 5

COILS: Final = 1
"""Flag: bits of a bit table, not registers."""
WORDS_LITTLE: Final = 2
BYTES_LITTLE: Final = 4
DWORDS_TURNED: Final = 8
"""Flag: the halves of 64 bits go the other way than their words."""

# Columns of the table of fields, one row a value. (Numba takes a plain table several times as fast as
# an array of records: it looks records up by name each time it is called.)
AT: Final = 0  # where the value's first byte is
ANSWER: Final = 1  # which of the answers it is in
ABSENT: Final = 2  # its first pattern that means "no value"
ABSENT_COUNT: Final = 3
KIND: Final = 4
FLAGS: Final = 5
REGISTERS: Final = 6
SHIFT: Final = 7  # bits below the value's own
WIDTH: Final = 8  # bits of the value
COLUMNS: Final = 9

Array = Any
"""A numpy array."""


@part
def _bits(data: Array, at: Any, shift: Any, width: Any) -> Any:
    """Return so many bits of a bit table, the first is the least significant."""
    raw = np.uint64(0)
    for k in range(width):
        bit = shift + k
        raw |= np.uint64((np.int64(data[at + bit // 8]) >> (bit % 8)) & 1) << np.uint64(k)
    return raw


@part
def _registers(data: Array, at: Any, registers: Any, flags: Any) -> Any:
    """Return the registers of a value as one number, whatever their order."""
    raw = np.uint64(0)
    turned = 1 if flags & DWORDS_TURNED and registers == 4 else 0
    low = 0 if flags & BYTES_LITTLE else 1
    for rank in range(registers):  # 0 is the least significant register
        place = rank if flags & WORDS_LITTLE else registers - 1 - rank
        if turned:
            place = (place + 2) % 4
        here = at + 2 * place
        raw |= np.uint64(data[here + low]) << np.uint64(16 * rank)
        raw |= np.uint64(data[here + 1 - low]) << np.uint64(16 * rank + 8)
    return raw


@part
def _digits(raw: Any, step: Any, base: Any, count: Any) -> Any:
    """Return the number whose digits (of `step` bits, below `base`) these are; 2^64 - 1: none."""
    number, power = np.uint64(0), np.uint64(1)
    mask = (np.uint64(1) << np.uint64(step)) - np.uint64(1)
    for k in range(count):
        digit = (raw >> np.uint64(step * k)) & mask
        if digit >= np.uint64(base):
            return np.uint64(0xFFFF_FFFF_FFFF_FFFF)
        number += digit * power
        if k + 1 < count:
            power *= np.uint64(base)
    return number


@part
def _signed(raw: Any, width: Any) -> Any:
    """Return a number in two's complement."""
    number = np.uint64(raw).view(np.int64)
    if width < 64 and number >> np.int64(width - 1):
        return number - (np.int64(1) << np.int64(width))
    return number


@compiled
def decode(
    data: Array,
    expected: Array,
    fields: Array,
    absent: Array,
    stamp_of: Array,
    value: Array,
    quality: Array,
    source_ns: Array,
    odd: Array,
    bits: Array,
) -> int:
    """Fill value, quality and source time of every field.

    Args:
        data: The answers' PDUs, joined; the caller has checked their length together.
        expected: Rows of position and value of the bytes that do not vary: functions and byte counts.
        fields: The table, a row for each value.
        absent: Patterns that mean "no value", of all fields.
        stamp_of: Source time of each answer (UTC, ns).
        value: Taken values; NaN where there is none.
        quality: Their quality; good on entry.
        source_ns: Their source times.
        odd: Rows whose integer a double cannot hold.
        bits: Their integers' bits, by row.

    Returns:
        How many rows are odd; -1: the answers are not what was asked for, nothing is filled.
    """
    for k in range(len(expected)):
        if data[expected[k, 0]] != expected[k, 1]:
            return -1
    found = 0
    for i in range(len(fields)):
        source_ns[i] = stamp_of[fields[i, ANSWER]]
        kind, flags, width = fields[i, KIND], fields[i, FLAGS], fields[i, WIDTH]
        if flags & COILS:
            raw = _bits(data, fields[i, AT], fields[i, SHIFT], width)
        else:
            raw = _registers(data, fields[i, AT], fields[i, REGISTERS], flags)
            if width < 64:
                raw = (raw >> np.uint64(fields[i, SHIFT])) & (
                    (np.uint64(1) << np.uint64(width)) - np.uint64(1)
                )
        gone = False
        for k in range(fields[i, ABSENT], fields[i, ABSENT] + fields[i, ABSENT_COUNT]):
            gone = gone or absent[k] == raw
        if gone:
            value[i], quality[i] = np.nan, BAD | SENSOR
            continue
        if kind == FLOAT:
            mask = np.uint64(0x7F80_0000) if width == 32 else np.uint64(0x7FF0_0000_0000_0000)
            if raw & mask == mask:  # told by its bits: a signalling NaN must not even be converted
                value[i], quality[i] = np.nan, BAD | NOT_A_NUMBER
            elif width == 32:
                value[i] = np.float64(np.uint32(raw).view(np.float32))
            else:
                value[i] = np.uint64(raw).view(np.float64)
            continue
        if kind == BOOL:
            value[i] = 1.0 if raw != np.uint64(0) else 0.0
            continue
        if kind in (BCD, MOD10K):
            if kind == BCD:
                raw = _digits(raw, 4, 10, fields[i, REGISTERS] * 4)
            else:
                raw = _digits(raw, 16, 10000, fields[i, REGISTERS])
            if raw == np.uint64(0xFFFF_FFFF_FFFF_FFFF):
                value[i], quality[i] = np.nan, BAD | NOT_A_NUMBER
                continue
        if kind == SIGNED:
            number = _signed(raw, width)
            value[i] = np.float64(number)
            large = number > EXACT or number < -EXACT
        else:
            value[i] = np.float64(raw)
            large = raw > np.uint64(EXACT)
        if large:
            value[i], quality[i] = np.nan, BAD | RANGE
            odd[found], bits[i] = i, raw
            found += 1
    return found
