"""An answer goes to the request it belongs to, or to nobody: against hostile servers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence
from typing import Any

import pytest

from config.devices import ModbusDevice, Table
from drivers.api import DeviceTimeout, Disconnected
from drivers.modbus.link import Link
from drivers.modbus.link import Request as Asked
from drivers.modbus.link import ask as request_of
from drivers.modbus.pdu import read_request
from drivers.modbus.transport import WireLink
from tests.servers.hostile import Answer, Request, frame, hostile, registers, right


def link_to(port: int, **settings: Any) -> WireLink:
    device = {"driver": "modbus", "host": "127.0.0.1", "port": port, "timeout": "200 ms", **settings}
    return WireLink(ModbusDevice.model_validate(device))


def read(address: int, count: int = 1) -> bytes:
    return read_request(Table.HOLDING, address, count)


async def ask(link: Link, address: int, count: int = 1, unit_id: int = 1) -> list[int]:
    pdu, _ = await request_of(link, unit_id, read(address, count))
    assert pdu[0] == 3
    return [int.from_bytes(pdu[at : at + 2]) for at in range(2, len(pdu), 2)]


async def test_the_right_answer_arrives_with_the_time_in_the_middle() -> None:
    def script(request: Request) -> Sequence[Answer]:
        return [0.1, right(request)]

    async with hostile(script) as server:
        link = link_to(server.port)
        await link.open()
        began_ns = time.time_ns()
        pdu, stamp_ns = await request_of(link, 9, read(7, 2))
        assert pdu == registers(7, 8)
        middle_s = (stamp_ns - began_ns) / 1e9
        assert 0.02 < middle_s < (time.time_ns() - began_ns) / 1e9 - 0.02
        assert server.requests[0].unit_id == 9
        assert [text[0] for text in link.last_frames()] == [">", "<"]
        await link.close()


async def test_a_late_answer_is_never_given_to_the_next_request() -> None:
    """#39: no answer is off by one for ever after a silence."""
    late: list[bytes] = []

    def script(request: Request) -> Sequence[Answer]:
        if request.number == 0:
            late.append(right(request, 1111))
            return []
        return [late.pop(), 0.02, right(request)] if late else [right(request)]

    async with hostile(script) as server:
        link = link_to(server.port)
        await link.open()
        with pytest.raises(DeviceTimeout, match="no answer from unit 1 in time"):
            await ask(link, 5)
        for address in (6, 7, 8):
            assert await ask(link, address) == [address]
        await link.close()


@pytest.mark.parametrize("wrong", ["transaction", "unit", "function", "transaction zero"])
async def test_an_answer_that_belongs_to_another_request_is_dropped(wrong: str) -> None:
    def script(request: Request) -> Sequence[Answer]:
        transaction, unit_id, pdu = request.transaction, request.unit_id, registers(4444)
        if wrong == "transaction":
            transaction += 1
        elif wrong == "transaction zero":
            transaction = 0
        elif wrong == "unit":
            unit_id += 1
        else:
            pdu = registers(4444, function=4)
        return [frame(transaction, unit_id, pdu)]

    async with hostile(script) as server:
        link = link_to(server.port)
        await link.open()
        with pytest.raises(DeviceTimeout):
            await ask(link, 5)
        await link.close()


async def test_answers_byte_by_byte() -> None:
    def script(request: Request) -> Sequence[Answer]:
        pieces: list[Answer] = []
        for byte in right(request):
            pieces += [bytes([byte]), 0.001]
        return pieces

    async with hostile(script) as server:
        link = link_to(server.port)
        await link.open()
        for _ in range(2):
            assert await ask(link, 100, 5) == [100, 101, 102, 103, 104]
        await link.close()


async def test_a_connection_lost_ends_the_request_at_once() -> None:
    async with hostile(lambda request: [None]) as server:
        link = link_to(server.port)
        await link.open()
        with pytest.raises(Disconnected):  # and not DeviceTimeout
            await ask(link, 5)
        with pytest.raises(Disconnected):
            await ask(link, 5)
        await link.open()
        await link.close()


async def test_garbage_ends_the_connection_and_nothing_else() -> None:
    def script(request: Request) -> Sequence[Answer]:
        return [b"HTTP/1.1 400 Bad Request\r\n\r\n"] if request.number == 0 else [right(request)]

    async with hostile(script) as server:
        link = link_to(server.port)
        await link.open()
        with pytest.raises((Disconnected, DeviceTimeout)):
            await ask(link, 5)
        await link.close()
        await link.open()
        assert await ask(link, 5) == [5]
        await link.close()


