"""The link to a device: a TCP proxy on the device's address that can be broken on command."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct

from simulators.link_faults import LinkFault, LinkFaultKind, corrupted
from simulators.wire import HOST

_CHUNK = 65536
_CONNECT_S = 2.0
_LISTEN_S = 0.1
_RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing sends a reset."""


class Link:
    """Listens on the device's port and passes bytes on to its protocol server."""

    def __init__(self, port: int, seed: int = 1) -> None:
        self.port = port
        self.target_port: int | None = None
        """Port of the protocol server; None while the device is down."""
        self.fault: LinkFault | None = None
        self.accepted = 0
        """Connections accepted since the start."""
        self.swallowed = 0
        """Bytes that a half-open link has swallowed."""
        self._chance = random.Random(seed)
        self._lock = asyncio.Lock()
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()

    async def open(self, target_port: int) -> None:
        """Lead to this port of the protocol server, and listen (unless a fault forbids)."""
        async with self._lock:
            self.target_port = target_port
            await self._listen()

    async def close(self) -> None:
        """The device is down: refuse connections and cut those there are; repeatable."""
        async with self._lock:
            self.target_port = None
            await self._refuse()

    async def _listen(self) -> None:
        refusing = self.fault is not None and self.fault.kind is LinkFaultKind.REFUSE
        if self._server is None and self.target_port is not None and not refusing:
            self._server = await asyncio.start_server(self._accept, HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.cut()
        if server is not None:
            await server.wait_closed()
        while self._connections:
            await asyncio.wait([connection.done for connection in self._connections])

    def cut(self) -> None:
        """Reset every connection at once."""
        for connection in list(self._connections):
            connection.abort(reset=True)

    @property
    def half_open(self) -> bool:
        """True while bytes are swallowed."""
        return self.fault is not None and self.fault.kind is LinkFaultKind.HALF_OPEN

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    async def set_fault(self, fault: LinkFault) -> None:
        """Break the link; a fault replaces the one there is."""
        async with self._lock:
            await self._mend()
            if fault.kind is LinkFaultKind.DROP:
                self.cut()
                return
            self.fault = fault
            if fault.kind is LinkFaultKind.REFUSE:
                await self._refuse()

    async def clear(self) -> None:
        """Mend the link. Connections that lost bytes are cut: their peers would never agree again."""
        async with self._lock:
            await self._mend()

    async def expire(self, now_s: float) -> None:
        """Mend the link when its fault's time is over."""
        if self.fault is not None and self.fault.until_s is not None and now_s >= self.fault.until_s:
            await self.clear()

    async def _mend(self) -> None:
        self.fault = None
        for connection in list(self._connections):
            if connection.harmed:
                connection.abort(reset=True)
        await self._listen()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        connection = Connection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            connection.done.set_result(None)

    def passed(self, data: bytes) -> bytes:
        """Return what a fault leaves of bytes on their way to the client."""
        if self.fault is not None and self.fault.kind is LinkFaultKind.CORRUPT:
            return corrupted(data, self.fault.amount or 0.0, self._chance)
        return data


class Connection:
    """One client's connection, passed on to the protocol server."""

    def __init__(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.link = link
        self.client = reader, writer
        self.harmed = False
        """Bytes were lost or changed."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._server_writer: asyncio.StreamWriter | None = None
        self._fault: LinkFault | None = None
        self._left = 0
        """Bytes until a cutting fault cuts."""

    def abort(self, *, reset: bool = False) -> None:
        """End both sides now; `reset` throws away what is still under way to the client."""
        if reset:
            connection = self.client[1].get_extra_info("socket")
            if connection is not None and connection.fileno() >= 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        for writer in (self.client[1], self._server_writer):
            if writer is not None:
                writer.transport.abort()

    async def run(self) -> None:
        """Pass bytes on both ways until one side ends."""
        try:
            reader, self._server_writer = await self._reach_server()
            await self._both_ways(reader, self._server_writer)
        except (OSError, TimeoutError):
            pass  # one side is gone: the other one is reset below
        finally:
            self.abort()
            for writer in (self.client[1], self._server_writer):
                if writer is not None:
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()

    async def _reach_server(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self.link.target_port
        if port is None:
            raise ConnectionRefusedError("the device is down")
        async with asyncio.timeout(_CONNECT_S):
            return await asyncio.open_connection(HOST, port)

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ways = {
            asyncio.create_task(
                self._pass_on(self.client[0], writer, to_client=False), name="link to server"
            ),
            asyncio.create_task(self._pass_on(reader, self.client[1], to_client=True), name="link to client"),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, to_client: bool
    ) -> None:
        while data := await source.read(_CHUNK):
            for piece in self._pieces(data):
                await self._wait()
                kept = self._after_fault(piece, to_client=to_client)
                if kept:
                    sink.write(kept)
                    await sink.drain()
                if self._spent:
                    return
        while to_client and self.link.half_open:  # the server's end of the connection is not heard either
            await asyncio.sleep(_LISTEN_S)

    def _pieces(self, data: bytes) -> list[bytes]:
        size = self.link.fault.piece_bytes if self.link.fault is not None else None
        if size is None:
            return [data]
        return [data[i : i + size] for i in range(0, len(data), size)]

    async def _wait(self) -> None:
        if self.link.fault is not None and self.link.fault.wait_s > 0.0:
            await asyncio.sleep(self.link.fault.wait_s)

    @property
    def _spent(self) -> bool:
        """True when a cutting fault has let through all that it lets through."""
        return self._fault is not None and self._fault is self.link.fault and self._left <= 0

    def _after_fault(self, data: bytes, *, to_client: bool) -> bytes:
        """Return what arrives of a piece."""
        fault = self.link.fault
        if fault is None:
            return data
        if self.link.half_open:
            self.harmed = True
            self.link.swallowed += len(data)
            return b""
        if not to_client:
            return data
        if fault.kind is LinkFaultKind.CUT:
            return self._until_cut(fault, data)
        kept = self.link.passed(data)
        self.harmed = self.harmed or kept != data
        return kept

    def _until_cut(self, fault: LinkFault, data: bytes) -> bytes:
        if fault is not self._fault:
            self._fault, self._left = fault, int(fault.amount or 0)
        kept = data[: self._left]
        self._left -= len(kept)
        return kept
