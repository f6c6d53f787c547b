"""The frames around the values: where in an answer's bytes the notifications or results begin.

Only the parts that every publish and read pass through are read here by hand; everything else is
asyncua's.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import nodeid_from_binary

from drivers.opcua.builtin import (
    DIAGNOSTIC_INFO,
    MALFORMED,
    skip_bytes,
    skip_extension_object,
    skip_nested,
    skip_node_id,
)
from drivers.opcua.errors import MalformedMessage, translated

_HEADER: Final = struct.Struct("<qII")  # time, request handle, service result
_PLAIN_ENDS: Final = (
    bytes.fromhex("00 ffffffff 000000"),  # no diagnostics, null string table, no additional header
    bytes.fromhex("00 00000000 000000"),
)
_INT32: Final = struct.Struct("<i")
_UINT32: Final = struct.Struct("<I")
_DATA_CHANGE: Final = int(ObjectIds.DataChangeNotification_Encoding_DefaultBinary)
_EVENTS: Final = int(ObjectIds.EventNotificationList_Encoding_DefaultBinary)
_STATUS_CHANGE: Final = int(ObjectIds.StatusChangeNotification_Encoding_DefaultBinary)
_HISTORY_DATA: Final = int(ObjectIds.HistoryData_Encoding_DefaultBinary)
_SMALLEST_KEPT: Final = 11  # a status, an empty point and an empty ExtensionObject
_SMALLEST_CHANGE: Final = 5  # a handle and an empty DataValue
_SMALLEST_VALUE: Final = 1
_FOUR_BYTES: Final = b"\x01\x00"  # a NodeId of two bytes in namespace 0: what type ids are


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values in a message: `count` of them from `start`; nothing of them lies at `end` or after."""

    start: int
    end: int
    count: int


@dataclass(frozen=True, slots=True)
class Notification:
    """What a publish, or a republish, brought."""

    sequence: int
    changes: tuple[Stretch, ...] = ()
    events: tuple[Stretch, ...] = ()
    """Bodies of lists of events; their count is not looked at here."""
    status: int | None = None
    """A change of the subscription's own state: its end, mostly."""
    is_empty: bool = True
    """A keep-alive: `sequence` is then the number that the next message will have (trap T2)."""


@dataclass(frozen=True, slots=True)
class Published:
    """A publish response."""

    subscription: int
    notification: Notification


@dataclass(frozen=True, slots=True)
class Kept:
    """What a server's history holds of one node: one page of it."""

    status: int
    point: bytes
    """Where the next page begins; empty at the end."""
    values: Stretch | None


