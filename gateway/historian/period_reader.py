"""Reading one file of the embedded store: points, buckets and events, from a snapshot of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from gateway.batch.context import Context
from gateway.historian.api import EventFilter
from gateway.historian.buckets import Grid, Summaries
from gateway.historian.chunks import Opened, open_chunk
from gateway.historian.database import open_for_reading, snapshot
from gateway.historian.outline import ChunkRow, Moments, Outline, ends, joined, to_open
from gateway.historian.points import NO_TEXT, Source, StoredPoints
from gateway.historian.spans import Spans

_PLAIN: Final = ("source_ns", "value", "quality")
_CHUNKS: Final = """
SELECT points, data FROM chunk WHERE tag = ? AND first_ns >= ? AND first_ns < ? AND last_ns >= ?
"""
_SUMMARIES: Final = """
SELECT first_ns, last_ns, points, "values", least, greatest, total, first, last, quality, id
FROM chunk WHERE tag = ? AND first_ns >= ? AND first_ns < ? AND last_ns >= ?
"""
_BLOBS: Final = "SELECT id, data FROM chunk WHERE id IN (SELECT value FROM json_each(?))"
_OUTLINE: Final = """
SELECT id, first_ns, last_ns, points, quality, length(data) FROM chunk
WHERE tag = ? AND first_ns >= ? AND first_ns < ? AND last_ns >= ? ORDER BY first_ns, last_ns
"""
_MESSAGES: Final = """
SELECT gateway, epoch, partition, spans FROM ledger JOIN source ON source.id = ledger.source
"""
_NEWEST: Final = """
SELECT points, data FROM chunk
WHERE tag = ?1 AND last_ns = (SELECT max(last_ns) FROM chunk WHERE tag = ?1 AND length(data) > 0)
"""
_EVENTS: Final = """
SELECT data FROM event WHERE time_ns >= ?1 AND time_ns < ?2
    AND (?3 = '[]' OR type IN (SELECT value FROM json_each(?3)))
    AND (?4 = '[]' OR unit IN (SELECT value FROM json_each(?4)))
