"""Chunks: up to a thousand points of one tag in a blob, with what a trend needs beside it.

The blob holds every column of the points, equal to the bit. The summary beside it (count, least,
greatest, sum, first, last, worst quality) answers for the chunk without opening it, so a long range
costs as many rows as it has chunks, whether the tag reports each second or each hour.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from gateway.historian import decimals, integers
from gateway.historian.points import NO_TEXT, StoredPoints
from gateway.kernels.chunk_packing import (
    BYTES_A_POINT,
    COUNTS,
    DOUBLES,
    LONGEST_HEAD,
    MISSING,
    VERSION,
    order_by_tag,
    pack_chunks,
)

LONGEST: Final = 1000
"""Points in a chunk at most."""
TIGHT_FROM: Final = 500
"""Points of a chunk that stays as it is; smaller ones are merged when a tag has many of them."""
_HEAD: Final = struct.Struct("<BBB")  # version, form of the values, parts
_PLAIN: Final = b"\x01"
"""What a blob begins with that is not compressed; compressed ones begin with 0x78."""
_CHECKSUM: Final = struct.Struct("<I")
_TEXTS: Final = 2
_AT_ONCE: Final = 500
"""Chunks packed in one call."""
_Integers = npt.NDArray[np.int64]
_DETAIL: Final = ("status", "ordinal", "source", "sequence", "row", "context")
_TYPES: Final[dict[str, type[np.generic]]] = {
    "quality": np.uint32,
    "status": np.uint32,
    "ordinal": np.uint32,
    "source": np.int32,
    "sequence": np.int64,
    "row": np.int32,
    "context": np.int32,
}


class DamagedChunk(ValueError):
    """A blob that is not, or no longer, a chunk."""


class Chunk(NamedTuple):
    """A row of the table of chunks."""

    tag: int
    first_ns: int
    last_ns: int
    points: int
    values: int
    """Points that have a value; the next five are about these."""
    least: float | None
    greatest: float | None
    total: float
    first: float | None
    last: float | None
    quality: int
    """The worst of all points."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A chunk's columns; `detail` and `texts` only when they were asked for."""

    source_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint32]
    detail: dict[str, npt.NDArray[Any]]
    texts: dict[int, str | int]
    """By the position of the point."""


