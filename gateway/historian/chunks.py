"""Chunks: up to a thousand points of one tag in a compressed blob, with what a trend needs beside it.

The blob holds every column of the points, equal to the bit. The summary beside it (count, least,
greatest, sum, first, last, worst quality) answers for the chunk without opening it, so a long range
costs as many rows as it has chunks, whether the tag reports each second or each hour.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from gateway.historian import decimals, integers
from gateway.historian.points import NO_TEXT, StoredPoints

LONGEST: Final = 1000
"""Points in a chunk at most."""
_HEAD: Final = struct.Struct("<BBB")  # version, form of the values, parts
_VERSION: Final = 1
_MISSING: Final = 1
_TEXTS: Final = 2
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
    """Return chunks of points that are ordered by tag and time."""
    if not len(points):
        return []
    starts, sizes = _segments(points.tag)
    present = ~np.isnan(points.value)
    value = points.value if present.all() else _filled(points.value, present, starts, sizes)
    numbers, forms = decimals.encode(value, starts, sizes)
    rest = [getattr(points, name).astype(np.int64) for name in _TYPES]
    columns = [integers.encode(column, starts, sizes) for column in (points.source_ns, numbers, *rest)]
    extras = _extras(points, present, starts, sizes)
    blobs = [
        zlib.compress(b"".join((_HEAD.pack(_VERSION, form, parts), *pieces, extra)), 1)
        for form, (parts, extra), *pieces in zip(forms, extras, *columns, strict=True)
    ]
    return list(map(Chunk, *_summaries(points, present, starts, sizes), blobs))


def open_chunk(data: bytes, count: int, *, detail: bool) -> Opened:
    """Return what a blob of `count` points holds.

    Raises:
        DamagedChunk: it cannot be read.
    """
    try:
        return _open(memoryview(zlib.decompress(data)), count, detail)
    except (zlib.error, struct.error, ValueError, IndexError) as error:
        raise DamagedChunk(f"a chunk of {count} points cannot be read: {error}") from error


def _open(data: memoryview, count: int, detail: bool) -> Opened:
    version, form, parts = _HEAD.unpack_from(data)
    if version != _VERSION:
        raise DamagedChunk(f"a chunk of version {version}, not {_VERSION}")
    source_ns, position = integers.decode(data, _HEAD.size, count)
    numbers, position = integers.decode(data, position, count)
    value = decimals.decode(numbers, form)
    quality, position = integers.decode(data, position, count)
    columns = {}
    for name in _DETAIL if detail or parts else ():
        column, position = integers.decode(data, position, count)
        columns[name] = column.astype(_TYPES[name])
    if parts & _MISSING:
        size = (count + 7) // 8
        bits = np.unpackbits(np.frombuffer(data, np.uint8, size, position), count=count)
        value[bits.view(np.bool_)] = np.nan
        position += size
    texts = dict(orjson.loads(data[position:])) if detail and parts & _TEXTS else {}
    return Opened(source_ns, value, quality.astype(np.uint32), columns, texts)


def _segments(tag: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where the chunks start and how long they are: one tag each, not longer than LONGEST."""
    changes = np.flatnonzero(tag[1:] != tag[:-1]) + 1
    starts = np.concatenate(([0], changes)).astype(np.int64)
    sizes = np.diff(np.append(starts, len(tag)))
    if sizes.max() > LONGEST:
        pieces = -(-sizes // LONGEST)
        nth = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        starts = np.repeat(starts, pieces) + nth * LONGEST
        sizes = np.diff(np.append(starts, len(tag)))
    return starts, sizes


def _filled(
    value: npt.NDArray[np.float64],
    present: npt.NDArray[np.bool_],
    starts: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """Return the values with each missing one like the one before it in its segment, or 0."""
    latest = np.maximum.accumulate(np.where(present, np.arange(len(value)), -1))
    return np.where(latest >= np.repeat(starts, sizes), value[latest], 0.0)


def _extras(
    points: StoredPoints,
    present: npt.NDArray[np.bool_],
    starts: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
) -> list[tuple[int, bytes]]:
    """Return what only some segments have: which values are missing, and texts."""
    extras = [(0, b"")] * len(starts)
    odd = ~present | (points.text != NO_TEXT)
    for segment in np.flatnonzero(np.logical_or.reduceat(odd, starts)).tolist():
        part = slice(int(starts[segment]), int(starts[segment] + sizes[segment]))
        parts, extra = 0, b""
        if not present[part].all():
            parts, extra = _MISSING, np.packbits(~present[part]).tobytes()
        text = points.text[part]
        if (text != NO_TEXT).any():
            places = np.flatnonzero(text != NO_TEXT).tolist()
            parts |= _TEXTS
            extra += orjson.dumps([[place, points.texts[text[place]]] for place in places])
        extras[segment] = (parts, extra)
    return extras


def _summaries(
    points: StoredPoints,
    present: npt.NDArray[np.bool_],
    starts: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
) -> list[list[Any]]:
    value, rows = points.value, np.arange(len(points))
    first = np.minimum.reduceat(np.where(present, rows, len(rows)), starts)
    last = np.maximum.reduceat(np.where(present, rows, -1), starts)
    some = last >= 0
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduceat(np.where(present, value, 0.0), starts)
    return [
        points.tag[starts].tolist(),
        points.source_ns[starts].tolist(),
        points.source_ns[starts + sizes - 1].tolist(),
        sizes.tolist(),
        np.add.reduceat(present, starts, dtype=np.int64).tolist(),
        _nullable(np.fmin.reduceat(value, starts), some),
        _nullable(np.fmax.reduceat(value, starts), some),
        total.tolist(),
        _nullable(value[np.minimum(first, len(rows) - 1)], some),
        _nullable(value[last], some),
        np.maximum.reduceat(points.quality, starts).tolist(),
    ]


def _nullable(column: npt.NDArray[np.float64], some: npt.NDArray[np.bool_]) -> list[float | None]:
    return [value if there else None for value, there in zip(column.tolist(), some.tolist(), strict=True)]
