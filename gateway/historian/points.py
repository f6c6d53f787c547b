"""Stored points as columns: what every store gives back, and what the embedded store takes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple, Self, TypeVar

import numpy as np
import numpy.typing as npt

from gateway.batch.context import Context

Item = TypeVar("Item")


class Source(NamedTuple):
    """Where a numbered stream of messages comes from: a journal's epoch and one of its partitions."""

    gateway: str
    epoch: int
    partition: int


NO_SOURCE: Final = -1
"""In `StoredPoints.source`: the store does not keep which message the point came with."""
NO_TEXT: Final = -1

_COLUMNS: Final[dict[str, type[np.generic]]] = {
    "tag": np.int32,
    "value": np.float64,
    "quality": np.uint32,
    "source_ns": np.int64,
    "status": np.uint32,
    "ordinal": np.uint32,
    "source": np.int32,
    "sequence": np.int64,
    "row": np.int32,
    "context": np.int32,
    "text": np.int32,
}
_DEFAULTS: Final[dict[str, int]] = {"source": NO_SOURCE, "text": NO_TEXT}


@dataclass(frozen=True, slots=True, eq=False)
class StoredPoints:
    """Points as arrays of equal length beside the names that their indices mean.

    A point's identity is (sources[source], sequence, row): the message it came with, and which line.
    """

    tags: tuple[str, ...]
    tag: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    """NaN where the point has no value (bad quality), and for texts."""
    quality: npt.NDArray[np.uint32]
    source_ns: npt.NDArray[np.int64]
    status: npt.NDArray[np.uint32]
    ordinal: npt.NDArray[np.uint32]
    """0, or n for the n-th further sample of the tag at that source time."""
    sources: tuple[Source, ...]
    source: npt.NDArray[np.int32]
    sequence: npt.NDArray[np.int64]
    row: npt.NDArray[np.int32]
    contexts: tuple[Context, ...]
    context: npt.NDArray[np.int32]
    texts: tuple[str | int, ...]
    text: npt.NDArray[np.int32]
    """Index into `texts`, NO_TEXT for a numeric point."""

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.tag)

    @classmethod
    def of(
        cls,
        tags: Sequence[str],
        *,
        sources: Sequence[Source] = (),
        contexts: Sequence[Context] = (Context(),),
        texts: Sequence[str | int] = (),
        **columns: Any,
    ) -> Self:
        """Build points from the columns that are known; the others get what "none" is for them."""
        n = len(columns["tag"])
        arrays = {
            name: np.ascontiguousarray(columns[name], dtype)
            if name in columns
            else np.full(n, _DEFAULTS.get(name, 0), dtype)
            for name, dtype in _COLUMNS.items()
        }
        names = {"tags": tags, "sources": sources, "contexts": contexts, "texts": texts}
        return cls(**{name: tuple(known) for name, known in names.items()}, **arrays)  # type: ignore[arg-type]  # one dict for columns of four dtypes

    @classmethod
    def empty(cls, tags: Sequence[str] = ()) -> Self:
        """Return no points."""
        return cls.of(tags, tag=())

    @classmethod
    def blank(cls, count: int) -> Self:
        """Return room for so many points: nothing in them, no names."""
        return cls.of((), tag=np.zeros(count, np.int32))

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name."""
        return {name: getattr(self, name) for name in _COLUMNS}

    def take(self, index: npt.NDArray[Any] | slice) -> StoredPoints:
        """Return the points at an index, a mask or a slice; the names stay."""
        return self._with({name: array[index] for name, array in self.columns().items()})

    def ordered(self) -> StoredPoints:
        """Return the points by tag, source time, ordinal, and the order in which they came."""
        keys = (self.row, self.sequence, self.source, self.ordinal, self.source_ns, self.tag)
        return self.take(np.lexsort(keys))

    def select(self, tags: Sequence[str]) -> StoredPoints:
        """Return the points of these tags, which become the names, in this order."""
        position = {name: index for index, name in enumerate(tags)}
        new = np.array([position.get(name, -1) for name in self.tags], np.int32)
        mapped = new[self.tag] if len(new) else self.tag
        keep = mapped >= 0
        taken = {name: array[keep] for name, array in self.columns().items()}
        taken["tag"] = mapped[keep]
        return self._with(taken, tags=tuple(tags))

    def _with(self, columns: dict[str, npt.NDArray[Any]], **names: tuple[Any, ...]) -> StoredPoints:
        rest = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in columns}
        return StoredPoints(**(rest | columns | names))


def concatenate(parts: Sequence[StoredPoints]) -> StoredPoints:
    """Return all the points, in the order of the parts, with one set of names."""
    if len(parts) == 1:
        return parts[0]
    tags, tag = _unite([(p.tags, p.tag) for p in parts])
    sources, source = _unite([(p.sources, p.source) for p in parts])
    contexts, context = _unite([(p.contexts, p.context) for p in parts])
    texts: list[str | int] = []
    text = []
    for part in parts:
        text.append(np.where(part.text >= 0, part.text + len(texts), part.text))
        texts += part.texts
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(p, name) for p in parts]) if parts else ()
        for name in ("value", "quality", "source_ns", "status", "ordinal", "sequence", "row")
    }
    columns |= {"tag": tag, "source": source, "context": context}
    columns["text"] = np.concatenate(text) if text else ()
    return StoredPoints.of(tags, sources=sources, contexts=contexts, texts=texts, **columns)


def _unite(
    parts: Sequence[tuple[tuple[Item, ...], npt.NDArray[np.int32]]],
) -> tuple[tuple[Item, ...], npt.NDArray[np.int32]]:
    """Number the names of all parts anew; an index below 0 ("none") stays."""
    number: dict[Item, int] = {}
    columns = []
    for names, column in parts:
        new = np.array([number.setdefault(name, len(number)) for name in names] + [-1], np.int32)
        columns.append(new[column])
    return tuple(number), np.concatenate(columns) if columns else np.empty(0, np.int32)
