"""What following an OPC UA server costs the gateway: CPU seconds a value, against plain asyncua.

A server in a process of its own answers every Publish at once with values that it encoded before.
The plain use is what asyncua's documentation shows: a handler with `datachange_notification`, and
`read_values`. Both run in this process, in turns, and only this process' CPU time counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from asyncua.client.client import Client

from benchmarks.opcua_replay import NAMESPACE
from config.devices import OpcUaAddress, OpcUaDevice
from config.tags import Tag
from drivers.api import TagRef
from drivers.opcua.driver import OpcUaDriver

ROUNDS = 3
READ_SIZE, READ_LIMIT = 1000, 3.0
CASES = ((1000, 50.0, 20_000, 600_000), (100, 5.0, 20_000, 100_000), (10, 1.5, 8_000, 16_000))
"""Values a message; the least ratio that must hold; values for plain asyncua and for ours."""


def run() -> Iterator[dict[str, Any]]:
    """Yield one result for each size of message, and one for bulk reads."""
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    with replay() as port:
        for size, limit, plain, ours in CASES:
            plain_s, ours_s = [], []
            for _ in range(ROUNDS):  # side by side, so that a slow moment hits both
                plain_s.append(_measured(_plain(port, size, plain)))
                ours_s.append(_measured(_ours(port, size, ours)))
            yield _result(f"opcua: data changes, {size} a message", plain_s, ours_s, limit)
        plain_s, ours_s = [], []
        for _ in range(ROUNDS):
            plain_s.append(_measured(_plain_reads(port, READ_SIZE, 20)))
            ours_s.append(_measured(_our_reads(port, READ_SIZE, 200)))
        yield _result(f"opcua: reads, {READ_SIZE} nodes a call", plain_s, ours_s, READ_LIMIT)


def _result(bench: str, plain_s: list[float], ours_s: list[float], limit: float | None) -> dict[str, Any]:
    ratio = median(plain_s) / median(ours_s)
    return {
        "bench": f"{bench}, against asyncua",
        "ratio": round(ratio, 1),
        "limit": limit,
        "holds": None if limit is None else ratio >= limit,
        "asyncua_us_per_value": round(1e6 * median(plain_s), 3),
        "cellgate_us_per_value": round(1e6 * median(ours_s), 3),
    }


@contextlib.contextmanager
def replay(*settings: str) -> Iterator[int]:
    """Run the server that answers from memory; give its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.opcua_replay", *settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline().split()[1])
    finally:
        process.kill()
        process.communicate()


def _measured(work: Any) -> float:
    """Run a coroutine that returns (CPU seconds, values); return seconds a value."""
    seconds, values = asyncio.run(work)
    return float(seconds / values)


class _Handler:
    """What a program of a few lines does with a change."""

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}
        self.count = 0

    def datachange_notification(self, node: Any, val: Any, data: Any) -> None:
        self.values[node] = val
        self.count += 1


async def _plain(port: int, size: int, values: int) -> tuple[float, int]:
    async with Client(f"opc.tcp://127.0.0.1:{port}", watchdog_intervall=60) as client:
        handler = _Handler()
        subscription = await client.create_subscription(100, handler)
        await subscription.subscribe_data_change([client.get_node(f"ns=1;i={at + 1}") for at in range(size)])
        while handler.count < size:
            await asyncio.sleep(0.005)
        start, begin = time.process_time(), handler.count
        while handler.count - begin < values:
            await asyncio.sleep(0.005)
        return time.process_time() - start, handler.count - begin


def driver_of(port: int, size: int, **settings: Any) -> OpcUaDriver:
    device = OpcUaDevice(driver="opcua", endpoint=f"opc.tcp://127.0.0.1:{port}", **settings)
    driver = OpcUaDriver("bench", device)
    addresses = [OpcUaAddress(namespace=NAMESPACE, identifier=at + 1) for at in range(size)]
    driver.plan([TagRef(at, f"u/{at}", Tag(device="d", address=each)) for at, each in enumerate(addresses)])
    return driver


async def _ours(port: int, size: int, values: int) -> tuple[float, int]:
    driver = driver_of(port, size)
    await driver.open()
    seen, start, begin = 0, 0.0, 0
    async for columns in driver.subscribe():
        seen += len(columns)
        if not start and seen > 2 * size:
            start, begin = time.process_time(), seen
        if seen - begin >= values:
            break
    seconds = time.process_time() - start
    await driver.close()
    return seconds, seen - begin


async def _plain_reads(port: int, size: int, calls: int) -> tuple[float, int]:
    async with Client(f"opc.tcp://127.0.0.1:{port}", watchdog_intervall=60) as client:
        nodes = [client.get_node(f"ns=1;i={at + 1}") for at in range(size)]
        start = time.process_time()
        for _ in range(calls):
            await client.read_values(nodes)
        return time.process_time() - start, calls * size


async def _our_reads(port: int, size: int, calls: int) -> tuple[float, int]:
    driver = driver_of(port, size, subscribe=False)
    await driver.open()
    tags = range(size)
    start = time.process_time()
    for _ in range(calls):
        await driver.read_back(tags)
    seconds = time.process_time() - start
    await driver.close()
    return seconds, calls * size
