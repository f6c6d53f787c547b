"""Walk over OPC UA's built-in types in their binary encoding (Part 6, 5.2.2), compiled.

Every function takes the bytes, a position and the end, and returns the next position, or
MALFORMED when the bytes are not what they claim to be. Nothing is read before it is known to
lie within the end, so that hostile bytes cost an error and never a stray read or a long loop.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from drivers.compiled import compiled, part

MALFORMED: Final = -1
DEEPEST: Final = 64
"""Variants may nest; deeper than this is an attack or a bug of the server."""

STRING: Final = 12
BYTE_STRING: Final = 15
XML_ELEMENT: Final = 16
NODE_ID: Final = 17
EXPANDED_NODE_ID: Final = 18
QUALIFIED_NAME: Final = 20
LOCALIZED_TEXT: Final = 21
EXTENSION_OBJECT: Final = 22
DATA_VALUE: Final = 23
VARIANT: Final = 24
DIAGNOSTIC_INFO: Final = 25
LAST_RESERVED: Final = 31  # 26 to 31 are encoded as ByteString
_DIMENSIONS: Final = 32
_BYTES_TO_COME: Final = 33

Bytes = npt.NDArray[np.uint8]
Int = Any
"""An integer of either world: a Python int, or the int64 it is in compiled code."""

_WIDTHS: Final = np.zeros(32, np.int64)
_WIDTHS[1:12] = (1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8)  # Boolean to Double
_WIDTHS[13], _WIDTHS[14], _WIDTHS[19] = 8, 16, 4  # DateTime, Guid, StatusCode


@part
def unsigned(data: Bytes, at: Int, width: Int) -> Int:
    """Return `width` little-endian bytes as a number; the caller has checked that they are there."""
    number = np.uint64(0)
    for i in range(width):
        number |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return number


@part
def signed32(data: Bytes, at: Int) -> Int:
    """Return four little-endian bytes as a signed number."""
    number = np.int64(unsigned(data, at, 4))
    return number - 0x1_0000_0000 if number >= 0x8000_0000 else number


@compiled
def skip_bytes(data: Bytes, at: Int, end: Int) -> Int:
    """Skip a String, ByteString or XmlElement: a length (-1 is null) and so many bytes."""
    if end - at < 4:
        return MALFORMED
    length = signed32(data, at)
    if length < -1 or length > end - at - 4:
        return MALFORMED
    return at + 4 + max(length, 0)


@compiled
def skip_node_id(data: Bytes, at: Int, end: Int) -> Int:
    """Skip a NodeId or ExpandedNodeId."""
    if at >= end:
        return MALFORMED
    form = data[at] & 0x3F
    if form <= 2:  # two bytes, four bytes, numeric
        nxt = at + (2 if form == 0 else 4 if form == 1 else 7)
    elif form == 4:  # Guid
        nxt = at + 3 + 16
    elif form <= 5 and at + 3 <= end:  # String, ByteString
        nxt = skip_bytes(data, at + 3, end)
    else:
        return MALFORMED
    if nxt != MALFORMED and nxt <= end and data[at] & 0x80:  # namespace URI
        nxt = skip_bytes(data, nxt, end)
    if nxt != MALFORMED and data[at] & 0x40:  # server index
        nxt += 4
    return nxt if nxt <= end else MALFORMED


@part
def _skip_marked(data: Bytes, at: Int, end: Int, mask: Int) -> Int:
    """Skip as many strings as `mask` has bits set."""
    while mask and at != MALFORMED:
        if mask & 1:
            at = skip_bytes(data, at, end)
        mask >>= 1
    return at


@compiled
def skip_extension_object(data: Bytes, at: Int, end: Int) -> Int:
    """Skip an ExtensionObject, whatever it holds."""
    at = skip_node_id(data, at, end)
    if at == MALFORMED or at >= end:
        return MALFORMED
    if data[at] == 0:
        return at + 1
    return skip_bytes(data, at + 1, end) if data[at] <= 2 else MALFORMED


@part
def count_elements(data: Bytes, at: Int, end: Int, width: Int) -> Int:
    """Return the number of elements of the array here, or MALFORMED when they cannot all be there."""
    if end - at < 4:
        return MALFORMED
    count = signed32(data, at)
    if count < -1 or max(count, 0) * max(width, 1) > end - at - 4:
        return MALFORMED
    return max(count, 0)


@part
def _skip_plain(kind: Int, data: Bytes, at: Int, end: Int) -> Int:
    """Skip a value of a type that holds no Variant."""
    if kind == 0:
        return at
    if _WIDTHS[kind] > 0:
        return at + _WIDTHS[kind] if at + _WIDTHS[kind] <= end else MALFORMED
    if kind in (NODE_ID, EXPANDED_NODE_ID):
        return skip_node_id(data, at, end)
    if kind == QUALIFIED_NAME:
        return skip_bytes(data, at + 2, end)
    if kind == LOCALIZED_TEXT:
        return _skip_marked(data, at + 1, end, np.int64(data[at]) & 3) if at < end else MALFORMED
    if kind == EXTENSION_OBJECT:
        return skip_extension_object(data, at, end)
    return skip_bytes(data, at, end)  # String, ByteString, XmlElement and the reserved ones


@part
def _skip_dimensions(data: Bytes, at: Int, end: Int) -> Int:
    count = count_elements(data, at, end, 4)
    return at + 4 + 4 * count if count != MALFORMED else MALFORMED


@part
def stamps_width(mask: Int) -> Int:
    """Return how many bytes follow the value in a DataValue with this mask."""
    return (
        4 * (mask >> 1 & 1)  # status
        + 8 * (mask >> 2 & 1)  # source time
        + 2 * (mask >> 4 & 1)  # source picoseconds
        + 8 * (mask >> 3 & 1)  # server time
        + 2 * (mask >> 5 & 1)  # server picoseconds
    )


@part
def skip_variant(data: Bytes, at: Int, end: Int) -> Int:
    """Skip a Variant."""
    if at >= end:
        return MALFORMED
    if data[at] < DATA_VALUE:
        return _skip_plain(np.int64(data[at]), data, at + 1, end)
    return skip_nested(np.int64(VARIANT), data, at, end)


@compiled
def skip_nested(outermost: Int, data: Bytes, at: Int, end: Int) -> Int:
    """Skip a value of a type that may hold others, by a stack of what is to come."""
    kinds, counts = np.empty(DEEPEST, np.int64), np.empty(DEEPEST, np.int64)
    kinds[0], counts[0] = outermost, 1
    depth: Int = 1
    while depth:
        if depth + 3 > DEEPEST or at > end:
            return MALFORMED
        kind = kinds[depth - 1]
        if kind == _BYTES_TO_COME:
            at += counts[depth - 1]
            depth -= 1
            continue
        counts[depth - 1] -= 1
        depth -= counts[depth - 1] <= 0
        if kind < DATA_VALUE or kind > DIAGNOSTIC_INFO:
            at = _skip_dimensions(data, at, end) if kind == _DIMENSIONS else _skip_plain(kind, data, at, end)
            if at == MALFORMED:
                return MALFORMED
            continue
        if at >= end:
            return MALFORMED
        mask = np.int64(data[at])
        at += 1
        if kind == VARIANT:
            if mask & 0x40:
                kinds[depth], counts[depth] = _DIMENSIONS, 1
                depth += 1
            count = np.int64(1)
            if mask & 0x80:
                count = count_elements(data, at, end, _WIDTHS[mask & 31])
                at += 4
            if count == MALFORMED or mask & 0x3F > LAST_RESERVED:
                return MALFORMED
            if _WIDTHS[mask & 31]:
                at += count * _WIDTHS[mask & 31]
            elif count:
                kinds[depth], counts[depth] = mask & 31, count
                depth += 1
        elif kind == DATA_VALUE:
            kinds[depth], counts[depth] = _BYTES_TO_COME, stamps_width(mask)
            kinds[depth + 1], counts[depth + 1] = VARIANT, 1
            depth += 2 if mask & 1 else 1
        else:
            for bit in range(4):
                at += 4 * (mask >> bit & 1)
            at = skip_bytes(data, at, end) if mask & 0x10 else at
            if at == MALFORMED:
                return MALFORMED
            at += 4 * (mask >> 5 & 1)
            kinds[depth], counts[depth] = DIAGNOSTIC_INFO, 1
            depth += mask >> 6 & 1
    return at if at <= end else MALFORMED
