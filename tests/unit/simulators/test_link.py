"""Every way in which a link breaks, on a server that echoes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator

import pytest

from gateway.demo.processes import free_port
from simulators.link import Link
from simulators.link_faults import LinkFault, LinkFaultKind, corrupted
from tests.unit.simulators.plants import until

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def echo_link() -> AsyncIterator[Link]:
    """A link to a server that sends back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                writer.write(data)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    link = Link(free_port())
    await link.open(server.sockets[0].getsockname()[1])
    try:
        yield link
    finally:
        await link.close()
        server.close()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def connected(link: Link) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def ask(stream: Stream, data: bytes, seconds: float = 2.0) -> bytes:
    """Send and wait for an answer of the same length; raises when it does not come."""
    reader, writer = stream
    writer.write(data)
    async with asyncio.timeout(seconds):
        return await reader.readexactly(len(data))


async def is_cut(stream: Stream) -> bool:
    """Wait for the end of a connection."""
    async with asyncio.timeout(2.0):
        try:
            return not await stream[0].read(1)
        except ConnectionError:
            return True


async def test_a_whole_link_passes_everything_on() -> None:
    payload = random.Random(1).randbytes(300_000)
    async with echo_link() as link, connected(link) as stream:
        assert await ask(stream, payload) == payload
        assert (link.connections, link.accepted) == (1, 1)
        link.cut()
        assert await is_cut(stream)
        await until(lambda: link.connections == 0)


async def test_drop_cuts_what_there_is_and_nothing_more() -> None:
    async with echo_link() as link:
        async with connected(link) as stream:
            await ask(stream, b"a")
            await link.set_fault(LinkFault(LinkFaultKind.DROP))
            assert await is_cut(stream)
        async with connected(link) as stream:
            assert await ask(stream, b"again") == b"again"
        assert link.fault is None


async def test_refuse_until_cleared() -> None:
    async with echo_link() as link:
        async with connected(link) as stream:
            await ask(stream, b"a")
            await link.set_fault(LinkFault(LinkFaultKind.REFUSE))
            assert await is_cut(stream)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", link.port)
        await link.clear()
        async with connected(link) as stream:
            assert await ask(stream, b"back") == b"back"


async def test_half_open_swallows_and_stays_silent() -> None:
    async with echo_link() as link, connected(link) as stream:
        await ask(stream, b"before")
        await link.set_fault(LinkFault(LinkFaultKind.HALF_OPEN))
        with pytest.raises(TimeoutError):
            await ask(stream, b"anybody?", seconds=0.3)
        async with connected(link) as late:
            with pytest.raises(TimeoutError):
                await ask(late, b"hello?", seconds=0.3)
        assert link.swallowed == len(b"anybody?" + b"hello?")
        await link.clear()
        assert await is_cut(stream)
        async with connected(link) as fresh:
            assert await ask(fresh, b"fresh") == b"fresh"


async def test_a_half_open_link_hides_that_the_server_went_away() -> None:
    async with echo_link() as link, connected(link) as stream:
        await ask(stream, b"a")
        await link.set_fault(LinkFault(LinkFaultKind.HALF_OPEN))
        for connection in list(link._connections):
            assert connection._server_writer is not None
            connection._server_writer.transport.close()
        with pytest.raises(TimeoutError):
            await ask(stream, b"b", seconds=0.3)
        await link.clear()
        assert await is_cut(stream)


async def test_delay_holds_every_piece_back() -> None:
    async with echo_link() as link, connected(link) as stream:
        await link.set_fault(LinkFault(LinkFaultKind.DELAY, 0.15))
        began = time.monotonic()
        assert await ask(stream, b"late") == b"late"
        assert time.monotonic() - began >= 0.3  # there and back
        await link.clear()
        assert await ask(stream, b"soon") == b"soon"


async def test_slow_passes_so_many_bytes_a_second() -> None:
    async with echo_link() as link, connected(link) as stream:
        await link.set_fault(LinkFault(LinkFaultKind.SLOW, 2000.0))
        began = time.monotonic()
        assert await ask(stream, b"x" * 1000, seconds=10.0) == b"x" * 1000
        assert time.monotonic() - began >= 0.45


async def test_cut_after_so_many_bytes() -> None:
    async with echo_link() as link, connected(link) as stream:
        await link.set_fault(LinkFault(LinkFaultKind.CUT, 7))
        stream[1].write(b"0123456789")
        async with asyncio.timeout(2.0):
            assert await stream[0].read() == b"0123456"


async def test_cut_counts_for_each_connection() -> None:
    async with echo_link() as link:
        await link.set_fault(LinkFault(LinkFaultKind.CUT, 10))
        for _ in range(2):
            async with connected(link) as stream:
                assert await ask(stream, b"12345") == b"12345"
                assert await ask(stream, b"67890") == b"67890"
                stream[1].write(b"x")
                assert await is_cut(stream)


async def test_corrupt_turns_one_bit() -> None:
    payload = bytes(1000)
    async with echo_link() as link, connected(link) as stream:
        await link.set_fault(LinkFault(LinkFaultKind.CORRUPT, 1.0))
        received = await ask(stream, payload)
        wrong = [byte for byte in received if byte]
        assert len(wrong) >= 1
        assert all(byte.bit_count() == 1 for byte in wrong)
        await link.clear()
        assert await is_cut(stream)


async def test_a_fault_ends_by_itself() -> None:
    async with echo_link() as link:
        await link.set_fault(LinkFault(LinkFaultKind.REFUSE, until_s=50.0))
        await link.expire(49.9)
        assert link.fault is not None
        await link.expire(50.0)
        async with connected(link) as stream:
            assert await ask(stream, b"back") == b"back"


async def test_a_device_that_is_down_refuses_even_when_the_fault_is_cleared() -> None:
    async with echo_link() as link:
        target = link.target_port
        assert target is not None
        await link.set_fault(LinkFault(LinkFaultKind.DELAY, 1.0))
        await link.close()
        await link.clear()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", link.port)
        await link.set_fault(LinkFault(LinkFaultKind.REFUSE))
        await link.open(target)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", link.port)
        await link.clear()
        async with connected(link) as stream:
            assert await ask(stream, b"up") == b"up"


async def test_a_server_that_is_gone_resets_the_client() -> None:
    link = Link(free_port())
    await link.open(free_port())
    try:
        async with connected(link) as stream:
            assert await is_cut(stream)
    finally:
        await link.close()


@pytest.mark.parametrize(
    "kind", [LinkFaultKind.DELAY, LinkFaultKind.SLOW, LinkFaultKind.CUT, LinkFaultKind.CORRUPT]
)
@pytest.mark.parametrize("amount", [None, 0.0, -1.0])
def test_an_amount_is_asked_for(kind: LinkFaultKind, amount: float | None) -> None:
    with pytest.raises(ValueError, match="needs a positive amount"):
        LinkFault(kind, amount)


def test_corruption_comes_with_its_probability() -> None:
    chance = random.Random(1)
    changed = sum(corrupted(b"\x00" * 8, 0.25, chance) != b"\x00" * 8 for _ in range(2000))
    assert changed == pytest.approx(500, abs=80)
    assert corrupted(b"", 1.0, chance) == b""
