"""Browsers in front of the screens, for the benchmark: pages that are loaded and kept open as browsers do.

A browser here is the page fetched over HTTP and the websocket that its script would open (engine.io 4,
socket.io 5), with pings answered and messages acknowledged: the server does all that it does for a real
one, and this machine does not have to draw twenty pages meanwhile.
"""

from __future__ import annotations

import ast
import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect

_QUERY = re.compile(r"query: (\{.*?\}),\n")
_ACKNOWLEDGE_EVERY_S = 1.0


class PageBrowser:
    """One open page; counts what is sent to it."""

    def __init__(self, page: str, cookies: dict[str, str], address: str) -> None:
        """Take a page that was fetched, with the cookies that came with it."""
        found = _QUERY.search(page)
        assert found is not None, "the page does not say how to connect"
        self._query: dict[str, Any] = ast.literal_eval(found.group(1))
        self._cookies, self._address = cookies, address
        self._next = int(self._query.get("next_message_id", 0))
        self._acknowledged = self._next
        self.messages = self.bytes = self.updates = 0
        """What has come: messages, their characters, and elements that were given something new."""

    async def stay(self, connected: asyncio.Event) -> None:
        """Keep the page open until cancelled."""
        query = {
            **{name: str(value).lower() for name, value in self._query.items() if isinstance(value, bool)},
            **{name: value for name, value in self._query.items() if not isinstance(value, bool)},
            "document_id": str(uuid.uuid4()),
            "tab_id": str(uuid.uuid4()),
            "EIO": "4",
            "transport": "websocket",
        }
        address = f"{self._address.replace('http', 'ws', 1)}/_nicegui_ws/socket.io/?{urlencode(query)}"
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        async with (
            connect(address, additional_headers={"Cookie": cookie}, max_size=None) as socket,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(self._acknowledge(socket))
            async for message in socket:
                await self._take(socket, str(message), connected)

    async def _take(self, socket: ClientConnection, message: str, connected: asyncio.Event) -> None:
        self.messages += 1
        self.bytes += len(message)
        if message.startswith("0"):
            await socket.send("40")
        elif message.startswith("40"):
            connected.set()
        elif message == "2":
            await socket.send("3")
        elif message.startswith("42"):
            event, *arguments = orjson.loads(message[2:])
            self._next += 1
            if event == "update":
                self.updates += sum(number.isdecimal() for number in arguments[0])

    async def _acknowledge(self, socket: ClientConnection) -> None:
        while True:
            await asyncio.sleep(_ACKNOWLEDGE_EVERY_S)
            if self._acknowledged < self._next:
                self._acknowledged = self._next
                content = {"client_id": self._query["client_id"], "next_message_id": self._next}
                await socket.send(f"42{orjson.dumps(['ack', content]).decode()}")


@asynccontextmanager
async def open_pages(address: str, path: str, count: int) -> AsyncIterator[Sequence[PageBrowser]]:
    """Keep some browsers at a page while inside."""
    browsers, tasks = [], []
    try:
        for _ in range(count):
            async with httpx.AsyncClient(timeout=30.0) as http:
                answer = await http.get(address + path)
                answer.raise_for_status()
                browsers.append(PageBrowser(answer.text, dict(http.cookies), address))
            connected = asyncio.Event()
            tasks.append(asyncio.create_task(browsers[-1].stay(connected)))
            async with asyncio.timeout(30.0):
                await connected.wait()
        yield browsers
        broken = [task for task in tasks if task.done()]
        assert not broken, f"{len(broken)} browsers lost their page: {broken[0]}"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
