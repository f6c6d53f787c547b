"""Messages as the hot table keeps them: the bytes that came, packed where that makes them fewer.

A telemetry message is text in which each line is much like the one before. Everything passes through the
hot table's file twice (its log, its pages) and back, so a fifth of the bytes is a fifth of that work, and
of the disk that an outage of the store takes.
"""

from __future__ import annotations

import logging
import struct
import zlib
from typing import Final

import numpy as np

from gateway.kernels.line_packing import LONGEST_HEAD, NO_ROOM, pack_lines, unpack_lines

_log = logging.getLogger(__name__)

_HEAD: Final = struct.Struct("<4sII")
"""Mark, CRC-32 of what follows the head, bytes of the message."""
_MARK: Final = b"\0CGL"
_PIECES: Final = 3
_ROOM: Final = 64


class DamagedRow(ValueError):
    """Bytes of the hot table that are not what was put there."""


def pack(message: bytes) -> bytes:
    """Return a message's bytes as they are kept."""
    data = np.frombuffer(message, np.uint8)
    marked = message.startswith(_MARK)  # it would be taken for a packed one
    room = _PIECES * LONGEST_HEAD * (message.count(b"\n") + 1) if marked else -_ROOM
    out = np.empty(max(_HEAD.size + len(data) + room, _HEAD.size), np.uint8)
    size = pack_lines(out[_HEAD.size :], data, np.zeros((_PIECES, 2), np.int64))
    if size == NO_ROOM:
        return message
    body = out.data[_HEAD.size : _HEAD.size + size]
    return b"".join([_HEAD.pack(_MARK, zlib.crc32(body), len(data)), body])


def as_it_came(kept: bytes) -> bytes:
    """Return the message that was kept; bytes that have changed as they are: no store takes them."""
    try:
        return unpack(kept)
    except DamagedRow as error:
        _log.error("in the hot table: %s", error)
        return kept


def unpack(kept: bytes) -> bytes:
    """Return the message that was kept.

    Raises:
        DamagedRow: the bytes have changed.
    """
    if not kept.startswith(_MARK):
        return kept
    if len(kept) < _HEAD.size:
        raise DamagedRow(f"{len(kept)} bytes are too few for a packed message")
    _, checksum, size = _HEAD.unpack_from(kept)
    if zlib.crc32(memoryview(kept)[_HEAD.size :]) != checksum:
        raise DamagedRow("the checksum of a packed message does not hold")
    out = np.empty(size, np.uint8)
    if (
        unpack_lines(out, np.frombuffer(kept, np.uint8)[_HEAD.size :], np.zeros((_PIECES, 2), np.int64))
        != size
    ):
        raise DamagedRow("a packed message does not have the bytes that its head names")
    return out.tobytes()
