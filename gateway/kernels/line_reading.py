"""Lines of points, as the stream writes them, into columns: no Python object for a point.

What is not exactly such a line is no mistake, but left to `line_decoder`, which knows all of them. A number
of at most 2^53 in its digits, and at most 22 decimals, is the quotient of two exact doubles, so dividing
rounds once and correctly (Clinger, 1990); where the text of any other number begins and ends is told.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.kernels.compiled import compiled, part
from gateway.kernels.copying import Bytes, find, word

Integers = npt.NDArray[np.int64]

DONE, UNKNOWN_NAME, UNKNOWN_MIDDLE, UNUSUAL = range(4)
PLACE, ROW, HARD, FIRST, LAST, STATES = range(6)
"""Of `state`: where the next line begins, its row, how many hard numbers so far; a piece that is unknown."""
SHORTEST_PIECE: Final = 8
"""Bytes of a name with its measurement, and of what is behind the value, at least."""

_VALUE: Final = np.frombuffer(b"value=", np.uint8)
_EXACT_DIGITS: Final = 2**53
_MOST_DIGITS: Final = 18
"""With the point."""
_POWERS: Final = np.array([float(f"1e{power}") for power in range(_MOST_DIGITS)])
_BREAK, _SPACE, _COMMA, _MINUS, _PLUS, _POINT, _EXPONENT, _ZERO, _NINE = (int(byte) for byte in b"\n ,-+.e09")
_LARGEST: Final = 2**63 - 1


@part
def _alike(one: Bytes, first: int, other: Bytes, second: int, size: int) -> bool:
    """Tell whether two pieces of SHORTEST_PIECE bytes or more are equal; both lie inside their arrays."""
    count = 0
    while count + 8 <= size:
        if word(one, first + count) != word(other, second + count):
            return False
        count += 8
    return bool(word(one, first + size - 8) == word(other, second + size - 8))


@part
def _hash(data: Bytes, first: int, size: int) -> int:
    mixed, count = np.uint64(size), 0
    while count < size:
        mixed ^= np.uint64(word(data, first + min(count, size - 8)))
        mixed ^= mixed << np.uint64(13)
        mixed ^= mixed >> np.uint64(7)
        mixed ^= mixed << np.uint64(17)
        count += 8
    return int(np.int64(mixed >> np.uint64(1)))


@compiled
def enter_name(slots: npt.NDArray[np.int32], names: Bytes, name_ends: Integers, number: int) -> None:
    """Put a name into the table by which `read_lines` finds it.

    Args:
        slots: twice as many as there are names, or more, a power of 2; -1 where there is none.
        names: the names, one behind the other.
        name_ends: where each of these ends, the first 0.
        number: which of them.
    """
    first = name_ends[number]
    slot = _hash(names, first, name_ends[number + 1] - first) & (len(slots) - 1)
    while slots[slot] >= 0:
        slot = (slot + 1) & (len(slots) - 1)
    slots[slot] = number


@part
def _number_of(
    data: Bytes,
    first: int,
    last: int,
    slots: npt.NDArray[np.int32],
    names: Bytes,
    name_ends: Integers,
    count: int,
    likely: int,
) -> int:
    """Return which name a piece is, -1 for none; the likely one is tried first."""
    size = last - first
    if (
        likely < count
        and name_ends[likely + 1] - name_ends[likely] == size
        and _alike(data, first, names, name_ends[likely], size)
    ):
        return likely
    slot = _hash(data, first, size) & (len(slots) - 1)
    while slots[slot] >= 0:
        number = int(slots[slot])
        begin = name_ends[number]
        if name_ends[number + 1] - begin == size and _alike(data, first, names, begin, size):
            return number
        slot = (slot + 1) & (len(slots) - 1)
    return -1


@part
def _middle_of(
    data: Bytes, at: int, end: int, middles: Bytes, middle_ends: Integers, count: int, latest: int
) -> int:
    """Return which middle begins at a place, -1 for none; the latest one is tried first."""
    for offset in range(count):
        number = latest + offset
        if number >= count:
            number -= count
        size = middle_ends[number + 1] - middle_ends[number]
        if (
            at + size < end
            and data[at + size] == _SPACE
            and _alike(data, at, middles, middle_ends[number], size)
        ):
            return number
    return -1


@part
def _is_digit(byte: int) -> bool:
    return _ZERO <= byte <= _NINE


@part
def _has_value(data: Bytes, at: int) -> bool:
    count = 0
    while count < len(_VALUE) and data[at + count] == _VALUE[count]:
        count += 1
    return count == len(_VALUE)


@part
def _read_double(data: Bytes, first: int, end: int) -> tuple[int, float, bool]:
    """Return where a number's comma is (`end`: it is none), the number, and whether it is read."""
    at = first + 1 if data[first] == _MINUS else first
    begin, digits, decimals = at, 0, 0
    while at < end and (_is_digit(data[at]) or (data[at] == _POINT and not decimals)):
        if data[at] == _POINT:
            decimals = at + 1
        elif at - begin < _MOST_DIGITS:
            digits = digits * 10 + int(data[at]) - _ZERO
        at += 1
    if at in (begin, decimals, end) or not _is_digit(data[begin]):
        return end, 0.0, False
    if data[begin] == _ZERO and at > begin + 1 and _is_digit(data[begin + 1]):
        return end, 0.0, False
    if data[at] == _COMMA and decimals and at - begin < _MOST_DIGITS and digits <= _EXACT_DIGITS:
        reading = digits / _POWERS[at - decimals]
        return at, -reading if first < begin else reading, True
    while at < end and data[at] != _COMMA:
        byte = data[at]
        if not (_is_digit(byte) or byte in (_EXPONENT, _MINUS, _PLUS)):
            return end, 0.0, False
        at += 1
    return at, 0.0, False


