"""An MQTT 3.1.1 server in the test's own loop that misbehaves as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class BrokenBroker:
    """Accepts everything and delivers nothing, but for what is set here."""

    port: int = 0
    connect_code: int | None = 0
    """Answer to CONNECT; None is silence."""
    refused_filters: int = 0
    """So many of the first filters of a SUBSCRIBE are refused."""
    acknowledges: bool = True
    answers_subscriptions: bool = True
    drops_on: Callable[[str, bytes], bool] = lambda _topic, _payload: False
    """Closes the connection instead of acknowledging such a message."""
    connections: int = 0
    published: list[tuple[str, bytes]] = field(default_factory=list)
    """What it acknowledged."""
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def say(self, topic: str, payload: bytes) -> None:
        """Send a message, QoS 0, to everybody."""
        name = topic.encode()
        body = len(name).to_bytes(2, "big") + name + payload
        for writer in self.writers:
            writer.write(b"\x30" + _length(len(body)) + body)

    def reset(self) -> None:
        """End every connection with an RST; what was said before it can still be read."""
        for writer in self.writers:
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while self._answer(*await _packet(reader), writer):
                await writer.drain()
        self.writers.discard(writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def _answer(self, kind: int, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answer one packet; False closes the connection."""
        match kind >> 4:
            case 1 if self.connect_code is not None:
                writer.write(bytes([0x20, 2, 0, self.connect_code]))
                return self.connect_code == 0
            case 3:
                return self._take(kind, body, writer)
            case 8 if self.answers_subscriptions:
                filters = _count_filters(body[2:])
                codes = b"\x80" * self.refused_filters + b"\x01" * (filters - self.refused_filters)
                writer.write(bytes([0x90, 2 + filters]) + body[:2] + codes)
            case 12:
                writer.write(b"\xd0\x00")
            case 14:
                return False
        return True

    def _take(self, kind: int, body: bytes, writer: asyncio.StreamWriter) -> bool:
        size = int.from_bytes(body[:2], "big")
        topic, number, payload = body[2 : 2 + size].decode(), body[2 + size : 4 + size], body[4 + size :]
        if self.drops_on(topic, payload):
            return False
        if self.acknowledges and kind & 0x06 == 2:
            self.published.append((topic, payload))
            writer.write(b"\x40\x02" + number)
        return True


@asynccontextmanager
async def broken_broker() -> AsyncIterator[BrokenBroker]:
    """Serve one on loopback."""
    broker = BrokenBroker()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        for writer in list(broker.writers):
            writer.close()
        await server.wait_closed()
        while broker.writers:
            await asyncio.sleep(0.01)


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind = (await reader.readexactly(1))[0]
    length, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return kind, await reader.readexactly(length)


def _length(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        encoded.append(low | (0x80 if value else 0))
        if not value:
            return bytes(encoded)


def _count_filters(body: bytes) -> int:
    count, position = 0, 0
    while position < len(body):
        position += 3 + int.from_bytes(body[position : position + 2], "big")
        count += 1
    return count
