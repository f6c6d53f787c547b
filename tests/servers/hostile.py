"""A Modbus/TCP server in the test's own loop that answers exactly what the test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

Answer = bytes | float | None
"""Bytes to send, seconds to wait, or None to close the connection."""


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    number: int
    transaction: int
    unit_id: int
    pdu: bytes

    @property
    def address(self) -> int:
        return int.from_bytes(self.pdu[1:3])


def frame(transaction: int, unit_id: int, pdu: bytes) -> bytes:
    """Return a frame of Modbus/TCP."""
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit_id) + pdu


def registers(*values: int, function: int = 3) -> bytes:
    """Return the PDU that answers a read of registers."""
    return struct.pack(f">BB{len(values)}H", function, 2 * len(values), *values)


def right(request: Request, *values: int) -> bytes:
    """Return the right answer to a request: these values, or as many as asked for from its address."""
    count = int.from_bytes(request.pdu[3:5])
    return frame(
        request.transaction,
        request.unit_id,
        registers(*(values or range(request.address, request.address + count)), function=request.pdu[0]),
    )


@dataclass
class HostileServer:
    """What to do with each request, and what came."""

    script: Callable[[Request], Sequence[Answer]]
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, each request in turn."""
        try:
            while True:
                head = await reader.readexactly(7)
                transaction, _, length, unit_id = struct.unpack(">HHHB", head)
                pdu = await reader.readexactly(length - 1)
                request = Request(len(self.requests), transaction, unit_id, pdu)
                self.requests.append(request)
                for answer in self.script(request):
                    if answer is None:
                        return
                    if isinstance(answer, bytes):
                        writer.write(answer)
                        await writer.drain()
                    else:
                        await asyncio.sleep(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def hostile(script: Callable[[Request], Sequence[Answer]]) -> AsyncIterator[HostileServer]:
    """Run a server for the length of a block."""
    served = HostileServer(script)
    handlers: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        await served.serve(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
