"""Reports into records: by unit, context and size, a whole drain at a time. Pure."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from config.site import Site
from control.signal import BAD, NOT_A_NUMBER, SAMPLE, Text
from gateway.batch.context import Context
from gateway.stream.records import Draft, Kind, Points, TextPoint, pack

Rows = npt.NDArray[Any]


class Contexts(Protocol):
    """Knows which campaign, batch and phase held when (`gateway.batch.context.ContextBook`)."""

    def resolve(self, unit: str, source_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Return the id of the context that held at each time."""
        ...

    def describe(self, number: int) -> Context:
        """Return the context of an id."""
        ...


def partition_of(unit: str, partitions: int) -> int:
    """Return the partition that a unit's records are in, always the same one."""
    return zlib.crc32(unit.encode()) % partitions


class Grouping:
    """Makes drafts of report rows and texts, for one configuration."""

    def __init__(self, site: Site, contexts: Contexts) -> None:
        """Take the configuration that tags count in, and who knows the contexts."""
        telemetry = site.streams.telemetry
        self._contexts = contexts
        self._max_points = telemetry.max_points
        self._units = list(dict.fromkeys(site.unit_of(name) for name in site.tags))
        numbers = {unit: number for number, unit in enumerate(self._units)}
        self._unit_of_tag = np.array([numbers[site.unit_of(name)] for name in site.tags], np.int32)
        self._partitions = [partition_of(unit, telemetry.partitions) for unit in self._units]
        self._last_texts: dict[int, tuple[Text, int]] = {}

    def drafts(self, rows: Rows, texts: Sequence[Text], now_ns: int) -> list[Draft]:
        """Return the records of reports, each unit's in the order in which they came."""
        points, valueless = self._text_points(texts)
        rows = _without_infinities(np.concatenate([rows, valueless]) if len(valueless) else rows)
        units = self._unit_of_tag[rows["tag"]]
        order = np.argsort(units, kind="stable")
        rows, units = rows[order], units[order]
        numeric = dict(_runs(units))
        textual: dict[int, list[TextPoint]] = {}
        for point in points:
            textual.setdefault(int(self._unit_of_tag[point.tag]), []).append(point)
        drafts: list[Draft] = []
        for unit in sorted(numeric.keys() | textual.keys()):
            drafts += self._unit_drafts(
                unit, rows[numeric.get(unit, slice(0))], textual.get(unit, []), now_ns
            )
        return drafts

    def _unit_drafts(self, unit: int, rows: Rows, texts: Sequence[TextPoint], now_ns: int) -> Iterator[Draft]:
        name = self._units[unit]
        times = np.concatenate([rows["source_ns"], np.array([text.source_ns for text in texts], np.int64)])
        contexts = self._contexts.resolve(name, times)
        for number in np.unique(contexts).tolist():
            chosen = contexts == number
            numeric = rows if chosen.all() else rows[chosen[: len(rows)]]
            textual = [text for text, taken in zip(texts, chosen[len(rows) :], strict=True) if taken]
            for points in _messages(numeric, textual, self._max_points):
                yield Draft(
                    Kind.TELEMETRY,
                    self._partitions[unit],
                    name,
                    now_ns,
                    len(points),
                    pack(points),
                    self._contexts.describe(number),
                )

    def _text_points(self, texts: Sequence[Text]) -> tuple[list[TextPoint], Rows]:
        """Return the texts with their ordinals; those without a value become rows without a value."""
        points: list[TextPoint] = []
        valueless: list[tuple[float, int, int, int, int, int]] = []
        for text in texts:
            last, ordinal = self._last_texts.get(text.tag, (None, 0))
            if text == last:
                continue  # said again, with the source time that it had: no news to any reader
            ordinal = ordinal + 1 if last is not None and last.source_ns == text.source_ns else 0
            self._last_texts[text.tag] = (text, ordinal)
            if text.value is None:
                valueless.append((np.nan, text.source_ns, text.tag, text.quality, text.status, ordinal))
            else:
                points.append(
                    TextPoint(text.tag, text.value, text.source_ns, text.quality, text.status, ordinal)
                )
        return points, np.array(valueless, SAMPLE)


def _without_infinities(rows: Rows) -> Rows:
    """Return rows whose values are finite or NaN: an infinity is no value, and says so."""
    infinite = np.isinf(rows["value"])
    if infinite.any():
        rows = rows.copy()
        rows["value"][infinite] = np.nan
        rows["quality"][infinite] |= np.uint32(BAD | NOT_A_NUMBER)
    return rows


def _runs(keys: npt.NDArray[np.int32]) -> Iterator[tuple[int, slice]]:
    """Yield each key of a sorted column with the slice that holds it."""
    if not len(keys):
        return
    starts = np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1, [len(keys)]]).tolist()
    for start, end in itertools.pairwise(starts):
        yield int(keys[start]), slice(start, end)


def _messages(rows: Rows, texts: Sequence[TextPoint], max_points: int) -> Iterator[Points]:
    """Yield the points of one unit and context, so many at a time; the texts come last."""
    for start in range(0, len(rows), max_points):
        yield Points.of_rows(rows[start : start + max_points])
    empty = rows[:0]
    for start in range(0, len(texts), max_points):
        yield Points.of_rows(empty, texts[start : start + max_points])
