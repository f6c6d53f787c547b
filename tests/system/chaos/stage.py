"""Where chaos takes place: on this machine's loopback, or in networks of their own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.servers.brokers import AnyBroker
from tests.servers.namespace import namespace
from tests.servers.proxy import proxy
from tests.system.chaos.faults import Chaos, Seat


@contextlib.asynccontextmanager
async def stream(folder: Path, broker: AnyBroker, seed: int) -> AsyncIterator[Chaos]:
    """Run the parts on this machine's loopback."""
    async with proxy(broker.port) as to_gateway, proxy(broker.port) as to_historians:
        chaos = Chaos(folder, broker, {"gateway": Seat(to_gateway), "historians": Seat(to_historians)}, seed)
        chaos.place(_streams(chaos.influxd.url, chaos.victoria.url))
        async with chaos.running():
            yield chaos


@contextlib.asynccontextmanager
async def networks(folder: Path, broker: AnyBroker, seed: int) -> AsyncIterator[Chaos]:
    """Run gateway and historians in networks of their own, with cables that can be pulled."""
    async with contextlib.AsyncExitStack() as stack:
        seats = {}
        for number, name in enumerate(("gateway", "historians"), 7):
            network = stack.enter_context(namespace(f"cg{name[:4]}", number))
            seats[name] = Seat(await stack.enter_async_context(proxy(broker.port, network.host)), network)
        chaos, host = Chaos(folder, broker, seats, seed), seats["historians"].link.host
        urls = []
        for database in (chaos.influxd, chaos.victoria):
            passed = await stack.enter_async_context(proxy(database.port, host))
            urls.append(f"http://{host}:{passed.port}")
        chaos.place(_streams(*urls))
        await stack.enter_async_context(chaos.running())
        yield chaos


def _streams(influx_url: str, victoria_url: str) -> dict[str, Any]:
    influx = {"type": "influxdb", "api": "v1", "url": influx_url}
    victoria = {"type": "influxdb", "url": victoria_url, "durable_after": "60 s"}
    stores = {"embedded": {"type": "embedded"}, "influx": influx, "victoria": victoria}
    return {
        "telemetry": {"flush_period": "20 ms", "stall_after": "2 s", "partitions": 3},
        "historians": [{"name": name, "store": store} for name, store in stores.items()],
    }
