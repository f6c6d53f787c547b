"""Whatever a device does, data flow again by themselves and no value is ever another tag's.

A session reads tags whose value is their address, so a good sample with any other value is a value
that was assigned wrongly. Numbers in names are complaints of other gateways' users.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import time
from collections.abc import Iterator, Sequence

import pytest

from control.signal import BAD, COMM
from drivers.api import Write
from drivers.modbus import wire
from drivers.states import State
from gateway.demo.processes import free_port
from tests.contract.rig import until
from tests.servers import libmodbus
from tests.servers.hostile import Answer, Request, frame, hostile, registers, right
from tests.servers.process import ServerProcess
from tests.servers.proxy import proxy
from tests.unit.drivers.modbus_device import (
    ADDRESSES,
    Device,
    holding,
    never_wrong,
    session_of,
    session_whole,
    whole,
)


@pytest.fixture(scope="module")
def _process() -> Iterator[tuple[ServerProcess, int]]:
    port = free_port()
    server = libmodbus.server(port)
    server.start()
    yield server, port
    server.kill()


def _fill(server: ServerProcess) -> None:
    server.command("clear")
    for start in range(0, 400, 100):
        server.command(f"set h {start} {' '.join(str(a) for a in range(start, start + 100))}")


@pytest.fixture
def server(_process: tuple[ServerProcess, int]) -> ServerProcess:
    _process[0].start()
    _fill(_process[0])
    return _process[0]


@pytest.fixture
def port(_process: tuple[ServerProcess, int]) -> int:
    return _process[1]


async def test_a_gateway_that_numbers_its_answers_wrongly() -> None:
    """Its own transaction id always: unreadable strictly, readable with the profile, also after silences."""

    def script(request: Request) -> Sequence[Answer]:
        if request.number % 9 == 5:
            return [0.16, frame(1, request.unit_id, right(request)[7:])]
        return [frame(1, request.unit_id, right(request)[7:])]

    async with hostile(script) as gateway:
        async with session_of(gateway.port, profile="wrong_transaction_id") as (session, device):
            await until(lambda: len(gateway.requests) > 40, 30)
            await session_whole(session, device)
        never_wrong(device)


async def test_a_device_that_closes_after_each_answer() -> None:
    """The profile makes a connection for each round, and goes on where the device closes within one."""
    async with (
        hostile(lambda r: [right(r), None]) as closing,
        session_of(closing.port, profile="few_connections") as (_, device),
    ):
        await until(lambda: whole(device), 20)
        device.seen.last.clear()
        await until(lambda: whole(device), 20)
    never_wrong(device)


async def test_the_connection_is_given_up_between_rounds(server: ServerProcess, port: int) -> None:
    async with session_of(port, profile="few_connections", period="100 ms") as (session, device):
        await until(lambda: whole(device), 20)
        link = device.driver._link
        await until(lambda: getattr(link, "_wire", None) is None, 5)
        assert session.state is State.CONNECTED
        device.seen.last.clear()
        await until(lambda: whole(device), 20)


async def test_writes_and_polls_take_turns() -> None:
    """#16: one request is under way on a connection, whoever asks, and writes go between the reads."""
    held: dict[int, int] = {}
    order: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readexactly(12)
                order.append(request[7])
                await asyncio.sleep(0.03)
                assert not reader._buffer, "a second request before the answer to the first"  # type: ignore[attr-defined]
                transaction, address = int.from_bytes(request[:2]), int.from_bytes(request[8:10])
                if request[7] == 6:
                    held[address] = int.from_bytes(request[10:12])
                    writer.write(request)
                else:
                    asked = range(address, address + int.from_bytes(request[10:12]))
                    writer.write(frame(transaction, request[6], registers(*(held.get(a, a) for a in asked))))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with session_of(port, timeout="3 s", period="10 ms") as (session, device):
            await until(lambda: whole(device), 20)
            before = len(order)
            results = await asyncio.gather(*(session.write([Write(0, 3)]) for _ in range(3)))
            assert [result.error for (result,) in results] == [None] * 3
            assert order[before:].count(6) == 3
            assert order[before:].index(6) <= 4, "after the reads of a slice"
    assert held == {3: 3}


async def test_a_half_open_connection_is_noticed_and_made_anew(server: ServerProcess, port: int) -> None:
    """#20: nothing passes and nobody closes. The state follows answers, never the socket."""
    async with proxy(port) as between, session_of(between.port) as (session, device):
        await until(lambda: whole(device), 20)
        between.freeze()
        await until(lambda: session.state is State.LOST, 20)
        assert {seen.quality for seen in device.seen.last.values()} == {BAD | COMM}, "#33: not the last value"
        assert {seen.value for seen in device.seen.last.values()} == {None}
        between.cut()
        between.thaw()
        await until(lambda: session.state is State.CONNECTED and whole(device), 20)
    never_wrong(device)


async def test_a_device_restarted_under_load(server: ServerProcess, port: int) -> None:
    """#28: away at the start, there, away, there: nobody has to restart the gateway."""
    server.kill()
    async with session_of(port, profile="pipelining", period="1 ms") as (session, device):
        await until(lambda: session.state is State.LOST, 20)
        for _ in range(2):
            server.start()
            _fill(server)
            device.seen.last.clear()
            await until(lambda: whole(device), 20)
            server.kill()
            await until(lambda: session.state is State.LOST, 20)
    good = {seen.value for name, seen in device.seen.all if seen.quality < BAD}
    assert good <= {0, *ADDRESSES}, "a fresh server holds zeros until it is filled"


async def test_a_server_with_limits_of_one(server: ServerProcess, port: int) -> None:
    """#6, #10: every longer read is refused; each value is found by halving, once."""
    server.command("limit 1")
    async with session_of(port, max_gap=16) as (_, device):
        await until(lambda: whole(device), 30)
    never_wrong(device)


async def test_the_clock_may_be_set_at_any_time(
    server: ServerProcess, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes on at its pace; a stamp is of the old clock or of the new one, never between.

    The machine's clock cannot be set in a test: the driver's view of it is.
    """
    jump_ns = 0

    class Clock:
        monotonic = staticmethod(time.monotonic)

        @staticmethod
        def time_ns() -> int:
            return time.time_ns() + jump_ns

    monkeypatch.setattr(wire, "time", Clock)
    monkeypatch.setattr("drivers.modbus.mbap.time", Clock)
    async with session_of(port, period="5 ms") as (_, device):
        await until(lambda: whole(device), 20)
        for jump_s in (3600, -7200, 0):
            jump_ns = jump_s * 10**9
            device.seen.last.clear()
            await until(lambda: whole(device), 20)
        offsets = {round((seen.source_ns - time.time_ns()) / 60e9) for _, seen in device.seen.all}
    assert offsets <= {0, 60, -120}


async def test_a_thousand_reconnects_leave_nothing_behind(server: ServerProcess, port: int) -> None:
    """#40: no memory, no task, no file handle."""
    device = Device(holding(*ADDRESSES), port, max_gap=400, timeout="5 s")

    async def round_trip() -> None:
        await device.driver.open()
        assert len(await device.driver.read()) == len(ADDRESSES)
        await device.driver.close()

    for _ in range(100):
        await round_trip()
    before = _footprint()
    for _ in range(1000):
        await round_trip()
    tasks, handles, pages = (b - a for a, b in zip(before, _footprint(), strict=True))
    assert (tasks, handles) == (0, 0)
    assert pages * os.sysconf("SC_PAGE_SIZE") < 2**20


def _footprint() -> tuple[int, int, int]:
    """Return tasks, file handles and pages of memory."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[1])
    return len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd")), pages
