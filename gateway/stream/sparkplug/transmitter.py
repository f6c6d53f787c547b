"""One connection's one writer: births, then data, and everything else in turn.

A sequence number is taken when a message is handed to the socket, by this writer alone, so there are
no holes: what cannot be handed over ends the connection, and the next begins with births.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from drivers.sparkplug.schema import PayloadMessage
from gateway.stream.mqtt_link import Link
from gateway.stream.sparkplug.births import Births
from gateway.stream.sparkplug.data import DataMaker
from gateway.stream.sparkplug.journal_feed import JournalFeed, Run
from gateway.stream.sparkplug.layout import NODE, Layout
from gateway.stream.sparkplug.rules import RebirthGate, Rewind, SequenceNumber
from gateway.stream.sparkplug.shown import Shown

_LOOK_S: Final = 1.0


@dataclass(slots=True)
class NodeCounters:
    """What an edge node did since the start."""

    connections: int = 0
    failures: int = 0
    births: int = 0
    device_births: int = 0
    device_deaths: int = 0
    messages: int = 0
    """Data messages."""
    metrics: int = 0
    """Samples in them."""
    historical: int = 0
    """Of these, sent again."""
    host_away: int = 0
    """Times that the primary host went away, or was not there."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What an edge node tells of; it outlives the connections."""

    layout: Layout
    births: Births
    feed: JournalFeed
    rewind: Rewind
    gate: RebirthGate
    is_alive: Callable[[int], bool]
    refusals: deque[tuple[int, str]]
    """Tags that a host wanted changed, and why they were not."""
    wake: asyncio.Event
    counters: NodeCounters
    max_metrics: int
    historical_rate: float


class Transmitter:
    """Writes to one connection until it ends."""

    def __init__(self, sources: Sources, link: Link, bd_seq: int, watch: Callable[[], None]) -> None:
        """`watch` raises what ends the connection for another reason; it is asked between messages."""
        self._sources, self._link, self._bd_seq, self._watch = sources, link, bd_seq, watch
        self._sequence = SequenceNumber()
        self._shown = Shown(len(sources.layout.names))
        self._data = DataMaker(sources.layout, self._shown, sources.max_metrics)
        self._born: set[int] = set()
        self._runs: deque[Run] = deque()
        self._budget = 0.0
        self._budget_at = time.monotonic()

    async def run(self) -> None:
        """Bear, and send until the connection ends.

        Raises:
            BrokerUnavailable: it has ended.
        """
        sources = self._sources
        sources.feed.to_end()
        await self._bear()
        await sources.feed.rewind(sources.rewind.begin(time.time_ns()))
        while True:
            sources.wake.clear()
            self._watch()
            if sources.gate.wait_s(time.monotonic()) == 0:
                await self._bear()
            await self._follow_devices()
            await self._tell_refusals()
            sent = await self._send_live()
            sent = await self._send_past() or sent
            if not sent:
                await self._rest()

    async def _bear(self) -> None:
        """Send all births; what is asked for meanwhile is answered by the next ones."""
        sources = self._sources
        sources.gate.born(time.monotonic())
        self._born.clear()
        await self._link.room()
        self._sequence.restart()
        message = sources.births.node(self._bd_seq, _now_ms(), self._shown)
        await self._send("NBIRTH", NODE, message)
        self._born.add(NODE)
        sources.counters.births += 1
        await self._follow_devices()

    async def _follow_devices(self) -> None:
        """Send a birth for each device that has come, and a death for each that has gone."""
        sources = self._sources
        for device in range(NODE + 1, len(sources.layout.devices)):
            alive, born = sources.is_alive(device), device in self._born
            if alive and not born:
                message = sources.births.device(device, _now_ms(), self._shown)
                await self._send("DBIRTH", device, message)
                self._born.add(device)
                sources.counters.device_births += 1
            elif born and not alive:
                self._born.discard(device)
                await self._send("DDEATH", device, PayloadMessage(timestamp=_now_ms()))
                sources.counters.device_deaths += 1

    async def _tell_refusals(self) -> None:
        sources = self._sources
        while sources.refusals:
            tag, reason = sources.refusals.popleft()
            device = int(sources.layout.device_of[tag])
            if device in self._born:
                sample = sources.births.present(tag)
                message = self._data.refusal(tag, sample, reason, _now_ms())
                await self._send(_data(device), device, message)

    async def _send_live(self) -> bool:
        """Send one run of the present; whether there was one."""
        if not self._runs:
            self._runs.extend(await self._sources.feed.live())
        if not self._runs:
            return False
        run = self._runs.popleft()
        await self._send_run(run, again=False)
        if not self._sources.feed.has_past:
            self._sources.rewind.passed(run.created_ns)
        return True

    async def _send_past(self) -> bool:
        """Send one run of the past, as far as the rate allows; whether one was sent."""
        sources, now = self._sources, time.monotonic()
        grown = self._budget + (now - self._budget_at) * sources.historical_rate
        self._budget, self._budget_at = min(grown, sources.historical_rate), now
        if self._budget < 0 or not sources.feed.has_past:
            return False
        run = await sources.feed.past()
        if run is None:
            return False
        sent = await self._send_run(run, again=True)
        self._budget -= sent
        sources.counters.historical += sent
        sources.rewind.passed(run.created_ns)
        return True

    async def _send_run(self, run: Run, *, again: bool) -> int:
        sent = 0
        for device, message, samples in self._data.messages(run.points, self._born, _now_ms(), again=again):
            await self._send(_data(device), device, message)
            sent += samples
            self._sources.counters.messages += 1
            self._sources.counters.metrics += samples
            await asyncio.sleep(0)
        return sent

    async def _send(self, kind: str, device: int, message: Any) -> None:
        await self._link.room()
        message.seq = self._sequence.take()
        self._link.post(self._sources.layout.topic(kind, device), message.SerializeToString())

    async def _rest(self) -> None:
        """Wait for something to do."""
        sources = self._sources
        due_s = sources.gate.wait_s(time.monotonic())
        wait_s = _LOOK_S if due_s is None else min(due_s, _LOOK_S)
        if sources.feed.has_past:
            wait_s = min(wait_s, max(-self._budget / sources.historical_rate, 0.005))
        try:
            async with asyncio.timeout(wait_s):
                await sources.wake.wait()
        except TimeoutError:
            pass


def _data(device: int) -> str:
    return "NDATA" if device == NODE else "DDATA"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
