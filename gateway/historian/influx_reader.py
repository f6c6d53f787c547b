"""Reading back from InfluxDB by InfluxQL, which versions 1, 2 and 3 all answer at `/query`.

InfluxDB 2 maps a bucket to the database of the same name by itself (from 2.3 on). Doubles come back
equal to the bit: the server prints the shortest text of each, and a minus zero is watched for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import orjson

from config.streams import InfluxStore as InfluxConfig
from gateway.batch.context import Context
from gateway.historian.api import EventFilter, StoreError
from gateway.historian.buckets import Buckets, Grid
from gateway.historian.influx_http import http_pool, request
from gateway.historian.influx_lines import EVENT_MEASUREMENT
from gateway.historian.points import NO_SOURCE, NO_TEXT, StoredPoints, concatenate
from gateway.stream.line_protocol import MEASUREMENT

_FIELDS: Final = (
    "value", "quality", "status", "text", "integer", "unsigned", "campaign", "batch", "phase",
)  # fmt: skip
_STATISTICS: Final = (
    "count(quality), max(quality), min(value), max(value), mean(value), first(value), last(value)"
)
_NAMES_AT_ONCE: Final = 50
_MINUS_ZERO: Final = re.compile(rb"[\[,]-0[,\]]")


class _Series(NamedTuple):
    """A part of an answer: rows of one group."""

    tags: dict[str, str]
    columns: dict[str, tuple[Any, ...]]


class InfluxReader:
    """Reads one bucket or database. One thread at a time."""

    keeps_events = True
    resolution_ns = 1

    def __init__(self, config: InfluxConfig) -> None:
        self._config = config
        self._http = http_pool(config)

    def tags(self) -> list[str]:
        """Return the names that have points, sorted."""
        series = self._ask(f'SHOW TAG VALUES FROM {MEASUREMENT} WITH KEY = "name"')
        return sorted(name for part in series for name in part.columns["value"])

    def raw(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return every point of the tags, by tag and time; which message they came with is not kept."""
        parts = [StoredPoints.empty(tags)]
        for where in _names(tags):
            parts += self._points(where, f"AND time >= {from_ns} AND time < {to_ns}")
        return concatenate(parts).ordered()

    def buckets(self, tags: Sequence[str], grid: Grid) -> list[Buckets]:
        """Return what each bucket holds, one result a tag."""
        found: dict[str, _Series] = {}
        for where in _names(tags):
            time_range = f"time >= {grid.start_ns} AND time < {grid.end_ns}"
            groups = f'time({grid.width_ns}ns, {grid.start_ns % grid.width_ns}ns), "name" fill(none)'
            query = _select(_STATISTICS, MEASUREMENT, f"({where}) AND {time_range}", f"GROUP BY {groups}")
            found |= {series.tags["name"]: series for series in self._ask(query)}
        return [_buckets(grid, found.get(tag)) for tag in tags]

    def last(self, tags: Sequence[str]) -> StoredPoints:
        """Return the newest point of each tag that has one."""
        parts = [StoredPoints.empty(tags)]
        for where in _names(tags):
            parts += self._points(where, "", "ORDER BY time DESC LIMIT 1")
        points = concatenate(parts).ordered()
        newest = np.append(points.tag[1:] != points.tag[:-1], [True])
        return points.take(newest[: len(points)])

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return events by time, the newest `limit` of them."""
        conditions = [f"time >= {which.from_ns} AND time < {which.to_ns}"]
        for key, wanted in (("type", which.types), ("unit", which.units)):
            if wanted:
                conditions.append(f"({' OR '.join(f'{key} = {_quoted(name)}' for name in sorted(wanted))})")
        newest = f"ORDER BY time DESC LIMIT {which.limit}"
        query = _select("event", EVENT_MEASUREMENT, " AND ".join(conditions), newest)
        bucket = self._config.events_bucket or self._config.bucket
        texts = [text for series in self._ask(query, bucket) for text in series.columns["event"]]
        return [orjson.loads(text) for text in reversed(texts)]

    def close(self) -> None:
        """Let go of the connections."""
        self._http.clear()

    def _points(self, where: str, more: str, order: str = "") -> Iterator[StoredPoints]:
        query = _select(
            ", ".join(_FIELDS), MEASUREMENT, f"({where}) {more}", f'GROUP BY "name", ordinal {order}'
        )
        return map(_points, self._ask(query))

    def _ask(self, query: str, bucket: str | None = None) -> list[_Series]:
        """Return the parts of an answer.

        Raises:
            StoreError: no answer, or an error.
        """
        fields = {"db": bucket or self._config.bucket, "epoch": "ns", "q": query}
        response = request(self._http, self._config, "GET", "/query", fields)
        try:
            document = _parsed(response.data)
        except ValueError as error:
            raise StoreError(f"answer {response.status} to a query, and no JSON") from error
        results = document.get("results", [{}])
        if problem := document.get("error") or results[0].get("error"):
            raise StoreError(f"answer {response.status} to a query: {problem}")
        return [_series(part) for part in results[0].get("series", ())]


def _select(what: str, measurement: str, where: str, tail: str) -> str:
    return " ".join(("SELECT", what, "FROM", measurement, "WHERE", where, tail))


def _parsed(body: bytes) -> Any:
    """Return a JSON document whose -0 is a double, as the server means it."""
    if _MINUS_ZERO.search(body):
        return json.loads(body, parse_int=lambda text: -0.0 if text == "-0" else int(text))
    return orjson.loads(body)


def _series(part: dict[str, Any]) -> _Series:
    columns = zip(*part["values"], strict=True)
    return _Series(part.get("tags", {}), dict(zip(part["columns"], columns, strict=True)))


def _points(series: _Series) -> StoredPoints:
    columns = series.columns
    count = len(columns["time"])
    contexts: dict[Context, int] = {Context(): 0}
    context = [
        contexts.setdefault(Context(*(name or "" for name in names)), len(contexts))
        for names in zip(columns["campaign"], columns["batch"], columns["phase"], strict=True)
    ]
    text = np.full(count, NO_TEXT)
    texts: list[str | int] = []
    for row, (string, integer, unsigned) in enumerate(
        zip(columns["text"], columns["integer"], columns["unsigned"], strict=True)
    ):
        value = string if string is not None else integer if integer is not None else unsigned
        if value is not None:
            text[row] = len(texts)
            texts.append(value if string is not None else int(value))
    return StoredPoints.of(
        (series.tags["name"],),
        contexts=tuple(contexts),
        texts=texts,
        tag=np.zeros(count),
        value=np.array(columns["value"], np.float64),
        quality=np.array(columns["quality"], np.int64),
        source_ns=np.array(columns["time"], np.int64),
        status=np.array([status or 0 for status in columns["status"]], np.int64),
        ordinal=np.full(count, int(series.tags["ordinal"] or 0)),
        source=np.full(count, NO_SOURCE),
        context=np.array(context),
        text=text,
    )


def _buckets(grid: Grid, series: _Series | None) -> Buckets:
    names = ("count", "quality", "least", "greatest", "mean", "first", "last")
    columns: dict[str, Any] = {name: np.full(grid.count, np.nan) for name in names[2:]}
    columns["count"] = np.zeros(grid.count, np.int64)
    columns["quality"] = np.zeros(grid.count, np.uint32)
    if series is not None:
        time, *answers = series.columns.values()
        bucket = grid.bucket_of(np.array(time, np.int64))
        for name, answer in zip(names, answers, strict=True):
            columns[name][bucket] = np.array(answer, np.float64)
    return Buckets(grid, **columns)


def _names(tags: Sequence[str]) -> Iterator[str]:
    """Return conditions on the name, a number of tags in each."""
    for start in range(0, len(tags), _NAMES_AT_ONCE):
        yield " OR ".join(f'"name" = {_quoted(tag)}' for tag in tags[start : start + _NAMES_AT_ONCE])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"
