"""A trend as a file: every report of its tags as it is stored, with quality, unit and context."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from config.site import Site
from control.signal import describe_quality
from gateway.historian.points import NO_TEXT, StoredPoints
from gateway.hmi.stored import Stored
from gateway.hmi.trend_view import parse
from gateway.stream.event_model import rfc3339

COLUMNS: Final = ("time", "tag", "value", "unit", "quality", "quality_word", "campaign", "batch", "phase")
_SLICE_POINTS: Final = 50_000
"""Aimed at in one question, so that other browsers are answered in between."""
_FIRST_SLICE_NS: Final = 60_000_000_000
_MOST_AT_ONCE_NS: Final = 86_400_000_000_000
_LONGEST_MS: Final = 400 * 86_400_000.0


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of time of some tags."""

    tags: tuple[str, ...]
    from_ns: int
    to_ns: int


def wanted_of(query: Mapping[str, str], known: frozenset[str]) -> list[Part] | None:
    """Return what an address asks for; None where it makes no sense.

    Args:
        query: `tags`, `from` and `to` in ms; with `over` these are since the start of each batch.
        known: tags that may be exported.
    """
    view = parse(query, known)
    try:
        from_ms, to_ms = float(query["from"]), float(query["to"])
    except (KeyError, ValueError):
        return None
    if not view.tags or not 0 < to_ms - from_ms < _LONGEST_MS:
        return None
    if not view.over:
        return [Part(view.tags, int(from_ms * 1e6), int(to_ms * 1e6))]
    parts = []
    for batch in view.over:
        tags = dict.fromkeys(f"{batch.unit}/{name.split('/', 1)[1]}" for name in view.tags)
        start_ms, end_ms = max(from_ms, 0) + batch.start_ms, min(to_ms + batch.start_ms, batch.end_ms)
        mine = tuple(name for name in tags if name in known)
        parts.append(Part(mine, int(start_ms * 1e6), int(end_ms * 1e6)))
    return [part for part in parts if part.tags and part.from_ns < part.to_ns] or None


def described(parts: Sequence[Part]) -> str:
    """Return what parts hold, for the record."""
    return "; ".join(f"{', '.join(p.tags)} from {rfc3339(p.from_ns)} to {rfc3339(p.to_ns)}" for p in parts)


async def csv_lines(site: Site, stored: Stored, parts: Sequence[Part]) -> AsyncIterator[str]:
    """Yield the file in pieces: a head, then the reports of each part by time.

    Raises:
        StoreError: the store cannot be reached (any more).
    """
    yield _text([COLUMNS])
    for part in parts:
        from_ns, width_ns = part.from_ns, _FIRST_SLICE_NS
        while from_ns < part.to_ns:
            end_ns = min(from_ns + width_ns, part.to_ns)
            points = await stored.raw(part.tags, from_ns, end_ns)
            if len(points):
                yield _text(rows(site, points))
            width_ns = width_ns * 2 if len(points) < _SLICE_POINTS else max(width_ns // 2, 1)
            width_ns, from_ns = min(width_ns, _MOST_AT_ONCE_NS), end_ns


def rows(site: Site, points: StoredPoints) -> list[tuple[str, ...]]:
    """Return a line for each report, by time: values with all their digits, times in ISO 8601 to the ns."""
    ordered = points.take(np.lexsort((points.ordinal, points.tag, points.source_ns)))
    columns = (ordered.source_ns, ordered.tag, ordered.value, ordered.text, ordered.quality, ordered.context)
    found: list[tuple[str, ...]] = []
    for time_ns, tag, value, text, quality, context in zip(*(c.tolist() for c in columns), strict=True):
        name, where = points.tags[tag], points.contexts[context]
        shown = str(points.texts[text]) if text != NO_TEXT else "" if value != value else repr(value)  # noqa: PLR0124 - NaN
        words = (describe_quality(quality), f"0x{quality:08X}")
        unit = site.tags[name].unit if name in site.tags else ""
        found.append((rfc3339(time_ns), name, shown, unit, *words, where.campaign, where.batch, where.phase))
    return found


def _text(lines: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()
