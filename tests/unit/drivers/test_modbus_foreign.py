"""The driver against modbus-serial (JavaScript), and mbpoll as a foreign client of our simulators."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from drivers.api import Write
from gateway.demo.processes import free_port
from tests.servers import modbus_serial
from tests.servers.process import ServerProcess
from tests.unit.drivers.modbus_device import Device, holding
from tests.unit.simulators.plants import running_device

PORT = free_port()


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    server = modbus_serial.server(PORT)
    server.start()
    server.command(f"set h 0 {' '.join(str(a) for a in range(200))}")
    yield server
    server.kill()


async def test_modbus_serial_is_read_and_written(server: ServerProcess) -> None:
    addresses: list[dict[str, Any]] = [
        *holding(3, 150),
        {"address": 300, "type": "float32", "word_order": "little"},
        {"address": 302, "type": "int64"},
        {"table": "coil", "address": 10},
        {"table": "coil", "address": 16, "bits": 9},
        {"reference": 400401, "type": "uint16"},
    ]
    identity = {"vendor": "Cellgate", "product": "FL-8", "revision": "2.0"}
    async with Device(addresses, PORT, timeout="3 s", identity=identity) as device:
        wanted = {2: 37.25, 3: -(2**40), 4: 1, 5: 0b1_0110_1001, 6: 4711}
        results = await device.driver.write([Write(tag, value) for tag, value in wanted.items()])
        assert [result.error for result in results] == [None] * len(wanted)
        device.seen.last.clear()
        await device.read()
        seen = device.seen.last
        assert [seen[ref.name].value for ref in device.refs] == [3, 150, *wanted.values()]
        assert server.command("get h 400 1") == "4711"
        assert server.command("get c 10 1") == "1"
        assert (await device.driver.identify())[0] == "Cellgate"


async def _mbpoll(port: int, *options: str) -> str:
    """Poll once with mbpoll; 0-based references, the quiet way."""
    command = ["mbpoll", "-m", "tcp", "-a", "1", "-0", "-1", "-q", "-p", str(port), *options]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    return said.decode()


def _values(said: str) -> dict[int, float]:
    return {int(at): float(value) for at, value in re.findall(r"\[(\d+)\]:\s+([-\d.e+]+)", said)}


async def test_mbpoll_reads_and_writes_the_fill_line() -> None:
    """Types, tables and word orders of the simulator, as a program that knows nothing of ours sees them."""
    async with running_device(model="fill_line", parameters={"local_operator": False}) as device:
        port = device.link.port
        big = _values(await _mbpoll(port, "-B", "-t", "3:float", "-r", "4", "-c", "1", "127.0.0.1"))
        assert big == {4: 200.0}
        little = _values(await _mbpoll(port, "-t", "4:float", "-r", "6", "-c", "1", "127.0.0.1"))
        assert little == {6: 5.0}
        state = _values(await _mbpoll(port, "-t", "3", "-r", "0", "-c", "2", "127.0.0.1"))
        assert state[0] == 2, "PackML: stopped"
        assert "Illegal data address" in await _mbpoll(port, "-t", "3", "-r", "90", "-c", "20", "127.0.0.1")
        written = await _mbpoll(port, "-t", "4:float", "-r", "6", "127.0.0.1", "4.5")
        assert "Written 1 references" in written
        again = _values(await _mbpoll(port, "-t", "4:float", "-r", "6", "-c", "1", "127.0.0.1"))
        assert again == {6: 4.5}
        refused = await _mbpoll(port, "-t", "4:float", "-r", "6", "127.0.0.1", "1e30")
        assert "Illegal data value" in refused
