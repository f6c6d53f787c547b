"""A small historian for the stream's tests: keeps what arrives in memory and publishes watermarks.

Real in what the gateway sees of it (a durable MQTT session, watermarks, requests), simple in the
rest. It can be told to lose things and to claim what is not true.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson

from config.broker import Broker as Address
from gateway.stream import topics
from gateway.stream.events import AnyEvent, GapEvent, parse
from gateway.stream.line_decoder import Decoder, Message
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import Options

Key = tuple[int, int, int]
"""Epoch, partition and sequence."""
_COMMIT_PERIOD_S = 0.02
_GAP_S = 0.5


class Recorder:
    """A historian of the site `works` for the gateway `gw1`."""

    def __init__(
        self, broker: int | Address, name: str = "historian", *, asks: bool = True, mount: str = ""
    ) -> None:
        """Describe it.

        Args:
            broker: its port, or how to reach it.
            name: the historian's.
            asks: False: it never asks for its gaps.
            mount: of the tree that it takes.
        """
        self.name, self.asks, self.mount = name, asks, mount
        self.stored: dict[Key, bytes] = {}
        self.arrivals = 0
        self.doubles = 0
        self.given_up: set[Key] = set()
        self.events: list[AnyEvent] = []
        self.loses: Callable[[Key], bool] = lambda _key: False
        """What it takes without storing it, as a broker that drops silently would make of it."""
        self.publishes = True
        self._address = broker if isinstance(broker, Address) else Address(port=broker)
        self._unacknowledged: list[Inbound] = []
        self._published: dict[tuple[int, int], int] = {}
        self._gap_since: dict[tuple[int, int], float] = {}
        self.client: MqttClient

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Be there while inside; what is not acknowledged when it goes comes again."""
        options = Options(self._address, f"recorder-{self.name}", durable=True, mount=self.mount)
        self.client = MqttClient(options)
        for pattern in (
            topics.Telemetry.pattern(site="works", gateway="gw1"),
            topics.UnitEvent.pattern(site="works", gateway="gw1"),
            topics.GatewayEvent.pattern(site="works", gateway="gw1"),
        ):
            self.client.subscribe(pattern, self._take, acknowledge=False)
        tasks = [asyncio.create_task(self.client.run()), asyncio.create_task(self._commit_for_ever())]
        try:
            async with asyncio.timeout(10):
                await self.client.wait_connected()
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._unacknowledged.clear()

    def watermark(self, epoch: int, partition: int) -> int:
        """Return the last sequence up to which nothing is missing."""
        sequence = self._published.get((epoch, partition), 0)
        while (epoch, partition, sequence + 1) in self.stored or (
            epoch,
            partition,
            sequence + 1,
        ) in self.given_up:
            sequence += 1
        return sequence

    def has(self, epoch: int, heads: dict[int, int]) -> bool:
        """Tell whether everything up to these sequences is here."""
        return all(self.watermark(epoch, partition) >= head for partition, head in heads.items())

    def messages(self) -> list[Message]:
        """Return the telemetry, decoded, in the order of identity."""
        names: dict[str, int] = {}
        decoder = Decoder(lambda name: names.setdefault(name, len(names)))
        return [
            decoder.decode(payload)
            for _, payload in sorted(self.stored.items())
            if payload.startswith(b"cellgate_message")
        ]

    async def claim(self, epoch: int, partition: int, sequence: int) -> None:
        """Publish a watermark, true or not."""
        topic = topics.Watermark("works", self.name, "gw1", partition)
        claim = {
            "gateway": "gw1",
            "epoch": epoch,
            "partition": partition,
            "sequence": sequence,
            "time_ns": time.time_ns(),
        }
        await self.client.publish(str(topic), orjson.dumps(claim), retain=True)

    async def ask(self, epoch: int, partition: int, first: int, last: int) -> None:
        """Ask for a range again."""
        topic = topics.Resend("works", self.name, "gw1", partition)
        await self.client.publish(str(topic), orjson.dumps({"epoch": epoch, "from": first, "to": last}))

    def _take(self, message: Inbound) -> None:
        self.arrivals += 1
        self._unacknowledged.append(message)
        key, event = _identity(message.payload)
        if self.loses(key):
            return
        if key in self.stored:
            assert self.stored[key] == message.payload, "one identity, two contents"
            self.doubles += 1
            return
        self.stored[key] = message.payload
        if event is not None:
            self.events.append(event)
        if isinstance(event, GapEvent):
            self.given_up |= {(key[0], key[1], n) for n in range(event.first, event.last + 1)}

    async def _commit_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_COMMIT_PERIOD_S)
            taken, self._unacknowledged = self._unacknowledged, []
            for message in taken:
                message.acknowledge()
            streams = {key[:2] for key in self.stored}
            if self.publishes and self.client.connected:
                with contextlib.suppress(Exception):
                    for epoch, partition in streams:
                        await self._publish(epoch, partition)

    async def _publish(self, epoch: int, partition: int) -> None:
        stream, sequence = (epoch, partition), self.watermark(epoch, partition)
        if sequence > self._published.get(stream, 0):
            await self.claim(epoch, partition, sequence)
            self._published[stream] = sequence
        beyond = [key[2] for key in self.stored if key[:2] == stream and key[2] > sequence]
        if not beyond or not self.asks:
            self._gap_since.pop(stream, None)
            return
        now = time.monotonic()
        if now - self._gap_since.setdefault(stream, now) > _GAP_S:
            self._gap_since[stream] = now
            await self.ask(epoch, partition, sequence + 1, min(beyond) - 1)


def _identity(payload: bytes) -> tuple[Key, AnyEvent | None]:
    if payload.startswith(b"{"):
        event = parse(payload)
        return (event.epoch, event.partition, event.sequence), event
    names: dict[str, int] = {}
    header = Decoder(lambda name: names.setdefault(name, len(names))).decode(payload).header
    return (header.epoch, header.partition, header.sequence), None
