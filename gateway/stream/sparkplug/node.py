"""An edge node: one connection after the other, each with a will of its own.

A paho client cannot change its will, and every CONNECT needs a new bdSeq in it; a `Link` is used once,
so each connection gets what it needs. With a primary host, births wait for its STATE, and when it goes
away the node says its death, disconnects, and tries the next server of its list.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import MQTTMessage

from config.site import Site
from config.sparkplug import SparkplugNode
from control.image import Image
from control.signal import Text
from drivers.states import StateChange
from gateway.commands.door import CommandDoor
from gateway.stream.journal import Journal
from gateway.stream.mqtt_link import Link
from gateway.stream.mqtt_options import BrokerUnavailable, Options, Will
from gateway.stream.sparkplug.births import Births, death
from gateway.stream.sparkplug.commands import HostCommands
from gateway.stream.sparkplug.connection import (
    HostAway,
    say_death,
    subscribe,
    wait_for_host,
    waking_at_the_end_of,
)
from gateway.stream.sparkplug.journal_feed import JournalFeed
from gateway.stream.sparkplug.layout import NAMESPACE, NODE, Layout
from gateway.stream.sparkplug.presence import Device, Presence
from gateway.stream.sparkplug.rules import BdSeq, HostState, PrimaryHost, RebirthGate, Rewind
from gateway.stream.sparkplug.transmitter import NodeCounters, Sources, Transmitter

log = logging.getLogger(__name__)

_FIRST_DELAY_S: Final = 0.1
_LONGEST_DELAY_S: Final = 5.0
_REFUSALS: Final = 200
_WINDOW: Final = 64


class EdgeNode:
    """One edge node of a gateway, on the stream's loop."""

    def __init__(
        self,
        site: Site,
        number: int,
        journal: Journal,
        door: CommandDoor,
        image: Callable[[], Image],
        text: Callable[[int], Text | None],
        devices: Mapping[str, Device],
        data: Path,
    ) -> None:
        """Wire it.

        Args:
            site: the effective configuration.
            number: position of the edge node in `streams.sparkplug`.
            journal: what is reported; it never waits for an edge node.
            door: where commands go.
            image: gives present values.
            text: gives the latest text of a tag.
            devices: sessions by name.
            data: the gateway's folder.
        """
        self._site, self._number = site, number
        self._settings: SparkplugNode = site.streams.sparkplug[number]
        self._broker = self._settings.broker or site.streams.broker
        self._layout = Layout.of(site, self._settings)
        self._presence = Presence(self._layout, devices)
        self._wake = asyncio.Event()
        self._refusals: deque[tuple[int, str]] = deque(maxlen=_REFUSALS)
        self._bd_seq = BdSeq(data / "sparkplug", self._layout.group, self._layout.edge_node)
        self._unsent: int | None = None
        """A bdSeq that no CONNECT has carried yet."""
        self._host = PrimaryHost()
        self._commands = HostCommands(site, self._settings, self._layout, door, self._refused)
        self._topics = {self._layout.topic("NCMD"): NODE}
        for place in range(NODE + 1, len(self._layout.devices)):
            self._topics[self._layout.topic("DCMD", place)] = place
        host = self._settings.primary_host
        self._state_topic = None if host is None else f"{NAMESPACE}/STATE/{host}"
        self._sources = Sources(
            self._layout,
            Births(site, self._layout, image, text),
            JournalFeed(site, journal),
            Rewind(self._settings.historical, 1.5 * self._broker.keep_alive, time.time_ns()),
            RebirthGate(self._settings.rebirth_min_interval),
            self._presence.is_alive,
            self._refusals,
            self._wake,
            NodeCounters(),
            self._settings.max_metrics,
            self._settings.historical_rate,
        )
        journal.on_commit.append(self._wake.set)
        self._tries = 0
        self._status = "connecting"
        self._reason = ""

    def device_changed(self, change: StateChange) -> None:
        """Take a device's change of state."""
        self._presence.changed(change)
        self._wake.set()

    def health(self) -> dict[str, Any]:
        """Return what the gateway's health tells of it."""
        return {
            "group": self._layout.group,
            "edge_node": self._layout.edge_node,
            "state": self._status,
            "reason": self._reason,
            **asdict(self._sources.counters),
            "rebirths_asked": self._sources.gate.requests,
            "unreadable": self._sources.feed.unreadable,
            "commands": asdict(self._commands.counters),
        }

    async def run(self) -> None:
        """Be an edge node until cancelled; then say the death and disconnect."""
        self._presence.look()
        async with asyncio.TaskGroup() as tasks:
            commands = tasks.create_task(self._commands.run(), name="sparkplug commands")
            try:
                await self._connect_for_ever()
            finally:
                commands.cancel()

    async def _connect_for_ever(self) -> None:
        dialer = ThreadPoolExecutor(1, thread_name_prefix=f"sparkplug-{self._number}")
        delay_s = _FIRST_DELAY_S
        try:
            while True:
                began = time.monotonic()
                try:
                    await self._serve(dialer)
                except HostAway as away:
                    self._sources.counters.host_away += 1
                    self._note("waiting for the primary host", str(away))
                except (BrokerUnavailable, OSError) as error:
                    self._sources.counters.failures += 1
                    self._note("connecting", str(error))
                lasted_s = time.monotonic() - began
                delay_s = min(2 * delay_s, _LONGEST_DELAY_S) if lasted_s < delay_s else _FIRST_DELAY_S
                await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))
        finally:
            await asyncio.get_running_loop().run_in_executor(None, dialer.shutdown)

    async def _serve(self, dialer: ThreadPoolExecutor) -> None:
        """Live through one connection.

        Raises:
            BrokerUnavailable: it could not be made, or has ended.
            HostAway: the primary host is not there; it has been ended in good order.
            OSError: bdSeq cannot be kept.
        """
        if self._unsent is None:
            self._unsent = await asyncio.get_running_loop().run_in_executor(dialer, self._bd_seq.advance)
        bd_seq = self._unsent
        topic, payload = self._layout.topic("NDEATH"), death(bd_seq, time.time_ns() // 1_000_000)
        client_id = f"cellgate-{self._site.site.name}-{self._site.gateway.name}-sparkplug{self._number}"
        options = Options(self._broker, client_id, will=Will(topic, payload, retain=False), window=_WINDOW)
        address = self._broker.addresses[self._tries % len(self._broker.addresses)]
        self._tries += 1
        self._host = PrimaryHost()
        link = Link(options, address, lambda message: self._take(link, message))
        born = False
        try:
            try:
                await link.open(dialer)
            finally:
                self._unsent = None if link.greeted else bd_seq
            self._sources.counters.connections += 1
            await subscribe(link, [*self._topics, *filter(None, [self._state_topic])])
            with waking_at_the_end_of(link, self._wake):
                if self._state_topic is not None:
                    self._note("waiting for the primary host", "")
                    several = len(self._broker.addresses) > 1
                    patience_s = self._settings.host_timeout if several else None
                    await wait_for_host(link, self._host, self._wake, patience_s)
                born = True
                self._note("online", "")
                await Transmitter(self._sources, link, bd_seq, lambda: self._watch(link)).run()
        except (HostAway, asyncio.CancelledError):
            if born:
                await say_death(link, topic, bd_seq)
            raise
        finally:
            await link.close()

    def _watch(self, link: Link) -> None:
        if not link.alive:
            raise BrokerUnavailable("the connection has ended")
        if self._state_topic is not None and not self._host.online:
            raise HostAway("it went offline")

    def _take(self, link: Link, message: MQTTMessage) -> None:
        """Take what arrives. Never raises."""
        link.acknowledge(message)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        payload = bytes(message.payload)
        if topic == self._state_topic:
            if self._host.take(payload) is HostState.UNREADABLE:
                log.warning("the primary host's STATE cannot be read", extra={"topic": topic})
            self._wake.set()
        elif topic in self._topics and self._commands.take(
            self._topics[topic], topic, payload, retained=message.retain
        ):
            self._sources.gate.ask()
            self._wake.set()

    def _refused(self, tag: int, reason: str) -> None:
        self._refusals.append((tag, reason))
        self._wake.set()

    def _note(self, status: str, reason: str) -> None:
        """Keep how it is, and log when that changes."""
        if status != self._status:
            where = {"edge_node": f"{self._layout.group}/{self._layout.edge_node}", "state": status}
            log.info("sparkplug: %s %s", status, reason, extra=where)
        self._status, self._reason = status, reason
