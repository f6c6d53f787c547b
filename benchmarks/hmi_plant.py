"""A plant for the screens' benchmark: a broker, the service, and values that change each second."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from config.load import load
from config.site import Site
from gateway.broker import Broker
from gateway.demo.processes import Child, free_port, listens
from gateway.stream import presence, topics
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import Options
from tests.messages import Sample, payload

TAGS = 50
_SITE = """
site: {{ name: bench }}
gateway: {{ name: gw1 }}
hmi: {{ view_without_login: true }}
streams:
  broker: {{ port: {port} }}
  historians: [ {{ name: historian, store: {{ type: embedded }} }} ]
units:
  u:
    area: a
    cell: c
    tags:
{tags}
"""
_TAG = "      t{number}.pv: {{ unit: degC, low: 0, high: 100, description: Temperature {number} }}"


@dataclass
class ScreenPlant:
    """What runs."""

    hmi: Child
    address: str


def _write(folder: Path, port: int) -> Site:
    path = folder / "site.yaml"
    tags = "\n".join(_TAG.format(number=number) for number in range(TAGS))
    path.write_text(_SITE.format(port=port, tags=tags), encoding="utf-8")
    return load(path).site


async def _report(client: MqttClient, site: Site) -> None:
    """Publish as a gateway does: each second every value, all of them other ones, and the health."""
    gateway, sequence = {"site": "bench", "gateway": "gw1"}, 0
    telemetry = str(topics.Telemetry("bench", "a", "c", "u", "gw1", 0))
    online = presence.payload(online=True, since_ns=time.time_ns(), epoch=1, config=site.fingerprint)
    await client.publish(str(topics.State(**gateway)), online, retain=True)
    while True:
        now_ns, sequence = time.time_ns(), sequence + 1
        samples = [Sample(f"u/t{n}.pv", 50 + 40 * math.sin(sequence / 7 + n), now_ns) for n in range(TAGS)]
        await client.publish(telemetry, payload(samples, sequence, epoch=1))
        health = orjson.dumps({"time_ns": now_ns, "journal": {"heads": {}}})
        await client.publish(str(topics.Health(**gateway)), health, retain=True)
        await asyncio.sleep(1.0 - time.time() % 1.0)


@asynccontextmanager
async def screen_plant(folder: Path) -> AsyncIterator[ScreenPlant]:
    """Run it while inside."""
    broker, port = Broker(folder / "broker"), free_port()
    site = _write(folder, broker.port)
    arguments = [sys.executable, "-m", "gateway.cli.main", "hmi", str(folder / "site.yaml")]
    options = ["--data", str(folder), "--port", str(port)]
    hmi = Child("hmi", [*arguments, *options], {}, folder / "hmi.log")
    await broker.start()
    client = MqttClient(Options(site.streams.broker, "bench"))
    tasks = [asyncio.create_task(client.run())]
    try:
        await client.wait_connected()
        tasks.append(asyncio.create_task(_report(client, site)))
        await hmi.start(lambda: listens(port), 120.0)
        yield ScreenPlant(hmi, f"http://127.0.0.1:{port}")
    finally:
        await hmi.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await broker.stop()
