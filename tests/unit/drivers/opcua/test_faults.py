"""Broken links and servers under a session: data flow again by themselves, and never to a wrong tag."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from asyncua.client.client import Client

from config.devices import OpcUaDevice
from control.signal import BAD, COMM
from drivers.api import DeviceTimeout, Disconnected, TagRef
from drivers.opcua.driver import OpcUaDriver
from drivers.session import Session
from drivers.states import State
from simulators.link import Link
from simulators.link_faults import LinkFault, LinkFaultKind
from tests.servers.opcua import OpcUaServer, asyncua_server
from tests.servers.proxy import proxy
from tests.unit.drivers.opcua.plant import Seen, device, ref


@pytest.fixture(scope="module")
def server() -> Iterator[OpcUaServer]:
    """A server that is killed and restarted; its nodes are added by the tests."""
    with asyncua_server() as running:
        yield running


@contextlib.asynccontextmanager
async def linked(server: OpcUaServer) -> AsyncIterator[Link]:
    link = Link(0)
    await link.open(server.port)
    try:
        yield link
    finally:
        await link.close()


@contextlib.asynccontextmanager
async def running(settings: OpcUaDevice, refs: list[TagRef]) -> AsyncIterator[tuple[Session, Seen]]:
    seen = Seen()
    session = Session("d", settings, OpcUaDriver("d", settings), refs, seen)
    task = asyncio.create_task(session.run(), name="session")
    try:
        yield session, seen
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], bool], within_s: float = 8.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


def fill(server: OpcUaServer, prefix: str, count: int) -> list[TagRef]:
    """Add nodes whose value tells which they are."""
    held = server.do("names")
    for at in range(count):
        if f"{prefix}{at}" not in held:
            server.do("add", names=[f"{prefix}{at}"], value=float(at))
    return [ref(at, f"{prefix}{at}") for at in range(count)]


FAULTS = [
    pytest.param(LinkFault(LinkFaultKind.DROP), id="cut"),
    pytest.param(LinkFault(LinkFaultKind.HALF_OPEN), id="half-open"),
    pytest.param(LinkFault(LinkFaultKind.REFUSE), id="refused"),
    pytest.param(LinkFault(LinkFaultKind.CUT, 40), id="cut in mid-message"),
    pytest.param(LinkFault(LinkFaultKind.CORRUPT, 1.0), id="every piece corrupt"),
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_data_flow_again_after_a_broken_link(server: OpcUaServer, name: str, fault: LinkFault) -> None:
    refs = fill(server, name, 20)
    async with linked(server) as link:
        async with running(device(link.port, dead_after=0.8, timeout=0.5), refs) as (session, seen):
            await until(lambda: len(seen.values) == 20 and session.state is State.CONNECTED)
            await link.set_fault(fault)
            if fault.kind is not LinkFaultKind.DROP:
                await until(lambda: seen.qualities[0][-1] & (BAD | COMM) == BAD | COMM, 4.0)
            server.do("set", name=f"{name}7", value=700.0)
            await link.clear()
            await until(lambda: session.state is State.CONNECTED and seen.last(7) == 700.0)
            server.do("set", name=f"{name}7", value=701.0)
            await until(lambda: seen.last(7) == 701.0)
        for at in range(20):
            good = {value for value in seen.values[at] if value == value}
            assert good <= ({float(at)} if at != 7 else {7.0, 700.0, 701.0}), at
        await until(lambda: link.connections == 0)


async def test_answers_byte_by_byte_are_whole_answers(server: OpcUaServer, name: str) -> None:
    refs = fill(server, name, 5)
    async with proxy(server.port) as link:
        link.piece = 1
        async with running(device(link.port, dead_after=5.0, timeout=4.0), refs) as (session, seen):
            await until(lambda: len(seen.values) == 5, 20.0)
            server.do("set", name=f"{name}3", value=30.0)
            await until(lambda: seen.last(3) == 30.0)
            assert session.statistics.failures == 0
        assert [set(seen.values[at]) for at in range(5)] == [{0.0}, {1.0}, {2.0}, {3.0, 30.0}, {4.0}]


async def test_nodes_are_found_again_when_their_namespace_has_moved(server: OpcUaServer, name: str) -> None:
    refs = fill(server, name, 10)
    try:
        async with running(device(server.port), refs) as (session, seen):
            await until(lambda: len(seen.values) == 10)
            for fillers in (2, 1):
                server.kill()
                await until(lambda: session.state is State.LOST)
                server.change(fillers=fillers)
                server.start()
                fill(server, name, 10)
                server.do("set", name=f"{name}3", value=3.0 + fillers)
                await until(lambda: seen.last(3) == 3.0 + fillers)  # noqa: B023 - awaited in this round
                await until(lambda: session.state is State.CONNECTED and seen.qualities[9][-1] == 0)
        assert all(
            {value for value in seen.values[at] if value == value} == {float(at)} for at in (0, 1, 2, 9)
        )
    finally:
        server.change(fillers=0)


async def test_slow_answers_are_no_loss(server: OpcUaServer, name: str) -> None:
    """Trap T4: the library's probe takes a server that answers in 1.2 s for lost, every two seconds."""
    refs = fill(server, name, 3)
    server.do("behave", answer_s=1.2)
    lost: list[Exception] = []

    async def on_lost(error: Exception) -> None:
        lost.append(error)

    library = Client(f"opc.tcp://127.0.0.1:{server.port}/test", timeout=4)
    library.connection_lost_callback = on_lost
    try:
        settings = device(server.port, dead_after=3.0, keep_alive_count=6)
        async with library, running(settings, refs) as (session, seen):
            await until(lambda: len(seen.values) == 3, 20.0)
            assert session.statistics.failures == 0
            await asyncio.sleep(1.0)
            server.do("set", name=f"{name}0", value=5.0)
            await until(lambda: seen.last(0) == 5.0)
            assert session.statistics.failures == 0
        assert lost, "the plain library has lost it meanwhile"
    finally:
        server.do("behave", answer_s=0.0)


async def test_a_black_hole_ends_within_the_time_limit() -> None:
    """Nobody accepts: the second connection to a full backlog is never answered."""
    with socket.socket() as hole, socket.socket() as first:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        port = hole.getsockname()[1]
        first.setblocking(False)
        first.connect_ex(("127.0.0.1", port))
        driver = OpcUaDriver("d", device(port, timeout=0.3))
        driver.plan([ref(0, "a")])
        began = asyncio.get_running_loop().time()
        with pytest.raises((DeviceTimeout, Disconnected)):
            await driver.open()
        await driver.close()
        assert asyncio.get_running_loop().time() - began < 1.5


async def test_a_server_that_accepts_and_says_nothing_ends_within_the_time_limit(server: OpcUaServer) -> None:
    async with linked(server) as link:
        await link.set_fault(LinkFault(LinkFaultKind.HALF_OPEN))
        handles = len(os.listdir("/proc/self/fd"))
        driver = OpcUaDriver("d", device(link.port, timeout=0.2))
        driver.plan([ref(0, "a")])
        for _ in range(3):
            with pytest.raises(DeviceTimeout):
                await driver.open()
            await driver.close()
        await link.clear()
        await until(lambda: link.connections == 0)
        assert len(os.listdir("/proc/self/fd")) <= handles
