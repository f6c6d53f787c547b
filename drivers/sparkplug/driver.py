"""Devices behind a Sparkplug B edge node, as inputs: the driver is a host application of its own.

One device of the configuration is one edge node. To connect is to reach the broker, ask for a rebirth
and get it; an NDEATH ends the connection, a DDEATH makes the tags of one Sparkplug device bad. A write
is an NCMD or DCMD, and is done when the metric's echo says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from config.devices import OtherDevice
from config.sparkplug_device import SparkplugAddress
from config.tags import Access
from control.signal import BAD, COMM, Columns
from drivers.api import Disconnected, TagRef, Write, WriteResult
from drivers.sparkplug.arrivals import Arrivals, columns
from drivers.sparkplug.commanding import Commander
from drivers.sparkplug.datatypes import Datatype
from drivers.sparkplug.encode import encode
from drivers.sparkplug.link import NAMESPACE, Link
from drivers.sparkplug.payload import Metric, Payload
from drivers.sparkplug.settings import settings_of
from drivers.sparkplug.view import Address, EdgeNodeView, Sample, Wants

_FRAMES: Final = 20
_KEEP_ALIVES: Final = 4
"""In the time after which a silent device counts as dead."""
REBIRTH: Final = "Node Control/Rebirth"


class SparkplugDriver:
    """One edge node."""

    subscribes = True
    more_due = False

    def __init__(self, name: str, device: OtherDevice) -> None:
        """Check the settings; nothing is connected yet.

        Raises:
            DriverError: the settings are wrong.
        """
        self._settings = settings_of(name, device)
        self._timeout_s = device.timeout
        self._keep_alive_s = device.dead_after / _KEEP_ALIVES
        self._addresses: dict[int, Address] = {}
        self._readable: frozenset[int] = frozenset()
        self._view = EdgeNodeView({}, {})
        self._link: Link | None = None
        self._arrivals = Arrivals()
        self._commander = Commander(self._arrivals, self._send, self._check, device.timeout)
        self._arrived = asyncio.Event()
        self._end: str | None = None
        self._frames: deque[str] = deque(maxlen=_FRAMES)
        self._reorder: asyncio.TimerHandle | None = None
        self._heard_at = self._probed_at = 0.0

    def plan(self, tags: Sequence[TagRef]) -> Mapping[int, str]:
        """Take the addresses of the tags; no I/O."""
        self._addresses, unreadable = {}, {}
        for ref in tags:
            try:
                address = SparkplugAddress.model_validate(ref.tag.address)
            except ValidationError as error:
                unreadable[ref.index] = f"not an address of this driver: {error.errors()[0]['msg']}"
            else:
                self._addresses[ref.index] = (address.device, address.metric)
        refs = {ref.index: ref for ref in tags if ref.index in self._addresses}
        self._readable = frozenset(index for index, ref in refs.items() if ref.tag.access is not Access.WRITE)
        self._view = EdgeNodeView(refs, self._addresses)
        return unreadable

    @property
    def facts(self) -> Mapping[str, float | str | None]:
        """How often so much waited for the host that it went, and a rebirth was asked for."""
        return {"overflows": self._arrivals.overflows}

    def last_frames(self) -> Sequence[str]:
        """Return the last messages, oldest first."""
        return list(self._frames)

    async def open(self) -> None:
        """Connect to the broker, and have the edge node born.

        Raises:
            Disconnected: the broker cannot be reached, or the edge node is not there.
        """
        await self.close()
        self._view.clear()
        self._arrivals.clear()
        self._end = None
        self._link = link = Link(self._settings, self._take, self._ended)
        await link.open(self._timeout_s)
        self._ask_rebirth()
        if not await self._born(lambda: self._view.born):
            node = f"{self._settings.group}/{self._settings.edge_node}"
            raise Disconnected(f"the edge node {node} does not answer a rebirth request")
        await self._born(lambda: self._view.complete)  # a device of it may be away
        self._keep(self._view.absent(time.time_ns()))

    async def _born(self, enough: Callable[[], bool]) -> bool:
        """Wait for births; whether they came in time.

        Raises:
            Disconnected: the connection has ended.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                while not enough():
                    self._check()
                    self._arrived.clear()
                    await self._arrived.wait()
        return enough()

    async def close(self) -> None:
        """Disconnect."""
        if self._reorder is not None:
            self._reorder.cancel()
            self._reorder = None
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def read(self) -> Columns:
        """An edge node speaks by itself."""
        raise NotImplementedError("the host iterates subscribe")

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Return what was last heard of these tags.

        Raises:
            Disconnected: the connection has ended.
        """
        self._check()
        now_ns = time.time_ns()
        last = self._arrivals.last
        return columns([last.get(tag) or Sample(tag, None, BAD | COMM, now_ns) for tag in tags])

    async def subscribe(self) -> AsyncIterator[Columns]:
        """Yield what arrives, and empty columns while nothing does.

        Raises:
            Disconnected: the edge node died, or the connection has ended.
        """
        while True:
            for arrived in self._arrivals.take():
                samples = [sample for sample in arrived if sample.tag in self._readable]
                if samples:
                    yield columns(samples)
            self._check()
            self._arrived.clear()
            try:
                async with asyncio.timeout(self._keep_alive_s):
                    await self._arrived.wait()
            except TimeoutError:
                if not self._probing():
                    yield Columns.empty()

    def _probing(self) -> bool:
        """Ask a node that is quiet whether it lives; True while its answer is awaited.

        Raises:
            Disconnected: it did not answer.
        """
        quiet_s = time.monotonic() - self._heard_at
        after_s = self._settings.probe_after
        if after_s is None or quiet_s < after_s:
            return False
        if self._probed_at <= self._heard_at:
            self._ask_rebirth()
            self._probed_at = time.monotonic()
        elif time.monotonic() - self._probed_at >= self._timeout_s:
            raise Disconnected(f"the edge node has been quiet for {quiet_s:.1f} s and does not answer")
        return True

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Command one by one, each verified by its echo.

        Raises:
            Disconnected: the connection has ended.
        """
        addresses = self._addresses
        return [await self._commander.write(one, addresses.get(one.tag), self._view) for one in writes]

    def _send(self, device: str, payload: bytes, told: str) -> None:
        if self._link is None:
            raise Disconnected("not connected")
        kind = "DCMD" if device else "NCMD"
        levels = [
            NAMESPACE,
            self._settings.group,
            kind,
            self._settings.edge_node,
            *([device] if device else []),
        ]
        self._frames.append(f"> {kind} {device} {told}".replace("  ", " "))
        self._link.publish("/".join(levels), payload)

    def _ask_rebirth(self) -> None:
        control = Metric(REBIRTH, value=True, datatype=Datatype.BOOLEAN)
        self._send("", encode(Payload([control], time.time_ns() // 1_000_000)), REBIRTH)

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:
        """Take a message of the edge node."""
        levels = topic.split("/")
        kind, device = levels[2], "/".join(levels[4:])
        if retained or kind in ("NCMD", "DCMD"):
            return
        self._frames.append(f"< {kind} {device} {len(payload)} bytes".replace("  ", " "))
        self._heard_at = time.monotonic()
        samples, wants = self._view.take(kind, device, payload, time.time_ns())
        self._keep(samples)
        if wants is Wants.END:
            self._ended("the edge node died")
        elif wants is Wants.REBIRTH and self._view.born and self._link is not None and self._link.alive:
            self._ask_rebirth()
        self._watch_order()
        self._arrived.set()

    def _keep(self, samples: list[Sample]) -> None:
        if not self._arrivals.put(samples) and self._link is not None and self._link.alive:
            self._ask_rebirth()

    def _watch_order(self) -> None:
        """Ask for a rebirth when a missing message does not come in time."""
        if not self._view.numbers.incomplete:
            if self._reorder is not None:
                self._reorder.cancel()
                self._reorder = None
        elif self._reorder is None:
            loop = asyncio.get_running_loop()
            self._reorder = loop.call_later(self._settings.reorder_timeout, self._missing)

    def _missing(self) -> None:
        self._reorder = None
        if self._link is not None and self._link.alive:
            self._ask_rebirth()

    def _ended(self, reason: str) -> None:
        self._end = reason
        self._arrived.set()
        self._arrivals.wake()

    def _check(self) -> None:
        if self._end is not None:
            raise Disconnected(self._end)
        if self._link is None:
            raise Disconnected("not connected")
