"""Modbus reads per CPU second of the client, beside plain pymodbus and libmodbus in C, same server.

All read the same registers over ten connections and have them as floats in the end; ours has quality,
source time and status of each too. Only the client's CPU time counts. The server is libmodbus in a
process of its own, and polls, because waking a sleeping process costs the one that wakes it more than
the request. One request is under way on each connection, or eight for the profile that pipelines.
"""

from __future__ import annotations

import asyncio
import struct
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import uvloop
from pymodbus.client import AsyncModbusTcpClient

from config.devices import ModbusDevice
from config.tags import Tag
from drivers.api import TagRef
from drivers.modbus.driver import ModbusDriver
from gateway.demo.processes import free_port
from tests.servers import libmodbus

CONNECTIONS = 10
VALUES = 62
REGISTERS = 2 * VALUES
ROUNDS = 7
READS = 480
"""Reads of each connection in a round."""
MOST_BLOCKS = 8
AT_ONCE = 1e-9
"""A period that is always over."""


@dataclass(frozen=True)
class Shape:
    """What one device is read for in a cycle, and how."""

    name: str
    blocks: int
    outstanding: int
    over_plain: float
    """At least so many times the rate of plain pymodbus."""


SHAPES = (
    Shape("496 floats in 8 reads, one under way", 8, 1, 3.0),
    Shape("496 floats in 8 reads, profile that pipelines", 8, 8, 10.0),
    Shape("62 floats in 1 read", 1, 1, 2.0),
)
OVER_C = 2.0
"""At most so many times the CPU time of libmodbus in C, pipelined."""


def run() -> Iterator[dict[str, Any]]:
    """Yield the results."""
    port = free_port()
    server = libmodbus.server(port)
    server.start()
    try:
        for block in range(MOST_BLOCKS):
            words = struct.unpack(f">{REGISTERS}H", struct.pack(f">{VALUES}f", *wanted(block)))
            server.command(f"set h {block * REGISTERS} {' '.join(map(str, words))}")
        server.command("spin 1")
        for shape in SHAPES:
            yield from _rate(port, shape)
        yield from _requests_saved(port)
    finally:
        server.kill()


def wanted(block: int) -> list[float]:
    """Return the floats of a block."""
    return [struct.unpack(">f", struct.pack(">f", 20.0 + block + n / 7))[0] for n in range(VALUES)]


def _rate(port: int, shape: Shape) -> Iterator[dict[str, Any]]:
    plain, ours, ours_asyncio, in_c = [], [], [], []
    for _ in range(ROUNDS):  # side by side, so that a slow moment hits all
        plain.append(asyncio.run(_measured(_plain, port, shape)))
        ours_asyncio.append(asyncio.run(_measured(_ours, port, shape)))
        ours.append(uvloop.run(_measured(_ours, port, shape)))
        in_c.append(_in_c(port, shape))
    for loop, cpu_s in (("uvloop", ours), ("asyncio", ours_asyncio)):
        ratio = _least(plain) / _least(cpu_s)
        limit = shape.over_plain if loop == "uvloop" else 0.6 * shape.over_plain
        yield {
            "bench": f"modbus registers per CPU second, {loop}: {shape.name}",
            "against": "pymodbus: read_holding_registers and convert_from_registers",
            "ratio": round(ratio, 2),
            "limit": limit,
            "holds": ratio >= limit,
            "registers_per_cpu_s": round(CONNECTIONS * READS * REGISTERS / _least(cpu_s)),
            "us_per_read": round(_least(cpu_s) / (CONNECTIONS * READS) * 1e6, 1),
            "us_per_read_against": round(_least(plain) / (CONNECTIONS * READS) * 1e6, 1),
            "us_per_value": round(_least(cpu_s) / (CONNECTIONS * READS * VALUES) * 1e6, 3),
            "connections": CONNECTIONS,
        }
    ratio = _least(ours) / _least(in_c)
    pipelined = shape.outstanding > 1
    yield {
        "bench": f"modbus CPU time, uvloop: {shape.name}",
        "against": "libmodbus in C, the same reads on ten connections",
        "ratio": round(ratio, 2),
        **({"limit": OVER_C, "holds": ratio <= OVER_C} if pipelined else {}),
        "us_per_read": round(_least(ours) / (CONNECTIONS * READS) * 1e6, 1),
        "us_per_read_against": round(_least(in_c) / (CONNECTIONS * READS) * 1e6, 1),
    }


