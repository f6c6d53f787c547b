"""Many reconnections of a Modbus device: values stay with their tags, and nothing grows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from config.devices import ModbusDevice
from config.tags import Tag
from drivers.api import TagRef
from drivers.modbus.driver import ModbusDriver
from drivers.session import Session
from gateway.demo.processes import free_port
from simulators.link import Link
from simulators.link_faults import LinkFault, LinkFaultKind
from tests.contract.rig import Observer, until
from tests.servers import libmodbus
from tests.unit.drivers.reconnecting import nothing_grows


@contextlib.asynccontextmanager
async def reconnections() -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A polled device, whose connection is cut at each call; for `nothing_grows`."""
    port = free_port()
    made = libmodbus.server(port)
    made.start()
    made.command("set h 0 " + " ".join(str(100 + n) for n in range(50)))
    link = Link(0)
    await link.open(port)
    device = ModbusDevice.model_validate(
        {
            "driver": "modbus",
            "host": "127.0.0.1",
            "port": link.port,
            "period": "5 ms",
            "reconnect_min": 0.001,
            "reconnect_max": 0.002,
            "max_gap": 0,
        }
    )
    refs = [TagRef(n, f"u/{n}", Tag(device="d", address={"address": 2 * n})) for n in range(20)]
    observer = Observer(refs)
    session = Session("d", device, ModbusDriver("d", device), refs, observer)
    task = asyncio.create_task(session.run(), name="session")

    async def reconnect() -> None:
        before = session.statistics.connects
        await link.set_fault(LinkFault(LinkFaultKind.DROP))
        await link.clear()
        await until(lambda: session.statistics.connects > before)
        observer.all.clear()
        await until(lambda: len({name for name, seen in observer.all if seen.value is not None}) == 20)
        for name, seen in observer.all:
            assert seen.value in (None, 100.0 + 2 * int(name.removeprefix("u/"))), name

    try:
        await until(lambda: len(observer.last) == 20)
        yield reconnect
    finally:
        task.cancel()
        await asyncio.wait([task])
        await link.close()
        made.kill()


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.soak)])
@pytest.mark.timeout(1800)
def test_many_reconnections_cost_no_memory_tasks_or_handles(count: int) -> None:
    nothing_grows(__name__, count)
