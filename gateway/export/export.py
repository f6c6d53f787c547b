"""Writing an export: points of some tags over a stretch of time, one file a UTC day, and their events.

Everything comes through the one query layer, so an export is the same whatever the store is, with what
still waits for the store. A day is read in pieces of bounded size, so memory does not grow with the
export. The folder appears when it is whole: until then it has the ending `.partial`.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import orjson
import pyarrow.csv
import pyarrow.parquet

from config.site import Site
from gateway.export import manifest
from gateway.export.columns import MEANINGS, SCHEMA, table_of
from gateway.historian.api import EventFilter
from gateway.historian.query import History
from gateway.stream.topics import GATEWAY_LEVEL
from gateway.version import VERSION

Format = Literal["parquet", "csv"]
_DAY_NS: Final = 86_400 * 10**9
_AT_ONCE: Final = 500_000
"""Points read at one time, about."""
_TAGS_AT_ONCE: Final = 500
_EVERY_EVENT: Final = 2**31 - 1


class ExportError(Exception):
    """The export cannot be written where it should be."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. Times are UTC ns; the end is not included."""

    tags: tuple[str, ...]
    from_ns: int
    to_ns: int
    formats: tuple[Format, ...]
    events: bool
    """With the events of that time, of every unit that a tag is of."""
    asked: str
    """As the user wrote it."""


def export(site: Site, history: History, query: Query, folder: Path) -> dict[str, Any]:
    """Write an export and return its manifest.

    Raises:
        ExportError: the folder exists.
        OSError: it cannot be written.
        StoreError: the store cannot be read.
    """
    if folder.exists():
        raise ExportError(f"{folder} exists: an export is never written over another")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    counts: dict[str, int] = dict.fromkeys(query.tags, 0)
    files = [
        file
        for start_ns, end_ns in _days(query.from_ns, query.to_ns)
        for file in _write_day(site, history, query, start_ns, end_ns, partial, counts)
    ]
    events = _write_events(site, history, query, partial) if query.events else []
    told = sum(file["rows"] for file in events)
    written = _manifest(site, history, query, counts, told, files + events)
    manifest.seal(partial, written)
    partial.rename(folder)
    return written


def _days(from_ns: int, to_ns: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a stretch that are in one UTC day each."""
    while from_ns < to_ns:
        end_ns = min((from_ns // _DAY_NS + 1) * _DAY_NS, to_ns)
        yield from_ns, end_ns
        from_ns = end_ns


def _write_day(
    site: Site,
    history: History,
    query: Query,
    start_ns: int,
    end_ns: int,
    folder: Path,
    counts: dict[str, int],
) -> list[dict[str, Any]]:
    """Write a day's points; return its files' entries, none where there are no points."""
    day = datetime.datetime.fromtimestamp(start_ns // 10**9, datetime.UTC).date()
    paths = [folder / f"points-{day}.{kind}" for kind in query.formats]
    units = {tag: site.tags[tag].unit for tag in query.tags if tag in site.tags}
    rows = 0
    with contextlib.ExitStack() as writers:
        opened: list[Any] = []
        for tags, from_ns, to_ns in _pieces(history, query.tags, start_ns, end_ns):
            points = history.raw(tags, from_ns, to_ns)
            if not len(points):
                continue
            opened = opened or [writers.enter_context(_writer(path)) for path in paths]
            table = table_of(points, units)
            for writer in opened:
                writer.write_table(table)
            rows += len(points)
            for number, tag in enumerate(points.tags):
                counts[tag] += int((points.tag == number).sum())
    return [manifest.describe(path, rows) for path in paths] if opened else []


def _pieces(
    history: History, tags: Sequence[str], start_ns: int, end_ns: int
) -> Iterator[tuple[list[str], int, int]]:
    """Yield tags and ranges of bounded size that together are the day, by how much there is of each."""
    for at in range(0, len(tags), _TAGS_AT_ONCE):
        some = list(tags[at : at + _TAGS_AT_ONCE])
        counts = [int(b.count.sum()) for b in history.buckets(some, start_ns, end_ns, 1)]
        together: list[str] = []
        total = 0
        for tag, count in zip(some, counts, strict=True):
            if together and total + count > _AT_ONCE:
                yield together, start_ns, end_ns
                together, total = [], 0
            if count > _AT_ONCE:
                parts = -(-count // _AT_ONCE)
                edges = [start_ns + (end_ns - start_ns) * part // parts for part in range(parts + 1)]
                for first, last in itertools.pairwise(edges):
                    yield [tag], first, last
            else:
                together.append(tag)
                total += count
        if together:
            yield together, start_ns, end_ns


def _writer(path: Path) -> Any:
    if path.suffix == ".parquet":
        return pyarrow.parquet.ParquetWriter(path, SCHEMA, compression="zstd")
    return _CsvWriter(path)


class _CsvWriter:
    """Texts are quoted and nulls are not, so an empty text is no null; doubles have their shortest digits."""

    def __init__(self, path: Path) -> None:
        self._writer = pyarrow.csv.CSVWriter(path, SCHEMA)

    def write_table(self, table: Any) -> None:
        self._writer.write_table(table)

    def __enter__(self) -> _CsvWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()


def _write_events(site: Site, history: History, query: Query, folder: Path) -> list[dict[str, Any]]:
    units = frozenset((GATEWAY_LEVEL, *(site.unit_of(tag) for tag in query.tags if tag in site.tags)))
    found = history.events(EventFilter(query.from_ns, query.to_ns, units=units, limit=_EVERY_EVENT))
    path = folder / "events.jsonl"
    with path.open("wb") as file:
        for event in found:
            file.write(orjson.dumps(event) + b"\n")
    return [manifest.describe(path, len(found))]


def _manifest(
    site: Site,
    history: History,
    query: Query,
    counts: dict[str, int],
    events: int,
    files: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "manifest": manifest.VERSION,
        "tool": f"cellgate {VERSION}",
        "made": datetime.datetime.fromtimestamp(time.time(), datetime.UTC).isoformat(),
        "site": site.site.name,
        "gateway": site.gateway.name,
        "configuration": site.fingerprint,
        "query": {
            "asked": query.asked,
            "from_ns": query.from_ns,
            "to_ns": query.to_ns,
            "tags": len(query.tags),
            "events": query.events,
        },
        "store": {
            "stores": [historian.store.type for historian in site.streams.historians],
            "resolution_ns": history.resolution_ns,
            "exact": history.resolution_ns == 1,
            "keeps_events": history.keeps_events,
        },
        "columns": [
            {"name": name, "type": str(kind), "meaning": meaning}
            for name, (kind, meaning) in MEANINGS.items()
        ],
        "tags": {
            name: {
                "unit": site.tags[name].unit if name in site.tags else None,
                "description": site.tags[name].description if name in site.tags else "",
                "points": count,
            }
            for name, count in counts.items()
        },
        "points": sum(counts.values()),
        "events": events,
        "files": files,
    }