def build(points: StoredPoints) -> list[Chunk]:
    """Return points as chunks, by tag and time."""
    order, ends = _ordered(points)
    starts, sizes = _segments(ends)
    packed: list[Chunk] = []
    for first in range(0, len(starts), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        bounds = np.append(starts[part], starts[part][-1] + sizes[part][-1])
        packed += _packed(points, order, bounds)
    return packed


def open_chunk(data: bytes, count: int, *, detail: bool) -> Opened:
    """Return what a blob of `count` points holds.

    Raises:
        DamagedChunk: it cannot be read.
    """
    try:
        return _open(_body(data), count, detail)
    except (zlib.error, struct.error, ValueError, IndexError) as error:
        raise DamagedChunk(f"a chunk of {count} points cannot be read: {error}") from error


def _open(data: memoryview, count: int, detail: bool) -> Opened:
    version, form, parts = _HEAD.unpack_from(data)
    if version != VERSION:
        raise DamagedChunk(f"a chunk of version {version}, not {VERSION}")
    source_ns, position = integers.decode(data, _HEAD.size, count)
    numbers, position = integers.decode(data, position, count)
    value = decimals.decode(numbers, form)
    quality, position = integers.decode(data, position, count)
    columns = {}
    for name in _DETAIL if detail or parts else ():
        column, position = integers.decode(data, position, count)
        columns[name] = column.astype(_TYPES[name])
    if parts & MISSING:
        size = (count + 7) // 8
        bits = np.unpackbits(np.frombuffer(data, np.uint8, size, position), count=count)
        value[bits.view(np.bool_)] = np.nan
        position += size
    texts = dict(orjson.loads(data[position:])) if detail and parts & _TEXTS else {}
    return Opened(source_ns, value, quality.astype(np.uint32), columns, texts)


def _body(data: bytes) -> memoryview:
    """Return what is in a blob.

    Raises:
        ValueError: the checksum does not hold.
        zlib.error: it is cut or changed.
    """
    if data[:1] != _PLAIN:
        return memoryview(zlib.decompress(data))
    (checksum,) = _CHECKSUM.unpack_from(data, len(_PLAIN))
    body = memoryview(data)[len(_PLAIN) + _CHECKSUM.size :]
    if zlib.crc32(body) != checksum:
        raise ValueError("its checksum does not hold")
    return body


def _blob(body: bytes, count: int) -> bytes:
    """Return a blob: packed tightly where it will stay, quickly where it will be merged soon."""
    if count >= TIGHT_FROM:
        return zlib.compress(body, 1)
    return b"".join((_PLAIN, _CHECKSUM.pack(zlib.crc32(body)), body))


def _ordered(points: StoredPoints) -> tuple[_Integers, _Integers]:
    """Return the points' order by tag, time, ordinal and arrival, and where those of each tag end."""
    order, ends = np.empty(len(points), np.int64), np.zeros(len(points.tags) + 1, np.int64)
    keys = (points.source_ns, points.ordinal, points.source, points.sequence, points.row)
    if not order_by_tag(order, ends, points.tag, *keys):
        order = np.lexsort((*reversed(keys), points.tag))
    return order, ends[:-1]


def _segments(ends: _Integers) -> tuple[_Integers, _Integers]:
    """Return where the chunks start and how long they are: one tag each, not longer than LONGEST."""
    sizes = np.diff(ends, prepend=0)
    starts, sizes = (ends - sizes)[sizes > 0], sizes[sizes > 0]
    if not (sizes > LONGEST).any():
        return starts, sizes
    pieces = -(-sizes // LONGEST)
    nth = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    starts = np.repeat(starts, pieces) + nth * LONGEST
    return starts, np.diff(np.append(starts, ends[-1]))


def _packed(points: StoredPoints, order: _Integers, bounds: _Integers) -> list[Chunk]:
    """Return the chunks whose points begin and end at these places of the order."""
    chunks, count = len(bounds) - 1, int(bounds[-1] - bounds[0])
    out = np.empty(chunks * LONGEST_HEAD + count * BYTES_A_POINT, np.uint8)
    ends, counts = np.empty(chunks, np.int64), np.empty((chunks, COUNTS), np.int64)
    doubles = np.empty((chunks, DOUBLES))
    columns: Any = [getattr(points, name) for name in _TYPES]
    scratch: Any = (np.empty(LONGEST, np.int64), np.empty(LONGEST), np.empty(LONGEST, np.uint64))
    bits = points.value.view(np.int64)
    with np.errstate(over="ignore"):  # where the kernel is interpreted
        pack_chunks(
            out,
            ends,
            counts,
            doubles,
            bounds,
            order,
            points.source_ns,
            points.value,
            bits,
            *columns,
            *scratch,
        )
    data, sizes = out[: ends[-1]].tobytes(), np.diff(bounds)
    cuts = zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)
    bodies = [data[first:last] for first, last in cuts]
    if points.texts:
        _add_texts(bodies, points, order, bounds)
    first_ns, last_ns, values, quality = counts.T
    some = (values > 0).tolist()
    least, greatest, total, first, last = doubles.T
    return list(
        map(
            Chunk,
            points.tag[order[bounds[:-1]]].tolist(),
            first_ns.tolist(),
            last_ns.tolist(),
            sizes.tolist(),
            values.tolist(),
            _nullable(least, some),
            _nullable(greatest, some),
            total.tolist(),
            _nullable(first, some),
            _nullable(last, some),
            quality.tolist(),
            map(_blob, bodies, sizes.tolist()),
        )
    )


def _add_texts(bodies: list[bytes], points: StoredPoints, order: _Integers, bounds: _Integers) -> None:
    """Append to each chunk the texts that it has."""
    text = points.text[order[bounds[0] : bounds[-1]]]
    starts = bounds - bounds[0]
    odd = np.flatnonzero(text != NO_TEXT)
    for chunk in np.unique(np.searchsorted(starts, odd, side="right") - 1).tolist():
        mine = text[starts[chunk] : starts[chunk + 1]]
        rows = [[place, points.texts[mine[place]]] for place in np.flatnonzero(mine != NO_TEXT).tolist()]
        body = bytearray(bodies[chunk])
        body[_HEAD.size - 1] |= _TEXTS
        bodies[chunk] = bytes(body) + orjson.dumps(rows)


def _nullable(column: npt.NDArray[np.float64], some: Sequence[bool]) -> list[float | None]:
    return [value if there else None for value, there in zip(column.tolist(), some, strict=True)]
