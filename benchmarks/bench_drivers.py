"""Modbus reads per CPU second of the client, ours beside plain pymodbus, against libmodbus in C.

Both read the same 62 floats (124 registers) over ten connections, one request at a time on each, and
have them as numbers in the end; ours also has quality, source time and status of every one. Only the
client's CPU time counts: the server is a process of its own, and polls, because waking a sleeping
process costs the one that wakes it more than the request.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvloop
from pymodbus.client import AsyncModbusTcpClient

from config.devices import ModbusDevice
from config.tags import Tag
from drivers.api import TagRef
from drivers.modbus.driver import ModbusDriver
from tests.servers import libmodbus
from tests.servers.process import free_port

CONNECTIONS = 10
VALUES = 62
REGISTERS = 2 * VALUES
ROUNDS = 5
READS = 600
"""Reads of each connection in a round."""
WANTED = [struct.unpack(">f", struct.pack(">f", 20.0 + n / 7))[0] for n in range(VALUES)]


def run() -> Iterator[dict[str, Any]]:
    """Yield the results."""
    port = free_port()
    server = libmodbus.server(port)
    server.start()
    try:
        words = struct.unpack(f">{REGISTERS}H", struct.pack(f">{VALUES}f", *WANTED))
        server.command(f"set h 0 {' '.join(map(str, words))}")
        server.command("spin 1")
        yield from _registers_per_cpu_second(port)
        yield from _requests_saved(port)
    finally:
        server.kill()


def _registers_per_cpu_second(port: int) -> Iterator[dict[str, Any]]:
    plain, ours, ours_asyncio = [], [], []
    for _ in range(ROUNDS):  # side by side, so that a slow moment hits all
        plain.append(asyncio.run(_measured(_plain, port)))
        ours_asyncio.append(asyncio.run(_measured(_ours, port)))
        ours.append(uvloop.run(_measured(_ours, port)))
    for name, cpu_s, limit in (
        ("modbus registers per CPU second, uvloop", ours, 3.0),
        ("modbus registers per CPU second, asyncio", ours_asyncio, 2.5),
    ):
        ratio = _median(plain) / _median(cpu_s)
        yield {
            "bench": name,
            "against": "pymodbus: read_holding_registers and convert_from_registers",
            "ratio": round(ratio, 2),
            "limit": limit,
            "holds": ratio >= limit,
            "registers_per_cpu_s": round(CONNECTIONS * READS * REGISTERS / _median(cpu_s)),
            "us_per_read": round(_median(cpu_s) / (CONNECTIONS * READS) * 1e6, 1),
            "us_per_read_against": round(_median(plain) / (CONNECTIONS * READS) * 1e6, 1),
            "connections": CONNECTIONS,
        }


async def _measured(reader: Callable[[int], Awaitable[Callable[[], Awaitable[None]]]], port: int) -> float:
    """Return the CPU seconds of READS reads on each connection."""
    rounds = [await reader(port) for _ in range(CONNECTIONS)]
    began = time.process_time()
    await asyncio.gather(*(one() for one in rounds))
    return time.process_time() - began


async def _plain(port: int) -> Callable[[], Awaitable[None]]:
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()

    async def read() -> None:
        values: Any = None
        for _ in range(READS):
            answer = await client.read_holding_registers(0, count=REGISTERS, device_id=1)
            values = client.convert_from_registers(answer.registers, client.DATATYPE.FLOAT32)
        assert values == WANTED
        client.close()

    return read


async def _ours(port: int) -> Callable[[], Awaitable[None]]:
    driver = ModbusDriver("bench", ModbusDevice(driver="modbus", host="127.0.0.1", port=port))
    driver.plan(_tags())
    await driver.open()

    async def read() -> None:
        columns = await driver.read()
        for _ in range(READS - 1):
            columns = await driver.read()
        assert columns.value.tolist() == WANTED
        await driver.close()

    return read


def _tags() -> list[TagRef]:
    return [
        TagRef(n, f"u/{n}", Tag(device="d", address={"address": 2 * n, "type": "float32"}, period=1e-9))
        for n in range(VALUES)
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
                TagRef(n, f"u/{n}", Tag(device="d", address={"address": 3 * n}, period=1e-9))
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


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
