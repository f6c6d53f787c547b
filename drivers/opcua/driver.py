"""The OPC UA driver: one server of a device, its session, and the tags that live there.

Read it from `open` down: connect, look everything up, then follow (`subscribe`) or poll (`read`);
`live.py` is what goes on in between. A connection is never resumed. Whatever goes wrong with it, the
next one is built from the configuration, looks every node up again and reads every value anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence

from config.devices import OpcUaDevice
from control.signal import Columns
from drivers.api import Argument, Disconnected, MethodResult, TagRef, Write, WriteResult
from drivers.frames import Frames
from drivers.inspection import Inspection, Offered
from drivers.notices import Announce, Matter, Notice, silent
from drivers.opcua.answering import ANSWERS, answer_condition
from drivers.opcua.attributes import read_limits
from drivers.opcua.browse import browse_device
from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder, warm_up
from drivers.opcua.inspecting import inspect
from drivers.opcua.live import Live
from drivers.opcua.lookup import Lookup
from drivers.opcua.methods import call_method
from drivers.opcua.plan import Plan, make_plan
from drivers.opcua.redundancy import RedundantSet
from drivers.opcua.vigil import Sight, Vigil, look, warn_of_ends
from drivers.opcua.writing import write_all


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
        self._lookup = Lookup(name, self._plan, self._decoder.views)
        self._live: Live | None = None
        self._servers = RedundantSet((device.endpoint, *device.redundant))
        self._vigil = Vigil(device)
        self._ends_told: dict[str, int] = {}
        self._heard_ns = 0
        self.announce: Announce = silent

    @property
    def subscribes(self) -> bool:
        """Whether tags or events are followed; a device with polled tags alone is polled by the host."""
        return bool(self._plan.followed) or self._device.events is not None

    @property
    def more_due(self) -> bool:
        """Whether the last `read` left something for the next."""
        return self._live is not None and self._live.more_due

    @property
    def facts(self) -> Mapping[str, float | str | None]:
        """What is known of the server now, for the gateway's health."""
        return {
            "endpoint": self._servers.current,
            **self._vigil.facts,
            **(self._live.facts if self._live is not None else {}),
            "strays": self._decoder.strays,
            **self._decoder.doubts.facts,
        }

    def last_frames(self) -> Sequence[str]:
        """Return the last requests and answers, oldest first."""
        return self._frames.texts()

    def plan(self, tags: Sequence[TagRef]) -> Mapping[int, str]:
        """Decide which tags are followed and which are polled; returns those that cannot be either."""
        self._plan = make_plan(self._device, tags)
        self._decoder = Decoder(self._plan, self._device.clock_tolerance)
        self._lookup = Lookup(self._name, self._plan, self._decoder.views)
        return self._plan.refused

    async def open(self) -> None:
        """Connect, read the server's limits and namespaces, look every node up.

        Raises:
            DriverError: the server cannot be reached, refuses, or is not trusted.
        """
        await self.close()
        await asyncio.to_thread(warm_up)
        before, now = self._servers.current, asyncio.get_running_loop().time()
        connection, sight = await self._servers.connect(self._attempt, now)
        try:
            limits = await read_limits(connection, self._device.max_operations)
        except BaseException:
            await connection.close()
            raise
        self._decoder.clear()
        self._live = Live(
            connection,
            self._device,
            self._name,
            plan=self._plan,
            limits=limits,
            decoder=self._decoder,
            lookup=self._lookup,
            announce=self.announce,
        )
        if self._servers.current != before:
            detail = f"{self._servers.current} instead of {before} ({sight.words})"
            self.announce(Notice(Matter.ENDPOINT_CHANGED, detail, time.time_ns(), float(sight.level)))
        self._heed(connection, sight, now)
        self._lookup.begin()
        await self._lookup.look_up(connection, limits, self._plan.items)

    async def _attempt(self, endpoint: str) -> tuple[Connection, Sight]:
        """Connect to one of the servers, and ask it how it is."""
        connection = Connection(self._device, self._name, self._frames, endpoint)
        try:
            await connection.open()
            return connection, await look(connection)
        except BaseException:
            await connection.close()
            raise

    async def _watch(self, connection: Connection) -> float:
        """Look at the server when it is time to; return when it is next.

        Raises:
            DriverError: the connection is to be given up, as another server of the set is better.
        """
        now = asyncio.get_running_loop().time()
        if now >= self._vigil.next:
            sight = await look(connection)
            self._heed(connection, sight, now)
            self._vigil.check_state()
            if self._servers.should_change(sight, now):
                raise Disconnected(f"{sight.words}: another server of the set is tried")
        return self._vigil.next

    def _heed(self, connection: Connection, sight: Sight, now: float) -> None:
        self._vigil.take(sight, now, self.announce)
        self._decoder.doubts.announce(self.announce)
        warn_of_ends(connection.certificates, self._ends_told, self.announce)

    async def close(self) -> None:
        """Disconnect. May be repeated; safe after a failed open."""
        live, self._live = self._live, None
        if live is not None:
            await live.close()

    async def read(self) -> Columns:
        """Read the polled tags that are due, at most one request's worth of them.

        Raises:
            DriverError: the whole device.
        """
        live = self._opened()
        await live.connection.keep()
        await self._watch(live.connection)
        return await live.read_due()

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Read these tags now.

        Raises:
            DriverError: the whole device.
        """
        live, by_tag = self._opened(), self._plan.by_tag
        return await live.read([by_tag[tag] for tag in tags if tag in by_tag])

    async def subscribe(self) -> AsyncIterator[Columns]:
        """Follow the tags: a reading of everything first, then what changes, as it comes.

        Raises:
            DriverError: the whole device.
        """
        live = self._opened()
        async with contextlib.aclosing(live.follow(self._heard_ns, self._watch)) as stream:
            async for columns in stream:
                self._heard_ns = time.time_ns()
                yield columns

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Write values, each in its node's own type.

        Raises:
            DriverError: the whole device.
        """
        live = self._opened()
        return await write_all(live.connection, live.limits.write, self._plan, self._lookup.nodes, writes)

    async def call(self, method: str, arguments: Sequence[Argument]) -> MethodResult:
        """Call a method of the configuration, or answer a condition of the server's own.

        Raises:
            DriverError: the whole device; whether it was carried out is not known.
        """
        if method in ANSWERS:
            connection = self._opened().connection
            return await answer_condition(connection, self._lookup.namespaces, method, arguments)
        wanted = self._device.methods.get(method)
        if wanted is None:
            return MethodResult(f"the device has no method {method!r}")
        live = self._opened()
        return await call_method(live.connection, live.limits, self._lookup.namespaces, wanted, arguments)

    def browse(self, under: str) -> AsyncIterator[Offered]:
        """Walk the server's address space, on a connection of its own; see `drivers.inspection`."""
        return browse_device(self._name, self._device, under)

    async def inspect(self) -> Inspection:
        """Ask the server about itself and every planned tag.

        Raises:
            DriverError: the whole device.
        """
        live = self._opened()
        return await inspect(live.connection, live.limits, self._plan, self._lookup.nodes, self._vigil.sight)

    def _opened(self) -> Live:
        if self._live is None:
            raise Disconnected("not connected")
        return self._live
