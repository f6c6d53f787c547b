"""The screens: how long a trend of eight tags over eight hours takes out of the embedded store."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.bench_historian import _arrivals, _ours, _walk
from config.streams import Historian
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.query import folder_of, open_history
from tests.messages import START_NS

_TAGS, _SECONDS, _BUCKETS = 8, 8 * 3600, 900
_ROUNDS = 10
_LIMIT_MS = 300.0


def run() -> Iterator[dict[str, Any]]:
    """Yield the result: asked as a screen asks, through the query layer."""
    with TemporaryDirectory() as name:
        data = Path(name)
        historian = Historian(name="historian")
        store = EmbeddedStore(folder_of(data, historian.name))
        _ours(data / "filled.sqlite", store, _arrivals(_walk(_SECONDS, _TAGS)))
        tags = [f"br1/t{number}" for number in range(_TAGS)]
        times = []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            history = open_history(historian, data)
            buckets = history.buckets(tags, START_NS, START_NS + _SECONDS * 10**9, _BUCKETS)
            history.close()
            times.append(time.perf_counter() - began)
            assert len(buckets) == _TAGS
    figure = statistics.median(times) * 1e3
    yield {
        "bench": f"trend of {_TAGS} tags over 8 hours at 1 s, {_BUCKETS} buckets, embedded store",
        "figure": round(figure, 1),
        "unit": "ms",
        "limit": _LIMIT_MS,
        "holds": figure <= _LIMIT_MS,
    }