ORDER BY time_ns DESC, id DESC LIMIT ?5
"""


_SOURCES: Final = "SELECT gateway, epoch, partition FROM source ORDER BY id"
_CONTEXTS: Final = "SELECT campaign, batch, phase FROM context ORDER BY id"

_Row = tuple[Any, ...]


class PeriodReader:
    """Reads through a connection. Use `snapshot` around calls that must see one state."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> PeriodReader:
        """Open a file for reading, also while another process writes it.

        Raises:
            sqlite3.Error: it cannot be opened.
        """
        return cls(open_for_reading(path))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything read inside sees the same state of the file."""
        return snapshot(self._database)

    def is_made(self) -> bool:
        """Tell whether the writer has laid out the file."""
        query = "SELECT 1 FROM sqlite_master WHERE name = 'event_time'"
        return self._database.execute(query).fetchone() is not None

    def tags(self) -> list[str]:
        """Return the names of the tags in the file."""
        return [str(name) for (name,) in self._database.execute("SELECT name FROM tag ORDER BY id")]

    def raw(self, tag: str, from_ns: int, to_ns: int) -> StoredPoints:
        """Return the points of a tag in a range, in no particular order."""
        rows = self._database.execute(_CHUNKS, self._overlap(tag, from_ns, to_ns)).fetchall()
        points = self.open_all(tag, rows)
        return points.take((points.source_ns >= from_ns) & (points.source_ns < to_ns))

    def outline(self, tag: str, from_ns: int, to_ns: int, moments: Moments) -> Outline:
        """Return the points of a tag in a range, with what adds nothing left out."""
        found = self._database.execute(_OUTLINE, self._overlap(tag, from_ns, to_ns)).fetchall()
        rows = [ChunkRow._make((*numbers, bool(size))) for *numbers, size in found]
        edges = Moments(moments.around_ns, [*moments.within_ns, from_ns, to_ns])
        opened = to_open(rows, edges)
        blobs = [
            self._database.execute("SELECT points, data FROM chunk WHERE id = ?", (row.id,)).fetchone()
            for row, wanted in zip(rows, opened.tolist(), strict=True)
            if wanted
        ]
        points = self.open_all(tag, blobs)
        points = points.take((points.source_ns >= from_ns) & (points.source_ns < to_ns))
        closed = [row for row, wanted in zip(rows, opened.tolist(), strict=True) if not wanted]
        return joined([Outline.of_points(points), ends(tag, closed)], None)

    def messages(self) -> dict[Source, Spans]:
        """Return the messages whose share is in the file."""
        return {Source(*row[:3]): Spans.of_json(row[3]) for row in self._database.execute(_MESSAGES)}

    def last(self, tag: str) -> StoredPoints:
        """Return the newest point of a tag, or none."""
        rows = self._database.execute(_NEWEST, (self._tag(tag)[0],)).fetchall()
        points = self.open_all(tag, rows).ordered()
        return points.take(slice(max(len(points) - 1, 0), None))

    def summaries(self, tag: str, grid: Grid) -> list[Summaries]:
        """Return what the file holds of a tag inside a grid, each part inside one bucket.

        Chunks that lie in one bucket answer by their summary; only the others are opened.
        """
        rows = self._database.execute(_SUMMARIES, self._overlap(tag, grid.start_ns, grid.end_ns)).fetchall()
        whole: list[_Row] = []
        cut: list[_Row] = []
        for row in rows:
            inside = row[0] >= grid.start_ns and row[1] < grid.end_ns
            same = (row[0] - grid.start_ns) // grid.width_ns == (row[1] - grid.start_ns) // grid.width_ns
            (whole if inside and same else cut).append(row)
        summed = [_summaries(whole)] if whole else []
        return summed + self._cut(cut, grid)

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return events by time, the newest `limit` of them."""
        sets = [orjson.dumps(sorted(names)).decode() for names in (which.types, which.units)]
        rows = self._database.execute(_EVENTS, (which.from_ns, which.to_ns, *sets, which.limit)).fetchall()
        return [orjson.loads(data) for (data,) in reversed(rows)]

    def open_all(self, tag: str, rows: Sequence[tuple[int, bytes]]) -> StoredPoints:
        """Return the points of chunks of one tag, given as (number of points, blob)."""
        rows = [row for row in rows if row[1]]  # of others only the summary is left
        if not rows:
            return StoredPoints.empty((tag,))
        opened = [open_chunk(data, count, detail=True) for count, data in rows]
        text, texts = _texts(opened)
        return StoredPoints.of(
            (tag,),
            sources=[Source(*row) for row in self._database.execute(_SOURCES)],
            contexts=[Context(*row) for row in self._database.execute(_CONTEXTS)],
            texts=texts,
            tag=np.zeros(len(text)),
            text=text,
            **{name: np.concatenate([getattr(one, name) for one in opened]) for name in _PLAIN},
            **{name: np.concatenate([one.detail[name] for one in opened]) for name in opened[0].detail},
        )

    def _cut(self, rows: Sequence[_Row], grid: Grid) -> list[Summaries]:
        """Return what chunks hold that lie in several buckets, or reach out of the grid."""
        if not rows:
            return []
        asked = orjson.dumps([row[-1] for row in rows]).decode()
        blobs = dict(self._database.execute(_BLOBS, (asked,)))
        opened = [open_chunk(data, row[2], detail=False) for row in rows if (data := blobs[row[-1]])]
        begun = [_begun(row, grid) for row in rows if not blobs[row[-1]]]
        if not opened:
            return begun
        sizes = [len(one.source_ns) for one in opened]
        source_ns, value, quality = (
            np.concatenate([getattr(one, name) for one in opened]) for name in _PLAIN
        )
        return [*begun, Summaries.of_chunks(source_ns, value, quality, np.cumsum(sizes), grid)]

    def _overlap(self, tag: str, from_ns: int, to_ns: int) -> tuple[int, int, int, int]:
        """Return what finds the chunks that reach into a range without walking all of the tag's."""
        number, longest_ns = self._tag(tag)
        return number, max(from_ns - longest_ns, -(2**63)), to_ns, from_ns

    def _tag(self, name: str) -> tuple[int, int]:
        row = self._database.execute("SELECT id, longest_ns FROM tag WHERE name = ?", (name,)).fetchone()
        return row if row else (-1, 0)


def _texts(opened: Sequence[Opened]) -> tuple[npt.NDArray[np.int32], list[str | int]]:
    """Return the index of each point's text, and the texts."""
    texts: list[str | int] = []
    columns = []
    for one in opened:
        column = np.full(len(one.value), NO_TEXT, np.int32)
        column[list(one.texts)] = np.arange(len(texts), len(texts) + len(one.texts))
        texts.extend(one.texts.values())
        columns.append(column)
    return np.concatenate(columns), texts


def _begun(row: _Row, grid: Grid) -> Summaries:
    """Return a chunk whose points are gone in the first bucket that it touches: no spike may disappear."""
    inside_ns = min(max(row[0], grid.start_ns), grid.end_ns - 1)
    return _summaries([(inside_ns, inside_ns, *row[2:])])


def _summaries(rows: Sequence[_Row]) -> Summaries:
    first_ns, last_ns, count, values, *doubles, quality, _ = zip(*rows, strict=True)
    least, greatest, total, first, last = (np.array(column, np.float64) for column in doubles)
    return Summaries(
        first_ns=np.array(first_ns, np.int64),
        last_ns=np.array(last_ns, np.int64),
        count=np.array(count, np.int64),
        values=np.array(values, np.int64),
        least=least,
        greatest=greatest,
        total=total,
        first=first,
        last=last,
        quality=np.array(quality, np.uint32),
    )