class _Cursor:
    """A position in bytes that never leaves them."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at, self.end = data, at, len(data)

    def take(self, size: int) -> int:
        """Return the position and move on by `size`."""
        at = self.at
        if size < 0 or size > self.end - at:
            raise MalformedMessage(f"{size} bytes announced at {at}, {self.end - at} left")
        self.at = at + size
        return at

    def byte(self) -> int:
        return self.data[self.take(1)]

    def unsigned(self) -> int:
        return int(_UINT32.unpack_from(self.data, self.take(4))[0])

    def count(self, smallest: int) -> int:
        """Return the length of an array whose elements take at least `smallest` bytes each."""
        count = int(_INT32.unpack_from(self.data, self.take(4))[0])
        if count < -1 or count * smallest > self.end - self.at:
            raise MalformedMessage(
                f"{count} elements announced at {self.at}, {self.end - self.at} bytes left"
            )
        return max(count, 0)

    def skip(self, skip: Callable[[Any, int, int], int]) -> int:
        """Move past what `skip` walks over; return where it began."""
        at = self.at
        end = skip(np.frombuffer(self.data, np.uint8), at, self.end)
        if end == MALFORMED:
            raise MalformedMessage(f"what begins at {at} is not what it claims to be")
        self.at = int(end)
        return at

    def type_id(self) -> int:
        """Return the number of a type id of the standard, -1 for anything else."""
        at = self.at
        if self.data[at : at + 2] == _FOUR_BYTES and self.end - at >= 4:
            self.at += 4
            return int.from_bytes(self.data[at + 2 : at + 4], "little")
        self.skip(skip_node_id)
        found = nodeid_from_binary(Buffer(self.data, at))
        is_standard = found.NamespaceIndex == 0 and isinstance(found.Identifier, int)
        return int(found.Identifier) if is_standard else -1


def publish_response(data: bytes) -> Published:
    """Read the frame of a publish response.

    Raises:
        DriverError: malformed, or its service result is bad.
    """
    cursor = _after_header(data, "publish")
    subscription = cursor.unsigned()
    cursor.take(4 * cursor.count(4))  # sequence numbers available for republishing
    cursor.byte()  # more notifications: the server sends them without being asked
    return Published(subscription, _notification(cursor))


def republish_response(data: bytes) -> Notification:
    """Read the frame of a republish response.

    Raises:
        DriverError: malformed, or its service result is bad.
    """
    return _notification(_after_header(data, "republish"))


def read_response(data: bytes) -> Stretch:
    """Return where the values of a read response are.

    Raises:
        DriverError: malformed, or its service result is bad.
    """
    cursor = _after_header(data, "read")
    count = cursor.count(_SMALLEST_VALUE)
    return Stretch(cursor.at, cursor.end, count)


def history_response(data: bytes, count: int) -> list[Kept]:
    """Read the frame of a history read response for `count` nodes.

    Raises:
        DriverError: malformed, or its service result is bad.
    """
    cursor = _after_header(data, "history read")
    found = cursor.count(_SMALLEST_KEPT)
    if found != count:
        raise MalformedMessage(f"{count} nodes were asked for and {found} answered")
    return [_kept(cursor) for _ in range(count)]


def _kept(cursor: _Cursor) -> Kept:
    status = cursor.unsigned()
    size = cursor.count(1)
    at = cursor.take(size)
    kind = cursor.type_id()
    size_of_body = cursor.count(1) if cursor.byte() else 0
    start = cursor.take(size_of_body)
    values = None
    if kind == _HISTORY_DATA and size_of_body:
        inner = _Cursor(cursor.data, start)
        inner.end = start + size_of_body
        values = Stretch(inner.at + 4, inner.end, inner.count(_SMALLEST_VALUE))
    return Kept(status, cursor.data[at : at + size], values)


def _after_header(data: bytes, what: str) -> _Cursor:
    cursor = _Cursor(data)
    cursor.type_id()
    at = cursor.take(_HEADER.size)
    result = int(_HEADER.unpack_from(data, at)[2])
    if data[cursor.at : cursor.at + 8] in _PLAIN_ENDS:
        cursor.at += 8
    else:
        cursor.skip(functools.partial(skip_nested, DIAGNOSTIC_INFO))
        for _ in range(cursor.count(4)):
            cursor.skip(skip_bytes)
        cursor.skip(skip_extension_object)
    if result & 0x8000_0000:
        with translated(what):
            ua.StatusCode(ua.UInt32(result)).check()
    return cursor


def _notification(cursor: _Cursor) -> Notification:
    sequence = cursor.unsigned()
    cursor.take(8)  # publish time
    changes: list[Stretch] = []
    events: list[Stretch] = []
    status: int | None = None
    count = cursor.count(1)
    for _ in range(count):
        kind = cursor.type_id()
        encoding = cursor.byte()
        size = cursor.count(1) if encoding else 0
        start = cursor.take(size)
        if encoding != 1:
            continue
        inner = _Cursor(cursor.data, start)
        inner.end = start + size
        if kind == _DATA_CHANGE:
            values = inner.count(_SMALLEST_CHANGE)
            changes.append(Stretch(inner.at, inner.end, values))
        elif kind == _EVENTS:
            events.append(Stretch(start, inner.end, 0))
        elif kind == _STATUS_CHANGE:
            status = inner.unsigned()
    return Notification(sequence, tuple(changes), tuple(events), status, is_empty=count == 0)
