"""Lines of text as what differs from the line before: a fifth of a telemetry message, equal to the byte.

Whatever the bytes are, they come back: nothing is known here of line protocol but that its lines end with a
line break and have two spaces in them as a rule. A line is cut behind its first two spaces. Each piece is
compared with the piece of the same place in the line before; what it begins and ends with alike is counted
(one byte each), what is between is kept: its length in a byte, or 255 and four bytes, and then itself.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.kernels.compiled import compiled, part
from gateway.kernels.copying import Bytes, alike, copy, find, word

DAMAGED: Final = -1
NO_ROOM: Final = -2
LONGEST_HEAD: Final = 7
"""Bytes before what is kept of a piece, at most."""

_PIECES: Final = 3
_MOST: Final = 255
_SPACE, _BREAK = (int(byte) for byte in b" \n")
Places = npt.NDArray[np.int64]


@part
def _alike_from_the_start(data: Bytes, first: int, other: int, most: int) -> int:
    count = 0
    while count + 8 <= most:
        same = alike(word(data, first + count), word(data, other + count), False)
        if same < 8:
            return count + same
        count += 8
    if count < most and most >= 8:  # the last word again: what is before is known to be alike
        at = most - 8
        return at + alike(word(data, first + at), word(data, other + at), False)
    while count < most and data[first + count] == data[other + count]:
        count += 1
    return count


@part
def _alike_to_the_end(data: Bytes, last: int, other: int, most: int) -> int:
    count = 0
    while count + 8 <= most:
        at = count + 8
        same = alike(word(data, last - at), word(data, other - at), True)
        if same < 8:
            return count + same
        count = at
    if count < most and most >= 8:
        at = most - 8
        return at + alike(word(data, last - most), word(data, other - most), True)
    while count < most and data[last - count - 1] == data[other - count - 1]:
        count += 1
    return count


@compiled
def pack_lines(out: Bytes, data: Bytes, places: Places) -> int:
    """Pack lines into `out`, from its start, and return how many bytes they take, or NO_ROOM.

    Args:
        out: where a piece does not fit any more, packing ends.
        data: any bytes.
        places: where the last line's pieces begin and end, (3, 2); filled with zeros.
    """
    at, first, piece, line_end = 0, 0, 0, 0
    while first < len(data):
        if piece == 0:
            line_end = min(find(data, _BREAK, first, len(data)) + 1, len(data))
        last = line_end if piece == _PIECES - 1 else min(find(data, _SPACE, first, line_end) + 1, line_end)
        other, other_end = places[piece, 0], places[piece, 1]
        most = min(last - first, other_end - other, _MOST)
        before = _alike_from_the_start(data, first, other, most)
        after = _alike_to_the_end(data, last, other_end, min(last - first, other_end - other) - before)
        after = min(after, _MOST)
        size = last - first - before - after
        if at + LONGEST_HEAD + size > len(out):
            return NO_ROOM
        out[at], out[at + 1] = before, after
        if size < _MOST:
            out[at + 2] = size
            at += 3
        else:
            out[at + 2] = _MOST
            for byte in range(4):
                out[at + 3 + byte] = (size >> (8 * byte)) & 0xFF
            at += LONGEST_HEAD
        at = copy(out, at, data, first + before, last - after)
        places[piece, 0], places[piece, 1] = first, last
        piece = 0 if last == line_end else piece + 1
        first = last
    return at


@part
def _number(byte: np.uint8) -> int:
    return int(np.int64(byte))


@compiled
def unpack_lines(out: Bytes, packed: Bytes, places: Places) -> int:
    """Fill `out` with the lines of packed bytes; return how many bytes of it, or DAMAGED.

    Args:
        out: as long as the lines were.
        packed: what `pack_lines` made; anything else is found out, or gives other lines, and no more.
        places: where the last line's pieces begin and end, (3, 2); filled with zeros.
    """
    at, here, piece = 0, 0, 0
    while here < len(packed):
        if here + 3 > len(packed):
            return DAMAGED
        before, after, size = _number(packed[here]), _number(packed[here + 1]), _number(packed[here + 2])
        here += 3
        if size == _MOST:
            if here + 4 > len(packed):
                return DAMAGED
            size = 0
            for byte in range(4):
                size |= _number(packed[here + byte]) << (8 * byte)
            here += 4
        other, other_end = places[piece, 0], places[piece, 1]
        last = at + before + size + after
        if (
            max(before, after) > other_end - other
            or here + size > len(packed)
            or last > len(out)
            or last == at
        ):
            return DAMAGED
        places[piece, 0], places[piece, 1] = at, last
        at = copy(out, at, out, other, other + before)
        at = copy(out, at, packed, here, here + size)
        at = copy(out, at, out, other_end - after, other_end)
        here += size
        piece = 0 if out[at - 1] == _BREAK else min(piece + 1, _PIECES - 1)
    return at
