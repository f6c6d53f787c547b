"""The whole path of the stream: from a journal on the disk through a broker into a store, everything there.

Ours: a gateway's journal that was filled while there was no broker is forwarded through the embedded broker
to a historian in a process of its own, which commits and stores it; the store is then compared with the
journal, point by point. The naive way beside it: paho publishes JSON with one object a point, paho takes it,
and influxdb-client writes one `Point` for each; nothing is kept on disk, nothing is compared. CPU seconds are
those of gateway and historian, or of publisher and subscriber; broker and database have theirs besides.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
import paho.mqtt.client as paho
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import SYNCHRONOUS
from paho.mqtt.enums import CallbackAPIVersion

from config.broker import Broker as Address
from gateway.broker import Broker
from gateway.kernels.ready import prepare_writing
from gateway.process import settle_memory
from gateway.stream import topics
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import Options
from tests.servers.databases import Database, Influxd, Victoria
from tests.servers.works import Works, until

UNITS, TAGS, STEPS = 5, 1000, 480
"""Each step is a message of 1000 points for each unit: 2.4 million points."""
NAIVE_MESSAGES = 30
LATENCY_S = 8.0
_new: Any = Point  # it has no annotations
_AGAINST_NAIVE = 20.0
_AIMS = {"embedded": 500_000, "influxd": 100_000, "VictoriaMetrics": 300_000}


def run() -> Iterator[dict[str, Any]]:
    """Yield the results."""
    prepare_writing()
    settle_memory()  # as every service does, to the advantage of the naive way, too
    with TemporaryDirectory(dir=Path.cwd()) as name:
        rates = {}
        for store, aim in _AIMS.items():
            result = asyncio.run(_sustained(Path(name) / store, store))
            rates[store] = result.pop("points_per_cpu_s")
            yield {
                "bench": f"points per second from journal to {store}, all of it there",
                "figure": result["points_per_s"],
                "limit": aim,
                "holds": result["points_per_s"] >= aim and result["lost"] == result["doubled"] == 0,
                **result,
                "points_per_cpu_s": rates[store],
            }
        naive = asyncio.run(_naive(Path(name) / "naive"))
        for store in ("VictoriaMetrics", "embedded"):
            ratio = rates[store] / naive
            yield {
                "bench": f"points per CPU second from journal to {store}, against paho, JSON and Points",
                "ratio": round(ratio, 1),
                "limit": _AGAINST_NAIVE,
                "holds": ratio >= _AGAINST_NAIVE,
                "points_per_cpu_s": rates[store],
                "naive_points_per_cpu_s": round(naive),
            }
        yield from asyncio.run(_latency(Path(name) / "latency"))


def _server(store: str, folder: Path) -> tuple[Database | None, dict[str, Any]]:
    """Return a database and the configuration of a store in it."""
    if store == "embedded":
        return None, {"type": "embedded"}
    if store == "influxd":
        influxd = Influxd(folder / "server")
        return influxd, {"type": "influxdb", "api": "v1", "url": influxd.url, "max_points": 20_000}
    victoria = Victoria(folder / "server")
    return victoria, {"type": "influxdb", "url": victoria.url, "durable_after": "60 s", "max_points": 50_000}


async def _sustained(folder: Path, store: str) -> dict[str, Any]:
    """Forward a full journal, and return how fast it was in the store and what it took."""
    server, config = _server(store, folder)
    broker = Broker(folder / "broker")
    historians = [{"name": "historian", "store": config}]
    works = Works(folder / "data", broker.port, {"historians": historians}, units=UNITS, tags=TAGS)
    historian = works.historian()
    if server is not None:
        await server.start()
    await broker.start()
    await historian.start(lambda: b"connected to the broker" in historian.log.read_bytes())
    await broker.kill()  # it knows the historian's subscription; the journal fills without a broker
    try:
        async with works.streaming():
            await _fill(works)
            before_s, began = time.process_time() + historian.cpu_s(), time.perf_counter()
            await broker.start()
            await works.confirmed(300.0)
            ours_s = time.process_time()
        assert await historian.stop(120.0) == 0, historian.tail()
        took_s = time.perf_counter() - began
        match = re.search(r"^cpu_s (\S+)", historian.log.read_text(), re.MULTILINE)
        assert match is not None
        cpu_s = ours_s + float(match[1]) - before_s
        if isinstance(server, Victoria):
            server.flush()
        verdict = await asyncio.to_thread(works.verdict)
    finally:
        await historian.kill()
        await broker.kill()
        if server is not None:
            await server.kill()
    return {
        "points_per_s": round(verdict.journalled / took_s),
        "points_per_cpu_s": round(verdict.journalled / cpu_s),
        "points": verdict.journalled,
        "lost": verdict.missing + verdict.altered,
        "doubled": verdict.doubled,
    }


async def _fill(works: Works) -> None:
    """Report values with three decimals, and wait until the journal has them."""
    for _ in range(STEPS):
        rows = works.plain_rows()
        rows["value"] = np.round(rows["value"] + 37, 3)
        works.push(rows)
        await asyncio.sleep(0.01)
    await until(lambda: works.journalled, 120.0, "everything is journalled")


async def _naive(folder: Path) -> float:
    """Return points per CPU second of publisher and subscriber, both in this process."""
    server, broker = Victoria(folder / "server"), Broker(folder / "broker")
    await server.start()
    await broker.start()
    try:
        return await asyncio.to_thread(_naive_rate, server.url, broker.port)
    finally:
        await broker.kill()
        await server.kill()


def _naive_rate(url: str, port: int) -> float:
    values = np.round(np.random.default_rng(1).normal(37, 1, (NAIVE_MESSAGES, TAGS)), 3)
    left = threading.Semaphore(0)
    context = {"campaign": "c-1", "batch": "b-1", "phase": "growth"}

    def store(_client: object, _data: object, message: paho.MQTTMessage) -> None:
        batch = [
            _new("cellgate")
            .tag("name", item["name"])
            .field("value", item["value"])
            .field("quality", item["quality"])
            .field("campaign", item["campaign"])
            .field("batch", item["batch"])
            .field("phase", item["phase"])
            .time(item["time"])
            for item in json.loads(message.payload)
        ]
        writer.write("naive", record=batch)
        left.release()

    subscriber = paho.Client(CallbackAPIVersion.VERSION2, client_id="subscriber")
    publisher = paho.Client(CallbackAPIVersion.VERSION2, client_id="publisher")
    subscribed = threading.Event()
    subscriber.on_message, subscriber.on_subscribe = store, lambda *_: subscribed.set()
    with InfluxDBClient(url, token="", org="o") as database:
        writer = database.write_api(write_options=SYNCHRONOUS)
        for client in (subscriber, publisher):
            client.connect("127.0.0.1", port)
            client.loop_start()
        subscriber.subscribe("values", qos=1)
        assert subscribed.wait(10.0)
        before_s = time.process_time()
        for step, row in enumerate(values.tolist()):
            time_ns = 1_700_000_000_000_000_000 + step * 10**9
            items = [
                {"name": f"u0/m{number}.pv", "value": value, "quality": 0, "time": time_ns, **context}
                for number, value in enumerate(row)
            ]
            publisher.publish("values", json.dumps(items), qos=1)
        for _ in values:
            assert left.acquire(timeout=60.0)
        cpu_s = time.process_time() - before_s
        writer.close()
        for client in (subscriber, publisher):
            client.disconnect()
            client.loop_stop()
    return values.size / cpu_s


async def _latency(folder: Path) -> list[dict[str, Any]]:
    """Return how old a report is when a subscriber has it, and when it is stored for good."""
    broker = Broker(folder / "broker")
    await broker.start()
    works = Works(folder / "data", broker.port, {"telemetry": {"flush_period": "50 ms"}})
    historian = works.historian()
    await historian.start(lambda: b"connected to the broker" in historian.log.read_bytes())
    seen_s: list[float] = []
    stored_s: list[float] = []
    waiting: dict[int, int] = {}
    reported = re.compile(rb"cellgate,name=u0/m0[.]pv [^\n]* (\d+)\n")
    sequence = re.compile(rb",sequence=(\d+)i")

    def on_telemetry(message: Inbound) -> None:
        found, number = reported.search(message.payload), sequence.search(message.payload)
        if found and number:
            waiting[int(number[1])] = int(found[1])
            seen_s.append((time.time_ns() - int(found[1])) / 1e9)

    def on_watermark(message: Inbound) -> None:
        upto = int(orjson.loads(message.payload)["sequence"])
        for number in [number for number in waiting if number <= upto]:
            stored_s.append((time.time_ns() - waiting.pop(number)) / 1e9)

    client = MqttClient(Options(Address(port=broker.port), "watcher"))
    client.subscribe(topics.Telemetry.pattern(site="works", unit="u0"), on_telemetry)
    client.subscribe(topics.Watermark.pattern(site="works"), on_watermark)
    watching = asyncio.create_task(client.run())
    try:
        await client.wait_connected()
        async with works.streaming():
            deadline = time.monotonic() + LATENCY_S
            while time.monotonic() < deadline:
                rows = works.plain_rows()
                rows["source_ns"] = time.time_ns()
                works.push(rows)
                await asyncio.sleep(0.02)
            await works.confirmed()
            await asyncio.sleep(0.5)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await historian.kill()
        await broker.kill()
    return [
        _quantiles("report to subscriber, with messages closed after 50 ms", seen_s, 0.25),
        _quantiles(
            "report to the historian's disk (readable there), and its watermark published", stored_s, 0.6
        ),
    ]


def _quantiles(what: str, times_s: list[float], limit_s: float) -> dict[str, Any]:
    p50, p99 = np.quantile(times_s, (0.5, 0.99))
    return {
        "bench": f"latency p50: {what}",
        "figure": round(float(p50) * 1e3, 1),
        "unit": "ms",
        "limit": limit_s * 1e3,
        "holds": bool(p50 <= limit_s),
        "p99_ms": round(float(p99) * 1e3, 1),
        "reports": len(times_s),
    }
