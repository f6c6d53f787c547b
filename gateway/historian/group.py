"""A member of a group of historians: it takes its share of the partitions, and those of who is away.

Three things make it safe that members come, die and are cut off at any moment:

- A partition is one session at the broker, under one client id whoever takes it. A member that takes a
  partition over gets what the broker had delivered to the last one and that one had not acknowledged;
  and the broker ends the connection of the last one, should it still be there.
- A watermark of a group speaks of the store that all of them reach, not of one member's disk: it stands
  below everything that still waits in a hot table. So it stays true when the member dies with its disk,
  and what only that disk had is still in the gateway's journal and is asked for again.
- A member counts what another one's watermark says as stored, so a group's watermark never falls back.

Two members that take one partition for a moment, since they do not see the same members, write the same
points to the same places of the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

import orjson

from config.site import Site
from config.streams import Historian
from gateway.historian.announce import Announcer
from gateway.historian.bridge import patterns
from gateway.historian.hot_thread import HotThread
from gateway.historian.points import Source
from gateway.historian.query import service_name
from gateway.historian.shares import Presence, share
from gateway.stream import topics
from gateway.stream.mqtt import Handler, Inbound, MqttClient
from gateway.stream.mqtt_options import Options
from gateway.stream.watermarks import Consumers

_log = logging.getLogger(__name__)

_LOOK_S: Final = 0.25

AskFrom = Callable[[Source, int], Awaitable[None]]
"""Asks a gateway for everything of a stream from a sequence on."""


class Group:
    """Runs an MQTT client for each partition that this member takes."""

    def __init__(
        self,
        site: Site,
        config: Historian,
        member: str,
        control: MqttClient,
        hot: HotThread,
        announcer: Announcer,
        take: Handler,
    ) -> None:
        """Subscribe to what members and watermarks say; nothing is taken before `run`.

        Args:
            site: the effective configuration.
            config: of the group.
            member: which of its members this is.
            control: a client with this member's will.
            hot: learns what other members have stored.
            announcer: publishes how far the store has everything.
            take: is given what arrives.
        """
        self._site, self._config, self._member = site, config, member
        self._control, self._hot, self._announcer, self._take = control, hot, announcer, take
        own = config.partitions
        self._partitions = range(site.streams.telemetry.partitions) if own is None else sorted(own)
        self._consumers = Consumers.of(site.streams, site.streams.telemetry.partitions)
        self._presence = Presence(config.members, member)
        self._claims: dict[Source, int] = {}
        """What members have said is stored."""
        self._news: set[Source] = set()
        self._wake = asyncio.Event()
        self._clients: dict[int, asyncio.Task[None]] = {}
        self.takeovers = 0
        """Partitions taken that are another member's at home."""
        self._informed = False
        """Whether everything that the broker keeps has arrived: what is published behind it has come back."""
        self._of_topic = {self._health_topic(other): other for other in config.members}
        for topic in self._of_topic:
            control.subscribe(topic, self._on_health)
        claims = topics.Watermark.pattern(site=site.site.name, historian=config.name)
        control.subscribe(claims, self._on_claim)
        control.on_connected.append(self._on_connected)

    @property
    def held(self) -> tuple[int, ...]:
        """Return the partitions that are taken now."""
        return tuple(sorted(self._clients))

    def required(self, partition: int) -> bool:
        """Tell whether journals wait for this group, and so hold no record that it may still need."""
        return self._config.name in self._consumers.required[partition]

    async def run(self, ask_from: AskFrom) -> None:
        """Take and leave partitions as members come and go, until cancelled."""
        await self._control.wait_connected()
        try:
            while True:
                try:
                    await self._settle(ask_from)
                    await self._announce()
                except sqlite3.Error as error:
                    _log.warning("the hot table cannot be read: %s", error)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            await self._leave(self._clients)

    async def _settle(self, ask_from: AskFrom) -> None:
        """Come to hold what is this member's share."""
        await self._learn()
        if not self._informed or not self._control.connected:
            return
        shares = share(self._config.members, self._presence.present(time.monotonic()), self._partitions)
        mine = {partition for partition, member in shares.items() if member == self._member}
        ended = {partition for partition, task in self._clients.items() if task.done()}
        await self._leave((self._clients.keys() - mine) | ended)
        for partition in sorted(mine - self._clients.keys()):
            await self._take_up(partition, ask_from)

    async def _take_up(self, partition: int, ask_from: AskFrom) -> None:
        claims = {source: last for source, last in self._claims.items() if source.partition == partition}
        for source, last in claims.items():
            await self._hot.adopt(source, last)
        home = self._config.members[self._partitions.index(partition) % len(self._config.members)]
        self.takeovers += home != self._member
        _log.info("partition %d is taken, %d streams known, at home with %s", partition, len(claims), home)
        site, config = self._site, self._config
        name = f"cellgate-{site.site.name}-historian-{config.name}-{partition}"
        client = MqttClient(Options(site.streams.broker, name, durable=True))
        for pattern in patterns(site.site.name, [partition]):
            client.subscribe(pattern, self._take, acknowledge=False)
        carrying = _carry(client, claims, ask_from)
        self._clients[partition] = asyncio.create_task(carrying, name=f"historian partition {partition}")

    async def _leave(self, partitions: Collection[int]) -> None:
        for partition in list(partitions):
            task = self._clients.pop(partition)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._announcer.forget(partition)
            _log.info("partition %d is left", partition)

    async def _learn(self) -> None:
        """Count as stored what others say is, of partitions that are held."""
        news, self._news = self._news, set()
        for source in news:
            if source.partition in self._clients:
                await self._hot.adopt(source, self._claims[source])

    async def _announce(self) -> None:
        """Publish how far the store has the partitions that are held."""
        for source, last in (await self._hot.settled()).items():
            stored = max(last, self._claims.get(source, 0))
            if source.partition in self._clients and stored != self._announcer.watermarks.get(source):
                self._announcer.note({source: stored})

    def _on_connected(self, _session_present: bool) -> None:
        self._presence.connected(time.monotonic())
        self._informed = False

    def _on_health(self, message: Inbound) -> None:
        member = self._of_topic[message.topic]
        if member == self._member:
            if not message.retain and not self._informed:
                self._informed = True
                self._wake.set()
            return
        try:
            self._presence.hear(member, orjson.loads(message.payload), time.monotonic())
        except (ValueError, TypeError, KeyError) as error:
            _log.warning("%s cannot be read: %r", message.topic, error)
        self._wake.set()

    def _on_claim(self, message: Inbound) -> None:
        topic = topics.parse(message.topic)
        assert isinstance(topic, topics.Watermark)
        try:
            said = orjson.loads(message.payload)
            source = Source(topic.gateway, int(said["epoch"]), topic.partition)
            last = int(said["sequence"])
        except (ValueError, TypeError, KeyError) as error:
            _log.warning("%s cannot be read: %r", message.topic, error)
            return
        if last > self._claims.get(source, 0):
            self._claims[source] = last
            if last > self._announcer.watermarks.get(source, 0):
                self._news.add(source)

    def _health_topic(self, member: str) -> str:
        return str(topics.HistorianHealth(self._site.site.name, service_name(self._config, member)))


async def _carry(client: MqttClient, claims: Mapping[Source, int], ask_from: AskFrom) -> None:
    """Take what arrives of a partition, and ask for what the last one to take it may have had alone."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(client.run())
        await client.wait_connected()
        for source, last in claims.items():
            await ask_from(source, last + 1)