Reader = Callable[[], Awaitable[None]]


async def _measured(reader: Callable[[int, Shape], Awaitable[Reader]], port: int, shape: Shape) -> float:
    """Return the CPU seconds of READS reads on each connection."""
    rounds = [await reader(port, shape) for _ in range(CONNECTIONS)]
    began = time.process_time()
    await asyncio.gather(*(one() for one in rounds))
    return time.process_time() - began


async def _plain(port: int, shape: Shape) -> Reader:
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()

    async def read() -> None:
        values: list[Any] = [None] * shape.blocks
        for _ in range(READS // shape.blocks):
            for block in range(shape.blocks):
                answer = await client.read_holding_registers(block * REGISTERS, count=REGISTERS, device_id=1)
                values[block] = client.convert_from_registers(answer.registers, client.DATATYPE.FLOAT32)
        assert values == [wanted(block) for block in range(shape.blocks)]
        client.close()

    return read


async def _ours(port: int, shape: Shape) -> Reader:
    driver = ModbusDriver(
        "bench",
        ModbusDevice(
            driver="modbus",
            host="127.0.0.1",
            port=port,
            max_registers=REGISTERS,
            max_outstanding=shape.outstanding,
        ),
    )
    driver.plan(tags(shape.blocks * VALUES))
    await driver.open()

    async def read() -> None:
        values = await cycle(driver)
        for _ in range(READS // shape.blocks - 1):
            values = await cycle(driver)
        assert values.tolist() == [value for n in range(shape.blocks) for value in wanted(n)]
        await driver.close()

    return read


async def cycle(driver: ModbusDriver) -> npt.NDArray[np.float64]:
    """Read all that is due, also where a busy machine makes slices of it; return the values."""
    values = (await driver.read()).value
    while driver.more_due:
        values = np.append(values, (await driver.read()).value)
    return values


def _in_c(port: int, shape: Shape) -> float:
    client = libmodbus.build("libmodbus_client.c", libmodbus.BENCHMARKS)
    cycles = READS // shape.blocks
    command = [client, port, CONNECTIONS, cycles, shape.blocks, REGISTERS]
    said = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout
    cpu_s, total = map(float, said.split())
    assert abs(total - sum(wanted(shape.blocks - 1))) < 0.1
    return cpu_s


def tags(count: int, period_s: float = AT_ONCE) -> list[TagRef]:
    """Return float tags on the registers from 0 on."""
    return [
        TagRef(n, f"u/{n}", Tag(device="d", address={"address": 2 * n, "type": "float32"}, period=period_s))
        for n in range(count)
    ]


def _requests_saved(port: int) -> Iterator[dict[str, Any]]:
    """Round trips of a hundred tags with small gaps, planned, against one read a tag."""

    async def seconds(max_registers: int) -> float:
        device = ModbusDevice(
            driver="modbus", host="127.0.0.1", port=port, max_registers=max_registers, max_gap=4
        )
        driver = ModbusDriver("bench", device)
        driver.plan(
            [
                TagRef(n, f"u/{n}", Tag(device="d", address={"address": 3 * n}, period=AT_ONCE))
                for n in range(100)
            ]
        )
        await driver.open()
        began = time.perf_counter()
        for _ in range(50):
            await driver.read()
            while driver.more_due:
                await driver.read()
        await driver.close()
        return time.perf_counter() - began

    pairs = [(asyncio.run(seconds(1)), asyncio.run(seconds(125))) for _ in range(3)]
    one_each, planned = (min(times) for times in zip(*pairs, strict=True))
    yield {
        "bench": "modbus planned reads, 100 tags",
        "against": "one read a tag",
        "ratio": round(one_each / planned, 2),
        "limit": 4.0,
        "holds": one_each / planned >= 4.0,
    }


def _least(values: list[float]) -> float:
    return min(values)