@part
def _read_time(data: Bytes, first: int, end: int) -> tuple[int, int]:
    """Return where a time's line break is (`end`: it is none, or not one of 63 bits), and the time."""
    at = first + 1 if data[first] == _MINUS else first
    begin, count = at, 0
    while at < end and _is_digit(data[at]):
        digit = int(data[at]) - _ZERO
        if count > (_LARGEST - digit) // 10:
            return end, 0
        count = count * 10 + digit
        at += 1
    if at in (begin, end) or data[at] != _BREAK or (data[begin] == _ZERO and at > begin + 1):
        return end, 0
    return at, -count if first < begin else count


@compiled
def read_lines(
    data: Bytes,
    slots: npt.NDArray[np.int32],
    names: Bytes,
    name_ends: Integers,
    name_count: int,
    middles: Bytes,
    middle_ends: Integers,
    middle_count: int,
    tag: npt.NDArray[np.int32],
    value: npt.NDArray[np.float64],
    middle: npt.NDArray[np.int32],
    source_ns: Integers,
    hard: Integers,
    state: Integers,
) -> int:
    """Read lines until their end, or until one needs help.

    Args:
        data: lines `NAME value=NUMBER,MIDDLE TIME`, or without a value `NAME MIDDLE TIME`.
        slots: what `enter_name` made.
        names: what stands before the first space of the lines that are known, one behind the other.
        name_ends: where each of these ends, the first 0.
        name_count: of them.
        middles: what stands between value and time, likewise.
        middle_ends: where each of these ends, the first 0.
        middle_count: of them.
        tag: filled: the number of the name; as long as there are lines.
        value: filled; NaN for none.
        middle: filled: the number of the middle.
        source_ns: filled, ns.
        hard: filled: row, begin and end of numbers that are left to somebody else, (lines, 3).
        state: where to go on, and where this ended.

    Returns:
        DONE; UNKNOWN_NAME or UNKNOWN_MIDDLE: enter what lies from FIRST to LAST, and call again; UNUSUAL.
    """
    end, place, row, hard_count = len(data), state[PLACE], state[ROW], state[HARD]
    likely, latest, time_first, time_size = 0, 0, 0, 0
    while place < end:
        state[PLACE], state[ROW], state[HARD] = place, row, hard_count
        if row == len(tag):
            return UNUSUAL
        last = find(data, _SPACE, place, end)
        if last - place < SHORTEST_PIECE or last + 1 + SHORTEST_PIECE > end:
            return UNUSUAL
        number = _number_of(data, place, last, slots, names, name_ends, name_count, likely)
        if number < 0:
            state[FIRST], state[LAST] = place, last
            return UNKNOWN_NAME
        tag[row], likely, value[row], at = number, number + 1, np.nan, last + 1
        if _has_value(data, at):
            first = at + len(_VALUE)
            at, value[row], is_read = _read_double(data, first, end)
            if at == end:
                return UNUSUAL
            if not is_read:
                hard[hard_count, 0], hard[hard_count, 1], hard[hard_count, 2] = row, first, at
                hard_count += 1
            at += 1
        latest = _middle_of(data, at, end, middles, middle_ends, middle_count, latest)
        if latest < 0:
            state[FIRST], state[LAST] = at, find(data, _SPACE, at, end)
            return UNKNOWN_MIDDLE if state[LAST] - at >= SHORTEST_PIECE else UNUSUAL
        middle[row] = latest
        at += middle_ends[latest + 1] - middle_ends[latest] + 1
        if (
            time_size >= SHORTEST_PIECE
            and at + time_size < end
            and data[at + time_size] == _BREAK
            and _alike(data, at, data, time_first, time_size)
        ):
            source_ns[row] = source_ns[row - 1]
            at += time_size
        elif at < end:
            time_first = at
            at, source_ns[row] = _read_time(data, time_first, end)
            time_size = at - time_first
        if at == end:
            return UNUSUAL
        place = at + 1
        row += 1
    state[PLACE], state[ROW], state[HARD] = place, row, hard_count
    return DONE
