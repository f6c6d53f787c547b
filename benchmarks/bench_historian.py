"""The historian: from a message's bytes to the disk and the store, and back to a chart.

Ours commits each message to the hot table (synced), with its watermark, and then writes it to the
store. The naive way beside it is what many scripts do: JSON with one object a point, one influxdb-client
`Point` for each, written synchronously; it commits nothing. Both write to the same VictoriaMetrics.
Only this process's CPU time counts, not the database's.
"""

from __future__ import annotations

import asyncio
import functools
import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import SYNCHRONOUS

from config.streams import InfluxStore as InfluxConfig
from gateway.batch.context import Context
from gateway.historian.api import Store
from gateway.historian.buckets import Grid
from gateway.historian.drain import Drain
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.embedded_reader import EmbeddedReader
from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.incoming import Arrival
from gateway.historian.influx import InfluxStore
from gateway.stream.line_protocol import Header, encode, prefixes
from gateway.stream.records import Points
from tests.messages import EPOCH, START_NS, topic
from tests.servers.databases import Victoria

ROUNDS = 3
TAGS = 500
STEPS = 200
"""Messages, each with one point of every tag."""
SECOND = 10**9
HOUR = 3600
HOUR_TAGS = 60
COMMIT = 16
"""Messages in one commit."""