async def test_closing_ends_the_request_under_way() -> None:
    async with hostile(lambda request: []) as server:
        link = link_to(server.port)
        await link.open()
        waiting = asyncio.create_task(request_of(link, 1, read(5)))
        await asyncio.sleep(0.05)
        await link.close()
        with pytest.raises(Disconnected):
            await waiting
        await link.close()


async def test_a_cancelled_request_leaves_its_answer_to_nobody() -> None:
    def script(request: Request) -> Sequence[Answer]:
        return [0.05, right(request, 1111)] if request.number == 0 else [right(request)]

    async with hostile(script) as server:
        link = link_to(server.port)
        await link.open()
        waiting = asyncio.create_task(request_of(link, 1, read(5)))
        await asyncio.sleep(0.02)
        waiting.cancel()
        assert await ask(link, 6) == [6]
        assert await ask(link, 7) == [7]
        await link.close()


async def test_an_exception_is_an_answer() -> None:
    def script(request: Request) -> Sequence[Answer]:
        return [frame(request.transaction, request.unit_id, b"\x83\x02")]

    async with hostile(script) as server:
        link = link_to(server.port)
        await link.open()
        assert (await request_of(link, 1, read(5)))[0] == b"\x83\x02"
        await link.close()


async def test_refused_and_unanswered_connects_are_told_apart() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        refused = link_to(nobody.getsockname()[1])
        with pytest.raises(Disconnected, match=r"127\.0\.0\.1:\d+: Connection refused"):
            await refused.open()
        nobody.listen(0)  # one connection fits; nobody ever accepts, so the next gets no answer
        with socket.socket() as first, socket.socket() as second:
            for filler in (first, second):
                filler.setblocking(False)
                filler.connect_ex(nobody.getsockname())
            await asyncio.sleep(0.05)
            black_hole = link_to(nobody.getsockname()[1])
            with pytest.raises(Disconnected, match=r"no answer to connect within 0\.2 s"):
                await black_hole.open()


async def test_several_requests_under_way_are_answered_in_any_order() -> None:
    held: list[Request] = []

    def script(request: Request) -> Sequence[Answer]:
        held.append(request)
        if len(held) < 4:
            return []
        answers = b"".join(right(r) for r in reversed(held))
        held.clear()
        return [answers[:9], 0.01, answers[9:]]

    async with hostile(script) as server:
        link = link_to(server.port, max_outstanding=4)
        await link.open()
        exchange = await link.exchange([Asked(1, read(address)) for address in (10, 20, 30, 40)])
        assert exchange.answers == [registers(a) for a in (10, 20, 30, 40)]
        await link.close()


async def test_a_silence_ends_an_exchange_and_strays_are_counted() -> None:
    def script(request: Request) -> Sequence[Answer]:
        return [0.25, right(request)] if request.number == 1 else [right(request)]

    async with hostile(script) as server:
        link = link_to(server.port)
        await link.open()
        exchange = await link.exchange([Asked(1, read(address)) for address in range(5)])
        assert (exchange.answers[:2], exchange.sent) == ([registers(0), None], 2)
        assert exchange.disturbed
        assert await ask(link, 9) == [9]
        assert link.strays == 1
        await link.open()
        assert link.strays == 1
        await link.close()
        assert link.strays == 1


async def test_transaction_ids_go_round() -> None:
    async with hostile(lambda request: [right(request)]) as server:
        link = link_to(server.port, timeout="2 s")
        await link.open()
        assert link._wire is not None
        link._wire._transaction = 0xFFF8
        for address in range(16):
            assert await ask(link, address) == [address]
        assert [request.transaction for request in server.requests] == [*range(0xFFF9, 0x10000), *range(9)]
        await link.close()


def _serial_frame(body: bytes) -> bytes:
    """Return a frame as it goes on a serial line: body and CRC."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return body + crc.to_bytes(2, "little")


async def test_a_late_answer_without_a_transaction_id_finds_the_connection_closed() -> None:
    late = asyncio.Event()
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        first = connections == 1
        try:
            while request := await reader.read(8):
                if first:
                    await late.wait()
                answer = registers(1111) if first else registers(int.from_bytes(request[2:4]))
                writer.write(_serial_frame(request[:1] + answer))
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    link = link_to(server.sockets[0].getsockname()[1], framing="rtu")
    async with contextlib.AsyncExitStack() as closing:
        closing.callback(server.close)
        closing.push_async_callback(link.close)
        await link.open()
        with pytest.raises(DeviceTimeout):
            await ask(link, 5)
        late.set()
        answers = [await ask(link, address) for address in (6, 7)]
    assert answers == [[6], [7]]
    assert connections == 2
