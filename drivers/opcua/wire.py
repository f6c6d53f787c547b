"""From the bytes of a notification or a read to sample rows, in one compiled call.

Numbers become rows here. What is no plain number (text, arrays, integers beyond 2^53, a type
that does not fit the tag) is walked over, checked, and handed on by position (`odd`), for the
library's own decoder to look at, one by one.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from control.signal import BAD, CLOCK, NOT_A_NUMBER, WAITING
from drivers.compiled import compiled, part
from drivers.opcua.builtin import MALFORMED, Bytes, Int, skip_variant, stamps_width, unsigned

EPOCH: Final = 116_444_736_000_000_000
"""1970-01-01 in the 100 ns ticks since 1601 that OPC UA counts time in."""
EARLIEST: Final = EPOCH + 978_307_200 * 10_000_000
"""2001-01-01. A device that says it is earlier has never had its clock set."""
EXACT: Final = 2**53

NUMBER: Final = 0
TEXT: Final = 1

FROM_THE_WIRE: Final = np.empty(0, np.int32)

PLAIN: Final = -1
NO_VALUE: Final = 0

ROW = np.dtype(
    [
        ("value", "f8"),
        ("source_ns", "i8"),
        ("source_ticks", "i8"),  # the source's own time as it was told, in ticks since 1601; 0: none
        ("server_ticks", "i8"),  # likewise the server's
        ("handle", "i4"),
        ("quality", "u4"),
        ("status", "u4"),
        ("variant", "i4"),  # PLAIN, or where the Variant of an odd value begins (NO_VALUE: it has none)
    ]
)


class Decoded(NamedTuple):
    """What a call of `decode` found."""

    next: int
    """Position after the last item, or MALFORMED."""
    rows: int
    odd: int
    strays: int
    """Items with a handle that was never given out: ignored."""


@part
def _number(kind: Int, data: Bytes, at: Int) -> Any:
    """Return a scalar of a numeric built-in type (1 to 11) as a double."""
    if kind == 11:
        return np.uint64(unsigned(data, at, 8)).view(np.float64)
    if kind == 10:
        return np.float64(np.uint32(unsigned(data, at, 4)).view(np.float32))
    if kind == 1:
        return 1.0 if data[at] else 0.0
    if kind == 9:
        return np.float64(unsigned(data, at, 8))
    if kind == 8:
        return np.float64(np.uint64(unsigned(data, at, 8)).view(np.int64))
    if kind == 7:
        return np.float64(unsigned(data, at, 4))
    if kind == 6:
        return np.float64(np.uint32(unsigned(data, at, 4)).view(np.int32))
    if kind == 5:
        return np.float64(unsigned(data, at, 2))
    if kind == 4:
        return np.float64(np.uint16(unsigned(data, at, 2)).view(np.int16))
    return np.float64(data[at]) if kind == 3 else np.float64(np.uint8(data[at]).view(np.int8))


@part
def _is_beyond(kind: Int, data: Bytes, at: Int) -> Any:
    """Return whether a 64-bit integer has more digits than a double."""
    number = np.uint64(unsigned(data, at, 8))
    if kind == 9:
        return number > np.uint64(EXACT)
    return number.view(np.int64) > EXACT or number.view(np.int64) < -EXACT


@part
def _status(mask: Int, data: Bytes, at: Int) -> Any:
    return np.uint32(unsigned(data, at, 4)) if mask & 2 else np.uint32(0)


@part
def _source_ticks(mask: Int, data: Bytes, at: Int) -> Any:
    """Return the source time, 0 when there is none or it is out of any range."""
    if not mask & 4:
        return np.int64(0)
    ticks = unsigned(data, at + (4 if mask & 2 else 0), 8)
    return np.int64(ticks) if ticks < np.uint64(0x7FFF_FFFF_FFFF_FFFF) else np.int64(0)


@part
def _server_ticks(mask: Int, data: Bytes, at: Int) -> Any:
    """Return the server's time, 0 when there is none or it is out of any range."""
    if not mask & 8:
        return np.int64(0)
    ticks = unsigned(data, at + 4 * (mask >> 1 & 1) + 8 * (mask >> 2 & 1) + 2 * (mask >> 4 & 1), 8)
    return np.int64(ticks) if ticks < np.uint64(0x7FFF_FFFF_FFFF_FFFF) else np.int64(0)


@compiled
def decode(
    data: Bytes,
    at: Int,
    end: int,
    count: int,
    handles: npt.NDArray[np.int32],
    kinds: npt.NDArray[np.uint8],
    marks: npt.NDArray[np.uint32],
    arrival_ns: int,
    latest: int,
    ahead: int,
    rows: npt.NDArray[Any],
) -> Any:
    """Decode `count` DataValues, each after its client handle unless `handles` are given.

    Args:
        data: The message.
        at: Position of the first item.
        end: Nothing is read from here on.
        count: Number of items; `rows` is as long.
        handles: The handles in order (a read's answer has none), or FROM_THE_WIRE.
        kinds: NUMBER or TEXT by handle.
        marks: Quality bits by handle that the next sample gets once (a gap before it).
        arrival_ns: Time that stands for a missing or implausible source time.
        latest: Source times (ticks) after this are implausible.
        ahead: A source time that is further ahead of the server's own (ticks) is doubtful, and kept.
        rows: ROWs to fill.

    Returns:
        The fields of Decoded.
    """
    handle: Int
    kind: Int
    value: Any
    filled, odd, strays = 0, 0, 0
    for i in range(count):
        if len(handles):
            handle = np.int64(handles[i])
        else:
            if end - at < 5:
                return MALFORMED, filled, odd, strays
            handle = np.int64(unsigned(data, at, 4))
            at += 4
        if at >= end:
            return MALFORMED, filled, odd, strays
        mask = np.int64(data[at])
        at += 1
        variant, kind, value = at, 0, np.nan
        if mask & 1:
            kind = np.int64(data[at]) if at < end else 0
            at = skip_variant(data, at, end)
        if at == MALFORMED or stamps_width(mask) > end - at:
            return MALFORMED, filled, odd, strays
        status, ticks = _status(mask, data, at), _source_ticks(mask, data, at)
        server = _server_ticks(mask, data, at)
        at += stamps_width(mask)
        if handle >= len(kinds):
            strays += 1
            continue
        quality = marks[handle]
        marks[handle] = 0
        strange = kinds[handle] == TEXT
        if status < BAD and not strange:
            if 1 <= kind <= 11:
                value = _number(kind, data, variant + 1)
                strange = 8 <= kind <= 9 and _is_beyond(kind, data, variant + 1)
                if not np.isfinite(value):
                    value = np.nan
                    quality |= np.uint32(BAD | NOT_A_NUMBER)
            elif kind == 0:
                quality |= np.uint32(BAD | WAITING)
            else:
                strange = True
        stamp = (ticks - EPOCH) * 100
        if ticks < EARLIEST or ticks > latest:
            stamp = arrival_ns
            quality |= np.uint32(CLOCK)
        elif server >= EARLIEST and ticks - server > ahead:
            quality |= np.uint32(CLOCK)
        rows[filled]["value"] = value
        rows[filled]["source_ns"] = stamp
        rows[filled]["source_ticks"] = ticks
        rows[filled]["server_ticks"] = server
        rows[filled]["handle"] = handle
        rows[filled]["quality"] = quality
        rows[filled]["status"] = status
        rows[filled]["variant"] = PLAIN if not strange else variant if kind else NO_VALUE
        odd += strange
        filled += 1
    return at, filled, odd, strays
