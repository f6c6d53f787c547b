"""The OPC UA driver: one server, its session, and the tags that live there.

Read it from `open` down: connect, look everything up, then follow (`subscribe`) or poll (`read`).
A connection is never resumed. Whatever goes wrong with it, the next one is built from the
configuration, looks every node up again and reads every value anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from config.devices import OpcUaDevice
from control.signal import Columns
from drivers.api import Disconnected, TagRef, Write, WriteResult
from drivers.frames import Frames
from drivers.opcua.attributes import Limits, read_limits, read_namespaces
from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder, warm_up
from drivers.opcua.following import Follower
from drivers.opcua.nodes import Fault, Node, verify
from drivers.opcua.plan import Item, Plan, Polling, Slices, make_plan
from drivers.opcua.reading import Reader
from drivers.opcua.writing import write_all

_log = logging.getLogger(__name__)

RECHECK_FIRST_S: Final = 0.5
RECHECK_LAST_S: Final = 60.0
"""Items that could not be used are looked up again, soon and then ever more rarely: many servers
answer before they have loaded their nodes."""
TOLD: Final = 10
"""Faults that are named in the log; the others are counted."""


class OpcUaDriver:
    """Speaks OPC UA with one server; see `drivers.api.Driver` for the contract."""

    prepare = staticmethod(warm_up)
    """Compiles the decoder; `open` does it where nobody has."""

    def __init__(self, name: str, device: OpcUaDevice) -> None:
        """`name` is the device's in the configuration."""
        self._device, self._name = device, name
        self._frames = Frames()
        self._plan: Plan = make_plan(device, ())
        self._decoder = Decoder(self._plan, device.clock_tolerance)
        self._connection: Connection | None = None
        self._follower: Follower | None = None
        self._reader: Reader | None = None
        self._limits = Limits(Slices(), Slices(), Slices(), Slices())
        self._nodes: dict[int, Node | Fault] = {}
        self._polling = Polling((), 0.0)
        self._waiting: list[Item] = []
        self._recheck_at = float("inf")
        self._recheck_s = RECHECK_FIRST_S
        self._told: dict[int, int] = {}

    @property
    def subscribes(self) -> bool:
        """Whether something is followed; a device with polled tags alone is polled by the host."""
        return bool(self._plan.followed)

    @property
    def more_due(self) -> bool:
        """Whether the last `read` left something for the next."""
        return bool(self._waiting)

    @property
    def gaps(self) -> int:
        """Messages of the present session that were lost for good."""
        return self._follower.gaps if self._follower is not None else 0

    @property
    def strays(self) -> int:
        """Values that came for items nobody asked for, and were dropped."""
        return self._decoder.strays

    def last_frames(self) -> Sequence[str]:
        """Return the last requests and answers, oldest first."""
        return self._frames.texts()

    def plan(self, tags: Sequence[TagRef]) -> Mapping[int, str]:
        """Decide which tags are followed and which are polled; returns those that cannot be either."""
        self._plan = make_plan(self._device, tags)
        self._decoder = Decoder(self._plan, self._device.clock_tolerance)
        return self._plan.refused

    async def open(self) -> None:
        """Connect, read the server's limits and namespaces, look every node up.

        Raises:
            DriverError: the server cannot be reached, refuses, or is not trusted.
        """
        await self.close()
        await asyncio.to_thread(warm_up)
        connection = self._connection = Connection(self._device, self._name, self._frames)
        await connection.open()
        self._limits = await read_limits(connection)
        self._nodes = {}
        self._recheck_s = RECHECK_FIRST_S
        self._decoder.clear()
        self._reader = Reader(connection, self._limits.read, self._decoder, self._nodes)
        await self._look_up(self._plan.items)
        self._polling = Polling(self._plan.polled, asyncio.get_running_loop().time())
        self._waiting = []

    async def close(self) -> None:
        """Disconnect. May be repeated; safe after a failed open."""
        follower, self._follower = self._follower, None
        connection, self._connection = self._connection, None
        self._reader = None
        if follower is not None:
            await follower.stop()
        if connection is not None:
            await connection.close()

    async def read(self) -> Columns:
        """Read the polled tags that are due, at most one request's worth of them.

        Raises:
            DriverError: the whole device.
        """
        connection = self._connected()
        await connection.keep()
        await self._recheck()
        if not self._waiting:
            self._waiting = self._polling.take(asyncio.get_running_loop().time())
        part = self._waiting[: self._limits.read.size]
        columns = await self._read(part)
        self._waiting = self._waiting[len(part) :]
        return columns

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Read these tags now.

        Raises:
            DriverError: the whole device.
        """
        return await self._read([self._plan.by_tag[tag] for tag in tags if tag in self._plan.by_tag])

    async def subscribe(self) -> AsyncIterator[Columns]:
        """Follow the tags: a reading of everything first, then what changes, as it comes.

        Raises:
            DriverError: the whole device.
        """
        connection = self._connected()
        follower = self._follower = Follower(
            connection, self._device, self._name, self._limits, self._decoder
        )
        try:
            await self._follow(follower, self._plan.followed)
            follower.start()
            yield await self._read(self._plan.followed)
            while True:
                await connection.keep()
                if late := [item for item in await self._recheck() if item.is_read]:
                    await self._follow(follower, [item for item in late if not item.polled])
                    yield await self._read(late)
                if due := self._polling.take(asyncio.get_running_loop().time()):
                    yield await self._read(due)
                for columns in await follower.changes(min(self._polling.next, self._recheck_at)):
                    yield columns
                if suspects := follower.take_suspects():
                    yield await self._read([self._plan.items[handle] for handle in suspects])
        finally:
            await follower.stop()

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Write values, each in its node's own type.

        Raises:
            DriverError: the whole device.
        """
        return await write_all(self._connected(), self._limits.write, self._plan, self._nodes, writes)

    def _connected(self) -> Connection:
        if self._connection is None:
            raise Disconnected("not connected")
        return self._connection

    async def _read(self, items: Sequence[Item]) -> Columns:
        if self._reader is None:
            raise Disconnected("not connected")
        return await self._reader.read(items)

    async def _follow(self, follower: Follower, items: Sequence[Item]) -> None:
        """Subscribe to the items that have a node; what the server refuses to follow is polled."""
        entries = [(item, node) for item in items if isinstance(node := self._nodes[item.handle], Node)]
        refused = await follower.add(entries)
        for handle, fault in list(refused.items())[:TOLD]:
            _log.warning("tag is polled: tag=%s reason=%s", self._plan.items[handle].name, fault.reason)
        if len(refused) > TOLD:
            _log.warning("further tags are polled: device=%s count=%d", self._name, len(refused) - TOLD)
        polled = [replace(self._plan.items[at], period_s=self._device.period) for at in refused]
        self._polling.add(polled, asyncio.get_running_loop().time())

    async def _recheck(self) -> list[Item]:
        """When it is time, look up again what could not be used; returns what was looked up."""
        if asyncio.get_running_loop().time() < self._recheck_at:
            return []
        faulty = [item for item in self._plan.items if isinstance(self._nodes[item.handle], Fault)]
        self._recheck_s = min(2 * self._recheck_s, RECHECK_LAST_S)
        await self._look_up(faulty)
        return faulty

    async def _look_up(self, items: Sequence[Item]) -> None:
        """Look nodes up, and plan when to do so again for those that cannot be used."""
        connection = self._connected()
        namespaces = await read_namespaces(connection)
        found = await verify(connection, self._limits, namespaces, items)
        self._nodes |= found
        self._tell(found)
        has_faults = any(isinstance(node, Fault) for node in self._nodes.values())
        now = asyncio.get_running_loop().time()
        self._recheck_at = now + self._recheck_s if has_faults else float("inf")

    def _tell(self, found: Mapping[int, Node | Fault]) -> None:
        """Log what cannot be used, once for each tag and reason."""
        faults = {handle: node for handle, node in found.items() if isinstance(node, Fault)}
        news = [(handle, fault) for handle, fault in faults.items() if self._told.get(handle) != fault.status]
        for handle, fault in news[:TOLD]:
            _log.warning("tag cannot be used: tag=%s reason=%s", self._plan.items[handle].name, fault.reason)
        if len(news) > TOLD:
            _log.warning("further tags cannot be used: device=%s count=%d", self._name, len(news) - TOLD)
        self._told = {handle: status for handle, status in self._told.items() if handle not in found}
        self._told |= {handle: fault.status for handle, fault in faults.items()}
