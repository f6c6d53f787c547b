"""The proof that a store has what was journalled: every point, once, as it was.

Compares an untrimmed copy of the journal (the tap) with a read of the store, identity by identity and
bit by bit; no counter of the running system is believed. Where a store does not keep which message a
point came with, tag, source time and ordinal stand for the identity; where it keeps fewer digits, its
own precision is the measure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from config.site import Site
from config.streams import Historian
from gateway.historian.api import EventFilter
from gateway.historian.points import NO_SOURCE, NO_TEXT, Source, StoredPoints, concatenate
from gateway.historian.query import History, open_history, open_site_history
from gateway.stream.journal_reader import JournalReader
from gateway.stream.records import Kind, Points, Record, unpack

_AT_ONCE: Final = 1000
_EXAMPLES: Final = 10
_LOSSY_DIGITS: Final = 1e-11
_EVERYTHING: Final = 2**31 - 1
Keys = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found."""

    journalled: int
    """Points in the tap."""
    stored: int
    """Points read from the store."""
    missing: int
    altered: int
    doubled: int
    """Points of the store beyond one for each that was journalled."""
    events_journalled: int
    events_missing: int
    examples: tuple[str, ...]
    """A few of those that are missing, altered or doubled."""

    @property
    def whole(self) -> bool:
        """Whether the store has everything, once, as it was."""
        return not (self.missing or self.altered or self.doubled or self.events_missing)


def reconcile(tap: Path, site: Site, historian: Historian | None, data: Path) -> Verdict:
    """Compare a tap's folder with what a historian has stored; none: with what the site's have together.

    Raises:
        StoreError: the store cannot be read.
        sqlite3.Error: the tap cannot be read.
    """
    records = list(_records(tap, site.gateway.name))
    journalled = concatenate([points for points, _ in records if points is not None])
    events = {event["id"]: int(event["time_ns"]) for _, event in records if event is not None}
    history = open_history(historian, data) if historian else open_site_history(site.streams, data)
    try:
        stored = _stored(history, journalled)
        kept = _event_ids(history, events) if history.keeps_events else events.keys()
        return compare(journalled, stored, history.resolution_ns, len(events), len(events.keys() - kept))
    finally:
        history.close()


