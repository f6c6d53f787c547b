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

from config.devices import OpcUaDevice
from control.signal import Columns
from drivers.api import Disconnected, TagRef, Write, WriteResult
from drivers.frames import Frames
from drivers.opcua.attributes import Limits, read_limits
from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder, warm_up
from drivers.opcua.following import Follower
from drivers.opcua.lookup import NAMED, Lookup
from drivers.opcua.nodes import Node
from drivers.opcua.plan import Item, Plan, Polling, Round, Slices, make_plan
from drivers.opcua.reading import Reader
from drivers.opcua.writing import write_all

_log = logging.getLogger(__name__)


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
        self._lookup = Lookup(name, self._plan)
        self._polling = Polling((), 0.0)
        self._waiting: list[Item] = []

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
        self._lookup = Lookup(self._name, self._plan)
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
        self._decoder.clear()
        self._lookup.begin()
        self._reader = Reader(connection, self._limits.read, self._decoder, self._lookup.nodes)
        await self._lookup.look_up(connection, self._limits, self._plan.items)
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
        await self._lookup.look_again(connection, self._limits)
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
        loop = asyncio.get_running_loop()
        try:
            await self._follow(follower, self._plan.followed)
            follower.start()
            yield await self._read(self._plan.followed)
            round_ = Round(self._plan.followed, loop.time())
            while True:
                await connection.keep()
                if late := await self._lookup.look_again(connection, self._limits):
                    await self._follow(follower, [item for item in late if item.is_read and not item.polled])
                    yield await self._read([item for item in late if item.is_read])
                for due in (
                    self._polling.take(loop.time()),
                    round_.take(loop.time(), self._limits.read.size),
                    [self._plan.items[handle] for handle in follower.take_suspects()],
                ):
                    if due:
                        yield await self._read(due)
                until = min(self._polling.next, round_.next, self._lookup.again_at)
                for columns in await follower.changes(until):
                    self._lookup.heed(columns)
                    yield columns
        finally:
            await follower.stop()

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Write values, each in its node's own type.

        Raises:
            DriverError: the whole device.
        """
        return await write_all(self._connected(), self._limits.write, self._plan, self._lookup.nodes, writes)

    def _connected(self) -> Connection:
        if self._connection is None:
            raise Disconnected("not connected")
        return self._connection

    async def _read(self, items: Sequence[Item]) -> Columns:
        if self._reader is None:
            raise Disconnected("not connected")
        columns = await self._reader.read(items)
        self._lookup.heed(columns)
        return columns

    async def _follow(self, follower: Follower, items: Sequence[Item]) -> None:
        """Subscribe to the items that have a node; what the server refuses to follow is polled."""
        entries = [
            (item, node) for item in items if isinstance(node := self._lookup.nodes[item.handle], Node)
        ]
        refused = await follower.add(entries)
        for handle, fault in list(refused.items())[:NAMED]:
            _log.warning("tag is polled: tag=%s reason=%s", self._plan.items[handle].name, fault.reason)
        if len(refused) > NAMED:
            _log.warning("further tags are polled: device=%s count=%d", self._name, len(refused) - NAMED)
        polled = [replace(self._plan.items[at], period_s=self._device.period) for at in refused]
        self._polling.add(polled, asyncio.get_running_loop().time())
