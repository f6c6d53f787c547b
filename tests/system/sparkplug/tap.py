"""A TCP proxy that writes down what an edge node and its broker say to each other, packet by packet."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.servers.mqtt_packets import Connect, Packet, Publish, Reader


@dataclass(frozen=True)
class Seen:
    """A packet, or the end of a connection (`packet` None), in the order in which they were seen."""

    connection: int
    by_node: bool
    """True: sent by the edge node; False: by the broker."""
    packet: Packet | None
    at_s: float
    """Monotonic."""


class Tap:
    """Passes everything on, and keeps it."""

    def __init__(self, target: int, log: list[Seen] | None = None) -> None:
        self.port = 0
        self.seen: list[Seen] = [] if log is None else log
        self.sent: list[bytes] = []
        """What the edge node sent on its first connection, as it came."""
        self.refusing = False
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """End every connection without a word."""
        for writer in self._writers:
            writer.transport.abort()

    def published(self, kind: str) -> list[Publish]:
        """Return what the node published of a kind, as `DDATA`."""
        return [
            seen.packet
            for seen in self.seen
            if seen.by_node and isinstance(seen.packet, Publish) and seen.packet.topic.split("/")[2] == kind
        ]

    def connects(self) -> list[Connect]:
        """Return the CONNECTs."""
        return [seen.packet for seen in self.seen if isinstance(seen.packet, Connect)]

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self.refusing:
            writer.transport.abort()
            return
        number = len({seen.connection for seen in self.seen})
        with contextlib.suppress(ConnectionError):
            there, to_there = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(to_there)
            up, down = Reader(), Reader()
            for source, sink, parser, by_node in (
                (reader, to_there, up, True),
                (there, writer, down, False),
            ):
                work = self._pump(source, sink, parser, up, number, by_node=by_node)
                task = asyncio.create_task(work)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            return
        writer.transport.abort()

    async def close(self) -> None:
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        parser: Reader,
        up: Reader,
        number: int,
        *,
        by_node: bool,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                parser.version = up.version
                if by_node and number == 0:
                    self.sent.append(data)
                for packet in parser.feed(data):
                    self.seen.append(Seen(number, by_node, packet, time.monotonic()))
                sink.write(data)
                await sink.drain()
        if by_node:
            self.seen.append(Seen(number, by_node, None, time.monotonic()))
        sink.transport.abort()
        self._writers.discard(sink)


@asynccontextmanager
async def tapped(target: int, log: list[Seen] | None = None) -> AsyncIterator[Tap]:
    """Serve one on loopback."""
    made = Tap(target, log)
    server = await asyncio.start_server(made.accept, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.close()
        await server.wait_closed()