def compare(
    journalled: StoredPoints,
    stored: StoredPoints,
    resolution_ns: int = 1,
    events: int = 0,
    events_missing: int = 0,
) -> Verdict:
    """Compare points.

    Args:
        journalled: what was committed.
        stored: what was read back.
        resolution_ns: of the store's times; above 1 its doubles are taken as rounded, too, and of
            several reports of a tag within one tick it need keep only one.
        events: journalled.
        events_missing: of these, not stored.
    """
    both = concatenate([journalled, stored])
    of_tap = np.arange(len(both)) < len(journalled)
    keys: Keys = (both.row, both.sequence, both.source)
    if (stored.source == NO_SOURCE).any():
        keys = (both.ordinal, both.source_ns // resolution_ns, both.tag)
    value = both.value if resolution_ns == 1 else _snapped(both.value, keys, of_tap)
    contents = _contents(both, value, exact=resolution_ns == 1)
    order = np.lexsort((~of_tap, *contents, *keys))
    key_starts = _changes(keys, order)
    content_starts = _changes((*contents, *keys), order)
    key_of = np.cumsum(key_starts) - 1
    content_of = np.cumsum(content_starts) - 1
    in_tap = np.bincount(content_of, of_tap[order]) > 0
    in_store = np.bincount(content_of, ~of_tap[order]) > 0
    key_of_content = key_of[content_starts]
    expected = np.bincount(key_of_content, in_tap).astype(np.int64)
    if resolution_ns > 1:
        expected = np.minimum(expected, 1)  # of several reports within one of its ticks it keeps one
    matched = np.minimum(np.bincount(key_of_content, in_tap & in_store).astype(np.int64), expected)
    copies = np.bincount(key_of, ~of_tap[order]).astype(np.int64)
    altered = (copies > 0) & (expected > 0) & (matched == 0)
    missing = expected - matched - altered
    doubled = np.where(expected > 0, np.maximum(copies - np.maximum(matched, 1), 0), copies)
    first = order[np.flatnonzero(key_starts)]
    kinds = {"missing": missing, "altered": altered, "doubled": doubled}
    return Verdict(
        journalled=len(journalled),
        stored=len(stored),
        missing=int(missing.sum()),
        altered=int(altered.sum()),
        doubled=int(doubled.sum()),
        events_journalled=events,
        events_missing=events_missing,
        examples=tuple(
            f"{kind}: {_describe(both, int(row))}"
            for kind, count in kinds.items()
            for row in first[np.flatnonzero(count)][:_EXAMPLES]
        ),
    )


def _records(tap: Path, gateway: str) -> Iterator[tuple[StoredPoints | None, dict[str, Any] | None]]:
    """Yield the points or the event of every record in a tap."""
    for path in sorted(tap.glob("tap-*.sqlite")):
        with JournalReader(path) as reader:
            for partition in sorted(reader.heads()):
                source, after = Source(gateway, reader.epoch, partition), 0
                while records := reader.read(partition, after, _AT_ONCE):
                    after = records[-1].sequence
                    for record in records:
                        if record.kind is Kind.EVENT:
                            yield None, orjson.loads(record.data)
                        else:
                            names = reader.dictionary(record.dictionary).names
                            yield _points(record, unpack(record.data), source, names), None


def _points(record: Record, points: Points, source: Source, names: tuple[str, ...]) -> StoredPoints:
    texts = points.texts
    columns = {}
    for name in ("tag", "quality", "source_ns", "status", "ordinal"):
        column = getattr(points, name)
        columns[name] = np.append(column, np.array([getattr(text, name) for text in texts], column.dtype))
    count = len(points.tag)
    return StoredPoints.of(
        names,
        sources=(source,),
        contexts=(record.context,),
        texts=[text.value for text in texts],
        value=np.concatenate([points.value, np.full(len(texts), np.nan)]),
        source=np.zeros(len(points)),
        sequence=np.full(len(points), record.sequence),
        row=np.arange(len(points)),
        text=np.concatenate([np.full(count, NO_TEXT), np.arange(len(texts))]),
        **columns,
    )


def _stored(history: History, journalled: StoredPoints) -> StoredPoints:
    """Read what the store has of the tags and times, from the sources that were journalled."""
    if not len(journalled):
        return StoredPoints.empty()
    names = [journalled.tags[tag] for tag in np.unique(journalled.tag).tolist()]
    end_ns = int(journalled.source_ns.max()) + history.resolution_ns
    points = history.raw(
        names, int(journalled.source_ns.min()) // history.resolution_ns * history.resolution_ns, end_ns
    )
    others = [n for n, source in enumerate(points.sources) if source not in journalled.sources]
    return points.take(~np.isin(points.source, others)) if others else points


def _event_ids(history: History, events: dict[str, int]) -> set[str]:
    if not events:
        return set()
    times = events.values()
    which = EventFilter(min(times), max(times) + 1, limit=_EVERYTHING)
    return {str(event["id"]) for event in history.events(which)}


def _contents(points: StoredPoints, value: npt.NDArray[np.float64], *, exact: bool) -> Keys:
    """Return what must be equal, as integers."""
    bits = np.where(np.isnan(value), np.nan, value).view(np.int64)
    if not exact:
        return (points.status, points.quality, bits)
    numbers: dict[tuple[type, str | int], int] = {}
    texts = [numbers.setdefault((type(text), text), len(numbers)) for text in points.texts]
    text = np.array([*texts, NO_TEXT])[points.text]
    return (
        text,
        points.context,
        points.status,
        points.quality,
        points.ordinal,
        points.source_ns,
        points.tag,
        bits,
    )


def _snapped(
    value: npt.NDArray[np.float64], keys: Keys, of_tap: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the values with those of a rounding store as they were journalled, where they are close."""
    order = np.lexsort((~of_tap, value, *keys))
    same_key = ~_changes(keys, order)[1:]
    snapped = value.copy()
    for tap, store in ((order[:-1], order[1:]), (order[1:], order[:-1])):
        close = np.isclose(value[store], value[tap], rtol=_LOSSY_DIGITS, atol=0.0)
        hit = same_key & of_tap[tap] & ~of_tap[store] & close
        snapped[store[hit]] = value[tap[hit]]
    return snapped


def _changes(keys: Keys, order: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Tell where, in this order, a key differs from the one before."""
    changes = np.ones(len(order), np.bool_)
    if len(order):
        changes[1:] = np.logical_or.reduce([key[order][1:] != key[order][:-1] for key in keys])
    return changes


def _describe(points: StoredPoints, row: int) -> str:
    name, at = points.tags[points.tag[row]], np.datetime64(int(points.source_ns[row]), "ns")
    number = points.source[row]
    where = f" of message {points.sequence[row]}, row {points.row[row]}" if number != NO_SOURCE else ""
    return f"{name} at {at} = {points.value[row]!r}{where}"