def run() -> Iterator[dict[str, Any]]:
    """Yield the results."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        yield from asyncio.run(_throughput(folder))
        yield from _queries(folder)


async def _throughput(folder: Path) -> list[dict[str, Any]]:
    server = Victoria(folder / "victoria")
    await server.start()
    try:
        return list(_compared(folder, InfluxConfig(type="influxdb", url=server.url)))
    finally:
        await server.kill()


def _compared(folder: Path, database: InfluxConfig) -> Iterator[dict[str, Any]]:
    values = _walk(STEPS, TAGS)
    arrivals, documents = _arrivals(values), _documents(values)
    rates: dict[str, list[float]] = {"naive": [], "embedded": [], "lines": []}
    for number in range(ROUNDS):  # side by side, so that a slow moment hits all
        rates["naive"].append(_rate(functools.partial(_naive, documents, database)))
        stores: dict[str, Store] = {
            "embedded": EmbeddedStore(folder / f"store-{number}"),
            "lines": InfluxStore(database),
        }
        for name, store in stores.items():
            path = folder / f"{name}-{number}.sqlite"
            rates[name].append(_rate(functools.partial(_ours, path, store, arrivals)))
    best = {name: max(values) for name, values in rates.items()}
    for name, limit in (("embedded", 5.0), ("lines", 10.0)):
        ratio = statistics.median(o / n for o, n in zip(rates[name], rates["naive"], strict=True))
        yield {
            "bench": f"historian points per CPU second into {_STORES[name]}, against JSON and Points",
            "ratio": round(ratio, 1),
            "limit": limit,
            "holds": ratio >= limit,
            "points_per_cpu_s": round(best[name]),
            "naive_points_per_cpu_s": round(best["naive"]),
        }


_STORES = {"embedded": "the embedded store", "lines": "VictoriaMetrics"}


def _queries(folder: Path) -> Iterator[dict[str, Any]]:
    """Compare with rows in SQLite, clustered for this question: (tag, time) as the primary key."""
    values = _walk(HOUR, HOUR_TAGS)
    store = EmbeddedStore(folder / "hour")
    arrivals = _arrivals(values)
    _ours(folder / "hour.sqlite", store, arrivals)
    size = sum(path.stat().st_size for path in (folder / "hour").glob("store-*.sqlite"))
    points = HOUR * HOUR_TAGS
    yield {
        "bench": "embedded store bytes per point (3 decimals, jittered milliseconds)",
        "figure": round(size / points, 2),
        "limit": 4.0,
        "holds": size / points <= 4.0,
    }
    database = _rows(folder / "rows.sqlite", values)
    reader = EmbeddedReader(folder / "hour")
    grid = Grid.over(START_NS, START_NS + HOUR * SECOND, 1000)
    ours = _times(lambda: reader.buckets(["br1/t7"], grid))
    theirs = _times(lambda: database.execute(_ROWS_QUERY, (7, grid.start_ns, grid.end_ns)).fetchall())
    reader.close()
    database.close()
    ratio = statistics.median(theirs) / statistics.median(ours)
    yield {
        "bench": "an hour of one tag at 1 s in 1000 buckets, against rows in SQLite",
        "ratio": round(ratio, 2),
        "limit": 1.5,
        "holds": ratio >= 1.5,
        "milliseconds": round(statistics.median(ours) * 1e3, 2),
        "rows_bytes_per_point": round((folder / "rows.sqlite").stat().st_size / points, 1),
    }


def _ours(path: Path, store: Store, arrivals: Sequence[Arrival]) -> int:
    hot = HotTable(path, "historian", "")
    drain = Drain(HotQueue(path, store.name), store)
    points = 0
    for start in range(0, len(arrivals), COMMIT):
        points += hot.commit(arrivals[start : start + COMMIT]).points
        drain.step(START_NS, START_NS / SECOND)
    while drain.step(START_NS, START_NS / SECOND, flush=True) == 0:
        pass
    assert hot.depth() == 0
    drain.close()
    hot.close()
    return points


def _naive(documents: Sequence[bytes], database: InfluxConfig) -> int:
    points = 0
    new: Any = Point  # its methods have no annotations
    with (
        InfluxDBClient(database.url, token="", org=database.org) as client,
        client.write_api(write_options=SYNCHRONOUS) as writer,
    ):
        for document in documents:
            batch = [
                new("cellgate")
                .tag("name", item["name"])
                .field("value", item["value"])
                .field("quality", item["quality"])
                .time(item["time"])
                for item in json.loads(document)
            ]
            writer.write(database.bucket, record=batch)
            points += len(batch)
    return points


def _rate(work: Callable[[], int]) -> float:
    before = time.process_time()
    points = work()
    return points / (time.process_time() - before)


def _times(work: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(30):
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    return times


def _walk(steps: int, tags: int) -> npt.NDArray[np.float64]:
    random = np.random.default_rng(1)
    return np.round(37 + np.cumsum(random.normal(scale=0.05, size=(steps, tags)), axis=0), 3)


def _stamps(step: int, tags: int) -> npt.NDArray[np.int64]:
    jitter_ms = np.random.default_rng(step).integers(0, 20)
    return np.full(tags, START_NS + step * SECOND + int(jitter_ms) * 10**6)


def _arrivals(values: npt.NDArray[np.float64]) -> list[Arrival]:
    tags = values.shape[1]
    beginnings = prefixes([f"br1/t{number}" for number in range(tags)])
    zeros = np.zeros(tags, np.uint32)
    arrivals = []
    for step, row in enumerate(values):
        points = Points(np.arange(tags, dtype=np.int32), row, zeros, _stamps(step, tags), zeros, zeros)
        header = Header("gw1", 0, EPOCH, step + 1, START_NS, "0123456789abcdef")
        payload = encode(header, points, beginnings, Context("c-1", "b-1", "growth"))
        arrivals.append(Arrival(topic(), payload, START_NS))
    return arrivals


def _documents(values: npt.NDArray[np.float64]) -> list[bytes]:
    documents = []
    for step, row in enumerate(values):
        stamps = _stamps(step, len(row)).tolist()
        items = [
            {"name": f"br1/t{number}", "value": value, "quality": 0, "time": stamps[number]}
            for number, value in enumerate(row.tolist())
        ]
        documents.append(json.dumps(items).encode())
    return documents


_ROWS_QUERY = """
SELECT (ts - ?2) / 3600000000, count(*), min(value), max(value), avg(value), max(quality)
FROM point WHERE tag = ?1 AND ts >= ?2 AND ts < ?3 GROUP BY 1
"""


def _rows(path: Path, values: npt.NDArray[np.float64]) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.execute(
        "CREATE TABLE point (tag INTEGER, ts INTEGER, value REAL, quality INTEGER, PRIMARY KEY (tag, ts)) "
        "WITHOUT ROWID"
    )
    stamps = [int(_stamps(step, 1)[0]) for step in range(len(values))]
    for tag in range(values.shape[1]):
        rows = zip([tag] * len(values), stamps, values[:, tag].tolist(), [0] * len(values), strict=True)
        database.executemany("INSERT INTO point VALUES (?, ?, ?, ?)", rows)
    database.commit()
    return database
