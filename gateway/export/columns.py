"""Stored points as columns that any program reads, and back again, equal to the bit. Pure.

One row a point. A value that a point does not have is null, never a number that means "none".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from control.signal import describe_quality
from gateway.batch.context import Context
from gateway.historian.points import NO_SOURCE, NO_TEXT, Source, StoredPoints

_WORDS: Final = pa.dictionary(pa.int32(), pa.string())
_CONTEXT: Final = ("campaign", "batch", "phase")
_INTEGER: Final = pa.decimal128(20, 0)

MEANINGS: Final[dict[str, tuple[Any, str]]] = {
    "tag": (_WORDS, "full name, unit/module.signal"),
    "time": (pa.timestamp("ns", tz="UTC"), "source time, to the nanosecond"),
    "value": (pa.float64(), "in the tag's unit, every bit as reported; null: none, or a text or integer"),
    "unit": (_WORDS, "engineering unit of the value, by the configuration of the fingerprint"),
    "quality": (_WORDS, "good, uncertain or bad, and why"),
    "quality_bits": (pa.uint32(), "the same as bits: the two highest are the severity"),
    "status": (pa.uint32(), "the device's own status code"),
    "text": (pa.string(), "value of a text"),
    "integer": (_INTEGER, "value of an integer that a double cannot hold"),
    "campaign": (_WORDS, "that held at the source time"),
    "batch": (_WORDS, "that held at the source time"),
    "phase": (_WORDS, "that held at the source time"),
    "ordinal": (pa.uint32(), "0, or n for the n-th further sample at that source time"),
    "gateway": (_WORDS, "identity of the report: gateway; null where the store does not keep it"),
    "epoch": (pa.int64(), "identity of the report: epoch of the gateway's journal"),
    "partition": (pa.int32(), "identity of the report: partition"),
    "sequence": (pa.int64(), "identity of the report: message"),
    "row": (pa.int32(), "identity of the report: row of the message"),
}
"""Type and meaning of each column, in order."""
SCHEMA: Final = pa.schema([(name, kind) for name, (kind, _) in MEANINGS.items()])


def table_of(points: StoredPoints, units: Mapping[str, str]) -> Any:
    """Return points as a table with `SCHEMA`.

    Args:
        points: in any order, which stays.
        units: engineering unit of each tag.
    """
    known = points.source != NO_SOURCE
    sources, source = points.sources or (Source("", 0, 0),), np.maximum(points.source, 0)
    texts = [points.texts[at] if at != NO_TEXT else None for at in points.text.tolist()]
    words, quality = np.unique(points.quality, return_inverse=True)
    columns: dict[str, Any] = {
        "tag": _words(points.tags, points.tag),
        "time": pa.array(points.source_ns).cast(SCHEMA.field("time").type),
        "value": pa.array(points.value, mask=np.isnan(points.value)),
        "unit": _words([units.get(tag, "") for tag in points.tags], points.tag),
        "quality": _words([describe_quality(word) for word in words], quality),
        "quality_bits": pa.array(points.quality),
        "status": pa.array(points.status),
        "text": pa.array([text if isinstance(text, str) else None for text in texts], pa.string()),
        "integer": pa.array([Decimal(t) if isinstance(t, int) else None for t in texts], _INTEGER),
        **{
            name: _words([getattr(context, name) for context in points.contexts], points.context)
            for name in _CONTEXT
        },
        "ordinal": pa.array(points.ordinal),
        "gateway": _words([one.gateway for one in sources], source, known),
        "epoch": pa.array(np.array([one.epoch for one in sources], np.int64)[source], mask=~known),
        "partition": pa.array(np.array([one.partition for one in sources], np.int32)[source], mask=~known),
        "sequence": pa.array(points.sequence, mask=~known),
        "row": pa.array(points.row, mask=~known),
    }
    return pa.table(columns, schema=SCHEMA)


def points_of(table: Any) -> StoredPoints:
    """Return the points of a table that `table_of` made, whatever file it has been in."""
    table = table.select(SCHEMA.names).cast(SCHEMA).combine_chunks()
    tags, tag = _indices(table, ("tag",))
    identity, source = _indices(table, ("gateway", "epoch", "partition"))
    sources = [Source(*one) for one in identity if one[0] is not None]
    number = {one: at for at, one in enumerate(sources)}
    new = np.array([number.get(Source(*one), NO_SOURCE) for one in identity], np.int32)
    contexts, context = _indices(table, _CONTEXT)
    texts: list[str | int] = []
    text = np.full(len(table), NO_TEXT, np.int32)
    for name in ("text", "integer"):
        column = table[name].to_pylist()
        for row in np.flatnonzero(~table[name].is_null().to_numpy()).tolist():
            text[row] = len(texts)
            texts.append(column[row] if name == "text" else int(column[row]))
    return StoredPoints.of(
        [str(name) for (name,) in tags],
        sources=sources,
        contexts=[Context(*("" if part is None else part for part in one)) for one in contexts],
        texts=texts,
        tag=tag,
        value=_numbers(table["value"], np.nan),
        quality=table["quality_bits"].to_numpy(),
        source_ns=table["time"].cast(pa.int64()).to_numpy(),
        status=table["status"].to_numpy(),
        ordinal=table["ordinal"].to_numpy(),
        source=new[source] if len(new) else source,
        sequence=_numbers(table["sequence"], 0),
        row=_numbers(table["row"], 0),
        context=context,
        text=text,
    )


def _words(names: Sequence[str], index: npt.NDArray[Any], known: npt.NDArray[np.bool_] | None = None) -> Any:
    """Return a column of words; null where there is none."""
    mask = np.array([not name for name in names] or [True], np.bool_)[index] if len(index) else None
    if mask is not None and known is not None:
        mask |= ~known
    indices = pa.array(index.astype(np.int32), mask=mask)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def _numbers(column: Any, none: float) -> npt.NDArray[Any]:
    """Return numbers, without passing those that are there through another type."""
    filled: npt.NDArray[Any] = column.fill_null(pa.scalar(none, column.type)).to_numpy()
    return filled


def _indices(table: Any, names: Sequence[str]) -> tuple[list[tuple[Any, ...]], npt.NDArray[np.int32]]:
    """Return the different rows of some columns, and which of them each row is."""
    number: dict[tuple[Any, ...], int] = {}
    rows = zip(*(table[name].to_pylist() for name in names), strict=True)
    index = np.array([number.setdefault(row, len(number)) for row in rows], np.int32)
    return list(number), index
