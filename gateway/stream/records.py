"""What the journal keeps: points as columns, packed into bytes that favour no wire format.

A sink encodes; the journal does not know any sink's words. Packed columns cost 20 bytes a point,
because quality, status and ordinal are left out where they are zero for a whole record.
"""

from __future__ import annotations

import enum
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import orjson

from config.site import Site
from gateway.batch.context import Context


class Kind(enum.IntEnum):
    """What a record holds."""

    TELEMETRY = 0
    """Packed points of one unit and one context."""
    EVENT = 1
    """The JSON of one event, without the header that the journal's row supplies."""


class DamagedRecord(ValueError):
    """Bytes that are no packed points."""


@dataclass(frozen=True, slots=True)
class TextPoint:
    """A sample that is not a double: a string, or an integer beyond 2^53."""

    tag: int
    value: str | int
    source_ns: int
    quality: int
    status: int = 0
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """Samples as columns; the texts follow the numbers. A point's row is its position in this order.

    `tag` is a position in some list of names: the configuration's where points are made, a reader's
    own where they are decoded.
    """

    tag: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    """Finite, or NaN where there is no value."""
    quality: npt.NDArray[np.uint32]
    source_ns: npt.NDArray[np.int64]
    status: npt.NDArray[np.uint32]
    ordinal: npt.NDArray[np.uint32]
    texts: tuple[TextPoint, ...] = ()

    def __len__(self) -> int:
        """Return the number of points, texts included."""
        return len(self.tag) + len(self.texts)

    @classmethod
    def of_rows(cls, rows: npt.NDArray[Any], texts: Sequence[TextPoint] = ()) -> Self:
        """Return the columns of SAMPLE rows."""
        columns = {name: np.ascontiguousarray(rows[name]) for name in _TYPES}
        return cls(**columns, texts=tuple(texts))


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What the numbers in records of one configuration stand for, kept with them in the journal."""

    fingerprint: str
    names: tuple[str, ...]
    """Full names of the tags, by index."""
    places: Mapping[str, tuple[str, str]]
    """Area and cell of each unit."""

    @classmethod
    def of(cls, site: Site) -> Self:
        """Return the dictionary of a configuration."""
        places = {name: (unit.area, unit.cell) for name, unit in site.units.items()}
        return cls(site.fingerprint, tuple(site.tags), places)

    def to_bytes(self) -> bytes:
        """Return it as the journal keeps it."""
        return zlib.compress(orjson.dumps({"names": self.names, "places": self.places}))

    @classmethod
    def from_bytes(cls, fingerprint: str, data: bytes) -> Self:
        """Return what `to_bytes` made."""
        content = orjson.loads(zlib.decompress(data))
        return cls(
            fingerprint, tuple(content["names"]), {u: (a, c) for u, (a, c) in content["places"].items()}
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A record before the journal has numbered it."""

    kind: Kind
    partition: int
    unit: str
    created_ns: int
    count: int
    """Points, or 1 for an event."""
    data: bytes
    context: Context
    dictionary: Dictionary | None = None
    """Of the configuration that it was made under; none: of the present one."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the journal; with the journal's epoch, partition and sequence are its identity."""

    partition: int
    sequence: int
    kind: Kind
    unit: str
    context: Context
    dictionary: int
    """Row of the dictionary that it was written under."""
    created_ns: int
    count: int
    data: bytes


_TYPES: Final[dict[str, np.dtype[Any]]] = {
    "tag": np.dtype("<i4"),
    "value": np.dtype("<f8"),
    "quality": np.dtype("<u4"),
    "source_ns": np.dtype("<i8"),
    "status": np.dtype("<u4"),
    "ordinal": np.dtype("<u4"),
}
_OPTIONAL: Final = {"quality": 1, "status": 2, "ordinal": 4}
_HEAD: Final = struct.Struct("<4sIIII")
"""Mark, CRC-32 of what follows it, columns that are present, numbers, bytes of texts."""
_CHECKED_FROM: Final = 8
_MAGIC: Final = b"CGP1"


def pack(points: Points) -> bytes:
    """Return points as bytes."""
    present = sum(bit for name, bit in _OPTIONAL.items() if getattr(points, name).any())
    texts = orjson.dumps([_text_row(text) for text in points.texts]) if points.texts else b""
    columns = [
        getattr(points, name).astype(_TYPES[name], copy=False).tobytes() for name in _present_columns(present)
    ]
    head = _HEAD.pack(_MAGIC, 0, present, len(points.tag), len(texts))
    body = b"".join([head[_CHECKED_FROM:], *columns, texts])
    return _MAGIC + zlib.crc32(body).to_bytes(4, "little") + body


def unpack(data: bytes) -> Points:
    """Return the points of packed bytes.

    Raises:
        DamagedRecord: the bytes are cut, changed, or something else.
    """
    if len(data) < _HEAD.size:
        raise DamagedRecord(f"{len(data)} bytes are too few for a record")
    magic, checksum, present, count, texts_size = _HEAD.unpack_from(data)
    if magic != _MAGIC or zlib.crc32(memoryview(data)[_CHECKED_FROM:]) != checksum:
        raise DamagedRecord(f"{len(data)} bytes with mark {magic!r} do not have the checksum that they name")
    zeros = np.zeros(count, "<u4")
    zeros.flags.writeable = False  # like what is there
    columns: dict[str, npt.NDArray[Any]] = dict.fromkeys(_OPTIONAL, zeros)
    position = _HEAD.size
    for name in _present_columns(present):
        columns[name] = np.frombuffer(data, _TYPES[name], count, position)
        position += columns[name].nbytes
    texts = tuple(TextPoint(*row) for row in orjson.loads(data[position:])) if texts_size else ()
    return Points(**columns, texts=texts)


def _present_columns(present: int) -> list[str]:
    return [name for name in _TYPES if name not in _OPTIONAL or present & _OPTIONAL[name]]


def _text_row(text: TextPoint) -> tuple[int, str | int, int, int, int, int]:
    return (text.tag, text.value, text.source_ns, text.quality, text.status, text.ordinal)
