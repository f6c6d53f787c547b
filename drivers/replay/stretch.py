"""Samples as a recording holds them: column by column, compact, exact.

A stretch's body is a line of JSON (the number of rows, and the samples that are texts), then each column
of `COLUMNS`: arrivals as differences, source times as differences to the arrivals, the bytes of equal
weight side by side, which deflates well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from control.signal import Columns, Text

COLUMNS: Final = np.dtype(
    [
        ("arrival_ns", "<i8"),  # UTC, when the driver handed it on
        ("source_ns", "<i8"),  # UTC, from the source; stored as the difference to arrival
        ("tag", "<i4"),  # place in the head's list
        ("value", "<f8"),
        ("quality", "<u4"),
        ("status", "<u4"),
    ]
)


class DamagedRecording(ValueError):
    """A file that is no recorded acquisition, or whose head is not whole."""


@dataclass(frozen=True, slots=True)
class RecordedTag:
    """A tag as it was when it was recorded."""

    name: str
    """Full name."""
    device: str
    kind: str
    unit: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a recording is of."""

    site: str
    fingerprint: str
    """Of the configuration."""
    tags: tuple[RecordedTag, ...]

    def is_same_as(self, other: Head) -> bool:
        """Return whether samples of both may stand in one file."""
        return (self.site, self.tags) == (other.site, other.tags)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples in the order of their arrival."""

    rows: npt.NDArray[Any]
    """COLUMNS."""
    texts: tuple[tuple[int, Text], ...] = ()
    """Arrival (ns) and sample."""

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.rows) + len(self.texts)


def stretch_of(arrival_ns: int, columns: Columns) -> Stretch:
    """Return columns that arrived at one moment, their tags numbered as in the head."""
    rows = np.empty(len(columns), COLUMNS)
    rows["arrival_ns"] = arrival_ns
    for name in ("source_ns", "tag", "value", "quality", "status"):
        rows[name] = getattr(columns, name)
    return Stretch(rows, tuple((arrival_ns, text) for text in columns.texts))


def joined(stretches: Sequence[Stretch]) -> Stretch:
    """Return stretches as one."""
    rows = np.concatenate([each.rows for each in stretches]) if stretches else np.empty(0, COLUMNS)
    return Stretch(rows, tuple(text for each in stretches for text in each.texts))


def encode(stretch: Stretch) -> bytes:
    """Return the body of a frame, not yet deflated."""
    texts = [
        [arrival, text.tag, text.value, text.source_ns, text.quality, text.status]
        for arrival, text in stretch.texts
    ]
    parts = [orjson.dumps({"rows": len(stretch.rows), "texts": texts}), b"\n"]
    for name in COLUMNS.names or ():
        column = np.ascontiguousarray(stretch.rows[name])
        if name == "arrival_ns":
            column = np.diff(column, prepend=np.int64(0))
        elif name == "source_ns":
            column = column - stretch.rows["arrival_ns"]
        parts.append(column.view(np.uint8).reshape(len(column), column.itemsize).T.tobytes())
    return b"".join(parts)


def decode(body: bytes) -> Stretch:
    """Return the samples of a body.

    Raises:
        DamagedRecording: it is none.
    """
    line, _, data = body.partition(b"\n")
    try:
        meta = orjson.loads(line)
        rows = np.empty(meta["rows"], COLUMNS)
        at = 0
        for name in COLUMNS.names or ():
            kind, width = COLUMNS[name], COLUMNS[name].itemsize
            raw = np.frombuffer(data, np.uint8, width * len(rows), at).reshape(width, len(rows))
            rows[name] = np.ascontiguousarray(raw.T).view(kind).reshape(len(rows))
            at += width * len(rows)
        texts = tuple(
            (arrival, Text(tag, value, source_ns, quality, status))
            for arrival, tag, value, source_ns, quality, status in meta["texts"]
        )
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedRecording(f"not a stretch of samples: {error}") from error
    rows["arrival_ns"] = np.cumsum(rows["arrival_ns"])
    rows["source_ns"] += rows["arrival_ns"]
    return Stretch(rows, texts)
