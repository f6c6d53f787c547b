"""What an InfluxDB server is told once: buckets with their retention, tasks that make points coarser. Pure.

Texts for whoever runs the server: InfluxQL for version 1 (continuous queries), commands and Flux tasks for
version 2. A trend has, of each stretch of each tag, what a bucket of ours has: count, least, greatest, mean,
first and last value and the worst quality, so no spike disappears and nothing looks better than it was.
Each run goes over the last stretches again, so late points are in it as long as they are not too late.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from config.quantities import duration_text
from config.streams import InfluxStore, InfluxTrend
from gateway.historian.influx_http import identifier
from gateway.stream.line_protocol import MEASUREMENT

_AGAIN: Final = 60
"""Stretches that each run makes anew."""
_STATISTICS: Final = {
    "count": ("count", "quality"),
    "quality": ("max", "quality"),
    "least": ("min", "value"),
    "greatest": ("max", "value"),
    "mean": ("mean", "value"),
    "first": ("first", "value"),
    "last": ("last", "value"),
}
"""Field of a trend: which function of which field of the points."""


def setup_files(store: InfluxStore) -> dict[str, str]:
    """Return file names and texts that set a server up for a store.

    Raises:
        ValueError: a trend's stretch is no whole number of seconds.
    """
    for trend in store.trends:
        if trend.every < 1 or trend.every % 1:
            raise ValueError(f"a trend every {duration_text(trend.every)}: whole seconds are needed")
    if store.api == "v1":
        return {"setup.influxql": "\n".join(influxql(store)) + "\n"}
    tasks = {f"{_name(store, trend)}.flux": flux(store, trend) for trend in store.trends}
    return {"setup.sh": "\n".join(_commands(store, list(tasks))) + "\n", **tasks}


def influxql(store: InfluxStore) -> Iterator[str]:
    """Yield the statements for InfluxDB 1, one a line; running them again does no harm."""
    for bucket, kept_s in buckets(store).items():
        name = identifier(bucket)
        yield f"CREATE DATABASE {name}"
        yield f'ALTER RETENTION POLICY "autogen" ON {name} DURATION {_length(kept_s, "INF")} DEFAULT'
    for trend in store.trends:
        query, on = identifier(_name(store, trend)), identifier(store.bucket)
        yield f"DROP CONTINUOUS QUERY {query} ON {on}"
        again = f"RESAMPLE FOR {_AGAIN * int(trend.every)}s"
        yield f"CREATE CONTINUOUS QUERY {query} ON {on} {again} BEGIN {downsampling(store, trend)} END"


def downsampling(store: InfluxStore, trend: InfluxTrend, where: str = "") -> str:
    """Return the statement that makes a trend; `where`: of which times, to fill in what was before."""
    columns = ", ".join(f"{function}({field}) AS {name}" for name, (function, field) in _STATISTICS.items())
    into = f'{identifier(trend.bucket)}."autogen".{identifier(MEASUREMENT)}'
    origin = f'{identifier(store.bucket)}."autogen".{identifier(MEASUREMENT)}'
    when = f" WHERE {where}" if where else ""
    group = f'GROUP BY time({int(trend.every)}s), "name"'
    return " ".join(("SELECT", columns, "INTO", into, "FROM", f"{origin}{when}", group))


def flux(store: InfluxStore, trend: InfluxTrend) -> str:
    """Return the task of InfluxDB 2 that makes a trend."""
    every = int(trend.every)
    lines = [
        f'option task = {{name: "{_name(store, trend)}", every: {every}s, offset: {max(1, every // 10)}s}}',
        "",
        "points = (field) =>",
        f"    from(bucket: {_quoted(store.bucket)})",
        f"        |> range(start: -{_AGAIN * every}s)",
        f'        |> filter(fn: (r) => r._measurement == "{MEASUREMENT}" and r._field == field)',
        '        |> group(columns: ["_measurement", "name", "_field"])',
        '        |> sort(columns: ["_time"])',
        "",
        "kept = (tables=<-, field) =>",
        "    tables",
        '        |> set(key: "_field", value: field)',
        f"        |> to(bucket: {_quoted(trend.bucket)}, org: {_quoted(store.org)})",
    ]
    for name, (function, field) in _STATISTICS.items():
        window = f'every: {every}s, fn: {function}, createEmpty: false, timeSrc: "_start"'
        lines += [
            "",
            f'points(field: "{field}")',
            f"    |> aggregateWindow({window})",
            f'    |> kept(field: "{name}")',
        ]
    return "\n".join(lines) + "\n"


def buckets(store: InfluxStore) -> dict[str, float | None]:
    """Return every bucket with the seconds it keeps; none is for ever."""
    kept: dict[str, float | None] = {store.bucket: store.retention.points}
    if store.events_bucket is not None:
        kept[store.events_bucket] = store.retention.events
    return kept | {trend.bucket: trend.retention for trend in store.trends}


def _commands(store: InfluxStore, tasks: list[str]) -> Iterator[str]:
    """Yield the commands for InfluxDB 2's own tool."""
    yield "#!/bin/sh"
    yield "# Buckets and tasks. `influx config` says to which server and with which token."
    yield "set -eu"
    for bucket, kept_s in buckets(store).items():
        kept = _length(kept_s, "0")
        yield f"influx bucket create --org {_shell(store.org)} --name {_shell(bucket)} --retention {kept}"
    for task in tasks:
        yield f"influx task create --org {_shell(store.org)} --file {_shell(task)}"


def _name(store: InfluxStore, trend: InfluxTrend) -> str:
    return f"{store.bucket}-every-{int(trend.every)}s"


def _length(seconds: float | None, forever: str) -> str:
    return forever if seconds is None else f"{max(3600, math.ceil(seconds))}s"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
