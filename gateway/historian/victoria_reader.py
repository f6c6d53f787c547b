"""Reading back from VictoriaMetrics by its export: what it keeps, in milliseconds and 12 digits.

It has no strings, so texts and contexts are gone; value, quality and status are series of their own
and meet again by name, ordinal and time. Buckets are made here from the points: an export of a tag's
month takes milliseconds, and the server's own rollups look beyond a bucket's edges.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import orjson

from config.streams import InfluxStore as InfluxConfig
from gateway.historian.api import EventFilter, StoreError
from gateway.historian.buckets import Buckets, Grid, Summaries, summarise
from gateway.historian.influx_http import http_pool, request
from gateway.historian.points import NO_SOURCE, StoredPoints, concatenate
from gateway.stream.line_protocol import MEASUREMENT

_MS: Final = 10**6
_SERIES: Final = ("value", "quality", "status")
_LOOK_BACK_S: Final = (60, 3600, 86_400, 30 * 86_400, 3650 * 86_400)
"""How far the newest point is looked for, further each time that a tag is not found."""


class VictoriaReader:
    """Reads one server. One thread at a time."""

    keeps_events = False
    resolution_ns = _MS

    def __init__(self, config: InfluxConfig) -> None:
        self._config = config
        self._http = http_pool(config)

    def tags(self) -> list[str]:
        """Return the names that have points, sorted."""
        fields = {"match[]": f"{MEASUREMENT}_quality", "start": "0"}
        return sorted(orjson.loads(self._get("/api/v1/label/name/values", fields))["data"])

    def raw(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return every point of the tags, by tag and time."""
        return concatenate([StoredPoints.empty(tags), *self._points(tags, from_ns, to_ns)]).ordered()

    def buckets(self, tags: Sequence[str], grid: Grid) -> list[Buckets]:
        """Return what each bucket holds, one result a tag."""
        points = self.raw(tags, grid.start_ns, grid.end_ns)
        each = [points.take(points.tag == number) for number in range(len(tags))]
        return [summarise(grid, [Summaries.of_points(p.source_ns, p.value, p.quality)]) for p in each]

    def last(self, tags: Sequence[str]) -> StoredPoints:
        """Return the newest point of each tag that has one."""
        now_ns, parts, wanted = time.time_ns(), [StoredPoints.empty(tags)], list(tags)
        for look_back_s in _LOOK_BACK_S:
            points = self.raw(wanted, now_ns - look_back_s * 10**9, now_ns + 86_400 * 10**9)
            newest = np.append(points.tag[1:] != points.tag[:-1], [True])
            parts.append(points.take(newest[: len(points)]))
            found = {points.tags[number] for number in points.tag.tolist()}
            wanted = [tag for tag in wanted if tag not in found]
            if not wanted:
                break
        return concatenate(parts).ordered()

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return nothing: this server keeps no strings."""
        del which
        return []

    def close(self) -> None:
        """Let go of the connections."""
        self._http.clear()

    def _points(self, tags: Sequence[str], from_ns: int, to_ns: int) -> list[StoredPoints]:
        """Return the points of each series of quality, with the values and statuses at its times."""
        series: dict[tuple[str, int], dict[str, dict[int, float]]] = {}
        names = "|".join(f"{MEASUREMENT}_{kind}" for kind in _SERIES)
        for tag in tags:
            fields = {
                "match[]": f'{{__name__=~"{names}",name={orjson.dumps(tag).decode()}}}',
                "start": _seconds(from_ns // _MS),
                "end": _seconds((to_ns - 1) // _MS),
            }
            for line in self._get("/api/v1/export", fields).splitlines():
                part = orjson.loads(line)
                labels = part["metric"]
                key = (tag, int(labels.get("ordinal", 0)))
                kind = labels["__name__"].removeprefix(f"{MEASUREMENT}_")
                column = dict(zip(part["timestamps"], part["values"], strict=True))
                series.setdefault(key, {}).setdefault(kind, {}).update(column)
        return [_joined(tag, ordinal, columns) for (tag, ordinal), columns in series.items()]

    def _get(self, path: str, fields: dict[str, str]) -> bytes:
        response = request(self._http, self._config, "GET", path, fields)
        if response.status != 200:
            raise StoreError(f"answer {response.status} from {path}: {response.data[:200]!r}")
        return response.data


def _seconds(time_ms: int) -> str:
    return f"{time_ms / 1000:.3f}"


def _joined(tag: str, ordinal: int, columns: dict[str, dict[int, float]]) -> StoredPoints:
    quality = columns.get("quality", {})
    times = sorted(quality)
    value, status = columns.get("value", {}), columns.get("status", {})
    return StoredPoints.of(
        (tag,),
        tag=np.zeros(len(times)),
        value=np.array([value.get(ms, np.nan) for ms in times], np.float64),
        quality=np.array([quality[ms] for ms in times], np.int64),
        source_ns=np.array(times, np.int64) * _MS,
        status=np.array([status.get(ms, 0) for ms in times], np.int64),
        ordinal=np.full(len(times), ordinal),
        source=np.full(len(times), NO_SOURCE),
    )
