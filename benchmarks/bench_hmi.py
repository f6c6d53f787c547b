"""The screens: how long trends take out of the embedded store, a shift's and a month's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from benchmarks.bench_historian import SECOND, _ours, _walk
from config.streams import Historian
from gateway.batch.context import Context
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.incoming import Arrival
from gateway.historian.query import folder_of, open_history
from gateway.hmi.trend_data import BUCKETS
from gateway.stream.line_protocol import Header, encode, prefixes
from gateway.stream.records import Points
from tests.messages import EPOCH, START_NS, topic

_TAGS = 8
_ROUNDS = 10
_STEPS_EACH = 100
"""In a message."""


class _Trend(NamedTuple):
    title: str
    steps: int
    period_s: int
    limit_ms: float


_TRENDS = (
    _Trend("8 hours at 1 s", 8 * 3600, 1, 300.0),
    _Trend("30 days at 10 s", 30 * 8640, 10, 500.0),
)


def run() -> Iterator[dict[str, Any]]:
    """Yield the results: asked as a screen asks, through the query layer, opened anew each time."""
    for trend in _TRENDS:
        with TemporaryDirectory() as name:
            figure = _milliseconds(Path(name), trend)
        yield {
            "bench": f"trend of {_TAGS} tags over {trend.title}, {BUCKETS} buckets, embedded store",
            "figure": round(figure, 1),
            "unit": "ms",
            "limit": trend.limit_ms,
            "holds": figure <= trend.limit_ms,
        }


def _milliseconds(data: Path, trend: _Trend) -> float:
    historian = Historian(name="historian")
    store = EmbeddedStore(folder_of(data, historian.name))
    _ours(data / "filled.sqlite", store, list(_messages(trend)))
    tags = [f"br1/t{number}" for number in range(_TAGS)]
    end_ns = START_NS + trend.steps * trend.period_s * SECOND
    times = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        history = open_history(historian, data)
        buckets = history.buckets(tags, START_NS, end_ns, BUCKETS)
        history.close()
        times.append(time.perf_counter() - began)
        assert all(of.count.sum() == trend.steps for of in buckets)
    return statistics.median(times) * 1e3


def _messages(trend: _Trend) -> Iterator[Arrival]:
    """Yield messages that hold some steps of all tags each."""
    values = _walk(trend.steps, _TAGS)
    beginnings = prefixes([f"br1/t{number}" for number in range(_TAGS)])
    for sequence, start in enumerate(range(0, trend.steps, _STEPS_EACH), start=1):
        part = values[start : start + _STEPS_EACH]
        step = START_NS + np.arange(start, start + len(part), dtype=np.int64) * trend.period_s * SECOND
        zeros = np.zeros(part.size, np.uint32)
        tag = np.tile(np.arange(_TAGS, dtype=np.int32), len(part))
        points = Points(tag, part.ravel(), zeros, np.repeat(step, _TAGS), zeros, zeros)
        header = Header("gw1", 0, EPOCH, sequence, START_NS, "0123456789abcdef")
        payload = encode(header, points, beginnings, Context("c-1", "b-1", "growth"))
        yield Arrival(topic(), payload, START_NS)
