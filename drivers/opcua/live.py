"""One session with a server, from the look-up of its nodes to its end: following, polling, filling gaps."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from config.devices import OpcUaDevice
from control.signal import BAD, OVERFLOW, Columns
from drivers.notices import Announce, Matter, Notice
from drivers.opcua.attributes import Limits
from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder
from drivers.opcua.following import Follower
from drivers.opcua.history import History
from drivers.opcua.lookup import NAMED, Lookup
from drivers.opcua.node import Node
from drivers.opcua.plan import Item, Plan, Polling, Round
from drivers.opcua.reading import Reader
from drivers.opcua.status import INFO_IS_OF_VALUE, INFO_OVERFLOW

_log = logging.getLogger(__name__)

TOLD_EACH_S: Final = 60.0
"""Lost samples are announced at most so often; the samples after each loss carry the mark in any case."""


class Live:
    """A session. Broken once means broken for good: make another."""

    def __init__(
        self,
        connection: Connection,
        device: OpcUaDevice,
        name: str,
        *,
        plan: Plan,
        limits: Limits,
        decoder: Decoder,
        lookup: Lookup,
        announce: Announce,
    ) -> None:
        """`decoder` and `lookup` are the plan's, and outlive the session."""
        self.connection, self.limits = connection, limits
        self._device, self._name, self._plan = device, name, plan
        self._decoder, self._lookup, self._announce = decoder, lookup, announce
        self._reader = Reader(connection, limits.read, decoder, lookup.nodes)
        self._follower = Follower(connection, device, name, limits, decoder)
        self._history = History(connection, limits, decoder, lookup.nodes, announce)
        self._polling = Polling(plan.polled, asyncio.get_running_loop().time())
        self._waiting: list[Item] = []
        self._tell_at = 0.0
        self._lost = 0

    @property
    def more_due(self) -> bool:
        """Whether the last `read_due` left something for the next."""
        return bool(self._waiting)

    @property
    def facts(self) -> Mapping[str, float | str | None]:
        """What the subscriptions have been through."""
        return {
            "messages_lost": self._follower.gaps,
            "messages_republished": self._follower.republished,
            "queue_overflows": self._lost,
        }

    async def close(self) -> None:
        """End publishing and the connection. May be repeated."""
        await self._follower.stop()
        await self.connection.close()

    async def read_due(self) -> Columns:
        """Read the polled items that are due, at most one request's worth of them.

        Raises:
            DriverError: the whole device.
        """
        await self._lookup.look_again(self.connection, self.limits)
        if not self._waiting:
            self._waiting = self._polling.take(asyncio.get_running_loop().time())
        part = self._waiting[: self.limits.read.size]
        columns = await self.read(part)
        self._waiting = self._waiting[len(part) :]
        return columns

    async def read(self, items: Sequence[Item]) -> Columns:
        """Read items now.

        Raises:
            DriverError: the whole device.
        """
        columns = await self._reader.read(items)
        self._lookup.heed(columns)
        return columns

    async def follow(
        self, heard_ns: int, watch: Callable[[Connection], Awaitable[float]]
    ) -> AsyncGenerator[Columns, None]:
        """Follow the plan's items: a reading of everything first, then what changes, as it comes.

        Args:
            heard_ns: when an earlier session last heard of the server; 0: there was none.
            watch: looks at the server itself when it is time to, and returns when it is next.

        Raises:
            DriverError: the whole device.
        """
        try:
            async for columns in self._following(heard_ns, watch):
                yield columns
        finally:
            await self._follower.stop()

    async def _following(
        self, heard_ns: int, watch: Callable[[Connection], Awaitable[float]]
    ) -> AsyncGenerator[Columns, None]:
        loop, follower, plan = asyncio.get_running_loop(), self._follower, self._plan
        await self._add(plan.followed)
        events, feed = self._device.events, None
        if events is not None:
            feed = await follower.follow_events(events, self._lookup.namespaces)
        follower.start()
        yield await self._first_reading(heard_ns)
        round_ = Round(plan.followed, loop.time())
        while True:
            await self.connection.keep()
            look_at = await watch(self.connection)
            if late := await self._lookup.look_again(self.connection, self.limits):
                await self._add([item for item in late if item.is_read and not item.polled])
                yield await self.read([item for item in late if item.is_read])
            for due in (
                self._polling.take(loop.time()),
                round_.take(loop.time(), self.limits.read.size),
            ):
                if due:
                    yield await self.read(due)
            if suspects := follower.take_suspects():
                yield await self._read_after_loss(suspects)
            if feed is not None:
                await feed.refresh()
            if self._history.pending:
                yield await self._history.next()
            until = min(self._polling.next, round_.next, self._lookup.again_at, look_at)
            until = loop.time() if self._history.pending else until
            before_ns = self._decoder.latest_ns.copy()
            for columns in await follower.changes(until):
                self._lookup.heed(columns)
                self._heed_overflow(columns, before_ns)
                yield columns
            for condition in feed.take() if feed is not None else ():
                self._announce(condition)

    async def _first_reading(self, heard_ns: int) -> Columns:
        """Read everything; where an earlier session was broken, fill or mark what is missing in between."""
        before_ns = self._decoder.latest_ns.copy()
        columns = await self.read(self._plan.followed)
        if not heard_ns:
            return columns
        handles = [item.handle for item in self._plan.followed]
        if self._device.read_history:
            earliest_ns = time.time_ns() - int(self._device.history_limit * 1e9)
            self._history.want(handles, before_ns, self._decoder.latest_ns, max(heard_ns, earliest_ns))
        if (time.time_ns() - heard_ns) / 1e9 < self._device.dead_after:
            # Nobody has marked the tags in so short a time: the gap must show all the same.
            gone = [h for h in handles if not (self._device.read_history and self._history.keeps(h))]
            self._mark_changed(columns, gone, before_ns)
        return columns

    def _mark_changed(
        self, columns: Columns, handles: Sequence[int], before_ns: npt.NDArray[np.int64]
    ) -> None:
        """Mark samples that are others than the last one known: some between them may be missing."""
        tags = {self._plan.items[handle].tag: before_ns[handle] for handle in handles}
        known_ns = np.array([tags.get(tag, 0) for tag in columns.tag.tolist()], np.int64)
        missed = (known_ns > 0) & (columns.source_ns != known_ns) & (columns.quality < BAD)
        columns.quality[missed] |= np.uint32(OVERFLOW)

    async def _read_after_loss(self, handles: Sequence[int]) -> Columns:
        """Read items of which messages were lost, and have what is missing looked for."""
        before_ns = self._decoder.latest_ns.copy()
        columns = await self.read([self._plan.items[handle] for handle in handles])
        self._miss(handles, before_ns, self._decoder.latest_ns, "messages of the subscription were lost")
        return columns

    def _heed_overflow(self, columns: Columns, before_ns: npt.NDArray[np.int64]) -> None:
        """Take note of samples that say that the server's queue has dropped some before them."""
        bits = np.uint32(INFO_IS_OF_VALUE | INFO_OVERFLOW)
        over = np.flatnonzero(columns.status & bits == bits)
        if not len(over):
            return
        self._lost += len(over)
        tags = np.unique(columns.tag[over])
        handles = [self._plan.by_tag[tag].handle for tag in tags.tolist()]
        # Servers differ in which of the samples says it: whatever is not among those that came is missing.
        known_ns = {
            handle: columns.source_ns[columns.tag == tag] for handle, tag in zip(handles, tags, strict=True)
        }
        why = "the server's queues have overflown"
        self._miss(handles, before_ns, self._decoder.latest_ns, why, known_ns)

    def _miss(
        self,
        handles: Sequence[int],
        before_ns: npt.NDArray[np.int64],
        after_ns: npt.NDArray[np.int64],
        why: str,
        known_ns: Mapping[int, npt.NDArray[np.int64]] | None = None,
    ) -> None:
        """Announce lost samples, and look for them in the server's history."""
        if self._device.read_history:
            known = before_ns[list(handles)]
            since_ns = int(known[known > 0].min(initial=time.time_ns()))
            earliest_ns = time.time_ns() - int(self._device.history_limit * 1e9)
            self._history.want(handles, before_ns, after_ns, max(since_ns, earliest_ns), known_ns)
        now = asyncio.get_running_loop().time()
        if now >= self._tell_at:
            self._tell_at = now + TOLD_EACH_S
            detail = f"{why}: {len(handles)} tags"
            self._announce(Notice(Matter.SAMPLES_LOST, detail, time.time_ns(), float(len(handles))))

    async def _add(self, items: Sequence[Item]) -> None:
        """Subscribe to the items that have a node; what the server refuses to follow is polled."""
        entries = [
            (item, node) for item in items if isinstance(node := self._lookup.nodes[item.handle], Node)
        ]
        refused = await self._follower.add(entries, self._device.max_followed)
        for handle, fault in list(refused.items())[:NAMED]:
            _log.warning("tag is polled: tag=%s reason=%s", self._plan.items[handle].name, fault.reason)
        if len(refused) > NAMED:
            _log.warning("further tags are polled: device=%s count=%d", self._name, len(refused) - NAMED)
        polled = [replace(self._plan.items[at], period_s=self._device.period) for at in refused]
        self._polling.add(polled, asyncio.get_running_loop().time())
