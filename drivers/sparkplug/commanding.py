"""Writes to an edge node: a command for a metric, which is done when the metric's echo says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from drivers.api import Holds, Write, WriteResult
from drivers.sparkplug.arrivals import Arrivals
from drivers.sparkplug.encode import encode
from drivers.sparkplug.outgoing import to_write
from drivers.sparkplug.payload import Metric, Payload
from drivers.sparkplug.values import UnsuitableValue
from drivers.sparkplug.view import Address, EdgeNodeView

Send = Callable[[str, bytes, str], None]
"""Device (none is the edge node itself), payload, and what it says, for people. Raises Disconnected."""
_NS_PER_MS: Final = 1_000_000


class Commander:
    """Commands metrics, one after the other."""

    def __init__(
        self, arrivals: Arrivals, send: Send, check: Callable[[], None], echoes_within_s: float
    ) -> None:
        """`check` raises Disconnected when the connection has ended."""
        self._arrivals, self._send, self._check = arrivals, send, check
        self._within_s = echoes_within_s

    async def write(self, write: Write, address: Address | None, view: EdgeNodeView) -> WriteResult:
        """Command one metric, and wait for its echo.

        Raises:
            Disconnected: the connection has ended.
        """
        if address is None:
            return WriteResult(write.tag, "no such tag")
        kind = view.datatype(address)
        if kind is None:
            return WriteResult(write.tag, f"no birth has a metric {address[1]!r}")
        device, name = address
        try:
            value = to_write(kind, write.value)
            alias = view.alias(address)
            metric = Metric("" if alias is not None else name, value, kind, alias)
            payload = encode(Payload([metric], time.time_ns() // _NS_PER_MS))
        except UnsuitableValue as error:
            return WriteResult(write.tag, str(error))
        with self._arrivals.echo(write.tag) as echo:
            self._send(device, payload, f"{name}={value!r}")
            return await self._echoed(write.tag, echo, value)

    async def _echoed(self, tag: int, echo: asyncio.Event, value: float | str) -> WriteResult:
        """Wait for the metric to say the value that was written."""
        wanted = float(value) if isinstance(value, bool) else value
        last = self._arrivals.last
        try:
            async with asyncio.timeout(self._within_s):
                while True:
                    await echo.wait()
                    echo.clear()
                    self._check()
                    if last[tag].value == wanted:
                        return WriteResult(tag, wrote=wanted, verified=True)
        except TimeoutError:
            told = repr(last[tag].value) if tag in last else "nothing"
            why = f"not taken: the metric does not say so (it says {told})"
            return WriteResult(tag, why, holds=Holds.ANOTHER)
