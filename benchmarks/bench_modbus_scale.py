"""Modbus at size: fifty devices at once, how long a read takes, and what a tag and a change cost.

The lines are least-squares fits through the cheapest of several rounds at each size; `r2` says how
straight they are. A Modbus device is read whole each period, so changes cost its driver nothing.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import uvloop
from pymodbus.client import AsyncModbusTcpClient

from benchmarks.bench_drivers import REGISTERS, VALUES, cycle, tags
from config.devices import ModbusDevice
from drivers.modbus.driver import ModbusDriver
from gateway.demo.processes import free_port
from tests.servers import libmodbus
from tests.servers.process import ServerProcess

DEVICES = 50
READS = 60
ROUNDS = 5
SIZES = (62, 124, 248, 496, 992)
CHANGED = (0, 124, 248, 372, 496)
STRAIGHT = 0.95


def run() -> Iterator[dict[str, Any]]:
    """Yield the results."""
    port = free_port()
    server = libmodbus.server(port)
    server.start()
    try:
        _set(server, np.arange(SIZES[-1], dtype=float))
        server.command("spin 1")
        yield _fifty(port)
        yield _cost_of_tags(port)
        yield _cost_of_changes(port, server)
    finally:
        server.kill()


def _set(server: ServerProcess, values: Any) -> None:
    """Let the server hold floats from register 0 on; a command takes a limited number of words."""
    words = struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values))
    for at in range(0, len(words), REGISTERS):
        server.command(f"set h {at} {' '.join(map(str, words[at : at + REGISTERS]))}")


def _driver(port: int, count: int) -> ModbusDriver:
    device = ModbusDevice(
        driver="modbus", host="127.0.0.1", port=port, max_registers=REGISTERS, max_outstanding=8
    )
    driver = ModbusDriver("bench", device)
    driver.plan(tags(count))
    return driver


def _fifty(port: int) -> dict[str, Any]:
    pairs = [(asyncio.run(_fifty_plain(port)), uvloop.run(_fifty_ours(port))) for _ in range(ROUNDS)]
    plain, ours = (min(sides) for sides in zip(*pairs, strict=True))
    ratio = plain[0] / ours[0]
    return {
        "bench": f"modbus, {DEVICES} devices at once, 62 floats each",
        "against": "pymodbus: read_holding_registers and convert_from_registers, its CPU time",
        "ratio": round(ratio, 2),
        "limit": 2.0,
        "holds": ratio >= 2.0,
        "us_per_read": round(ours[0] * 1e6, 1),
        "latency_ms_p50": round(ours[1], 2),
        "latency_ms_p99": round(ours[2], 2),
        "latency_ms_p50_against": round(plain[1], 2),
        "latency_ms_p99_against": round(plain[2], 2),
    }


Timing = tuple[float, float, float]
"""CPU seconds a read, and its median and 99th percentile latency in ms."""


async def _fifty_ours(port: int) -> Timing:
    drivers = [_driver(port, VALUES) for _ in range(DEVICES)]
    await asyncio.gather(*(driver.open() for driver in drivers))

    async def read(driver: ModbusDriver) -> list[float]:
        took = []
        for _ in range(READS):
            began = time.perf_counter()
            assert (await cycle(driver)).size == VALUES
            took.append(time.perf_counter() - began)
        return took

    began = time.process_time()
    took = await asyncio.gather(*map(read, drivers))
    cpu_s = time.process_time() - began
    await asyncio.gather(*(driver.close() for driver in drivers))
    return _timing(cpu_s, took)


async def _fifty_plain(port: int) -> Timing:
    clients = [AsyncModbusTcpClient("127.0.0.1", port=port) for _ in range(DEVICES)]
    await asyncio.gather(*(client.connect() for client in clients))

    async def read(client: AsyncModbusTcpClient) -> list[float]:
        took = []
        for _ in range(READS):
            began = time.perf_counter()
            answer = await client.read_holding_registers(0, count=REGISTERS, device_id=1)
            values: Any = client.convert_from_registers(answer.registers, client.DATATYPE.FLOAT32)
            assert len(values) == VALUES
            took.append(time.perf_counter() - began)
        return took

    began = time.process_time()
    took = await asyncio.gather(*map(read, clients))
    cpu_s = time.process_time() - began
    for client in clients:
        client.close()
    return _timing(cpu_s, took)


def _timing(cpu_s: float, took: list[list[float]]) -> Timing:
    every = np.concatenate([np.array(each) for each in took]) * 1e3
    return cpu_s / every.size, float(np.percentile(every, 50)), float(np.percentile(every, 99))


def _cost_of_tags(port: int) -> dict[str, Any]:
    async def cost_us(count: int) -> float:
        driver = _driver(port, count)
        await driver.open()
        await cycle(driver)
        best = float("inf")
        for _ in range(ROUNDS):
            began = time.process_time()
            for _ in range(READS):
                assert (await cycle(driver)).size == count
            best = min(best, (time.process_time() - began) / READS * 1e6)
        await driver.close()
        return best

    return {"bench": "modbus CPU of a cycle against its tags", **_line(SIZES, _costs(cost_us, SIZES), "tag")}


def _cost_of_changes(port: int, server: ServerProcess) -> dict[str, Any]:
    count = CHANGED[-1]
    values = np.arange(count, dtype=float)

    async def costs_us() -> list[float]:
        """All amounts of change in turn, so that a slow moment hits each."""
        driver = _driver(port, count)
        await driver.open()
        best = dict.fromkeys(CHANGED, float("inf"))
        for _ in range(2 * READS):
            for changed in CHANGED:
                values[:changed] += 1
                _set(server, values)
                began = time.process_time()
                read = await cycle(driver)
                best[changed] = min(best[changed], (time.process_time() - began) * 1e6)
                assert read.tolist() == values.tolist()
        await driver.close()
        return list(best.values())

    costs = uvloop.run(costs_us())
    spread = max(costs) / min(costs)
    line = _line(CHANGED, costs, "change")
    return {
        "bench": "modbus CPU of a cycle of 496 tags against its changes, dearest over cheapest",
        **line,
        "ratio": round(spread, 2),
        "limit": 1.5,
        "holds": spread <= 1.5,
    }


def _costs(cost_us: Any, sizes: tuple[int, ...]) -> list[float]:
    rounds = [[uvloop.run(cost_us(size)) for size in sizes] for _ in range(2)]
    return [min(costs) for costs in zip(*rounds, strict=True)]


def _line(sizes: tuple[int, ...], costs: list[float], of: str) -> dict[str, Any]:
    slope, base = np.polyfit(sizes, costs, 1)
    r2 = np.corrcoef(sizes, costs)[0, 1] ** 2
    return {
        "figure": f"{base:.0f} us + {slope * 1000:.1f} ns a {of}",
        "us": [round(cost) for cost in costs],
        "at": list(sizes),
        "r2": round(float(r2), 3),
        "limit": STRAIGHT,
        "holds": bool(r2 >= STRAIGHT),
    }
