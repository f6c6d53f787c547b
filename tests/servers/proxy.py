"""A TCP proxy in the test's own loop: a network that can be cut, or go silent without anybody noticing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Passes bytes on to a port, while it is not told otherwise."""

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, 0
        self.refusing = False
        """True: new connections are closed at once."""
        self.piece = 65536
        """So many bytes at the most are passed on at a time."""
        self._target = target
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def freeze(self) -> None:
        """Pass nothing on any more; connections stay, new ones are accepted and left alone."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._flowing.set()

    def cut(self) -> None:
        """End every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self.refusing:
            writer.transport.abort()
            return
        with contextlib.suppress(ConnectionError):
            there, to_there = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(to_there)
            for source, sink in ((reader, to_there), (there, writer)):
                task = asyncio.create_task(self._pump(source, sink))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            return
        writer.transport.abort()

    async def close(self) -> None:
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(self.piece):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.transport.abort()
        self._writers.discard(sink)


@asynccontextmanager
async def proxy(target: int, host: str = "127.0.0.1") -> AsyncIterator[Proxy]:
    """Serve one on loopback, or on another address of this machine; the target is on loopback."""
    made = Proxy(target, host)
    server = await asyncio.start_server(made.accept, host, 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.close()
        await server.wait_closed()
