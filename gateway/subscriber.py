"""A subscriber like any other: live values, events and health of a site, and signed commands.

The command line and the demo see the plant through this, as a batch system or a screen would:
nothing here reaches into the gateway.
"""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from config.site import Site
from gateway.batch.context import Context
from gateway.commands.message import Reply
from gateway.commands.rows import Refused
from gateway.commands.targets import unit_of
from gateway.stream import topics
from gateway.stream.line_decoder import Decoder, MalformedMessage
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import Options
from gateway.stream.records import Points

_EVENTS_KEPT = 500


class NoReply(Exception):
    """Nobody answered the command in time: is the gateway running?"""


@dataclass(frozen=True, slots=True)
class LiveValue:
    """The latest report of a tag."""

    value: float | str | int | None
    quality: int
    source_ns: int


class Subscriber:
    """Follows one site on its broker."""

    def __init__(self, site: Site, name: str = "view") -> None:
        """Prepare; `following` connects."""
        self.site = site
        self.values: dict[str, LiveValue] = {}
        self.events: deque[dict[str, Any]] = deque(maxlen=_EVENTS_KEPT)
        """The latest events; older ones are in the store."""
        self.event_counts: dict[str, int] = {}
        self.on_event: list[Callable[[dict[str, Any]], None]] = []
        """Told of every event, in the order of their arrival."""
        self.gateway: dict[str, Any] = {}
        """The gateway's health, as it last published it."""
        self.health_latency_s: float | None = None
        """How old that was when it came, by both clocks; None before the first that was not retained."""
        self.online = False
        self.loop_parameters: dict[str, dict[str, float | None]] = {}
        """The present parameters of each loop, what tuning has made of them; None is no limit."""
        self.historians: dict[str, dict[str, Any]] = {}
        self.watermarks: dict[int, int] = {}
        """By partition: up to where the slowest historian that was heard of has everything."""
        self._watermarks: dict[tuple[str, int], int] = {}
        self._contexts: dict[str, tuple[int, Context]] = {}
        self.malformed = 0
        self.on_points: list[Callable[[Points], None]] = []
        """Told of every message's points; their tags are numbers of `tag_numbers`."""
        self.tag_numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._decoder = Decoder(self._intern)
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        client_id = f"{name}-{uuid.uuid4().hex[:12]}"
        self.client = MqttClient(Options(site.streams.broker, client_id))
        where = {"site": site.site.name, "gateway": site.gateway.name}
        for topic, handler in (
            (topics.Telemetry.pattern(**where), self._on_telemetry),
            (topics.UnitEvent.pattern(**where), self._on_event),
            (topics.GatewayEvent.pattern(**where), self._on_event),
            (topics.LoopParameters.pattern(**where), self._on_parameters),
            (topics.Health.pattern(**where), self._on_health),
            (topics.State.pattern(**where), self._on_state),
            (topics.HistorianHealth.pattern(site=site.site.name), self._on_historian),
            (topics.Watermark.pattern(**where), self._on_watermark),
            (topics.Reply.pattern(**where), self._on_reply),
            (topics.GatewayReply.pattern(**where), self._on_reply),
        ):
            self.client.subscribe(topic, handler)

    @asynccontextmanager
    async def following(self, *, connect_within_s: float = 10.0) -> AsyncIterator[None]:
        """Stay connected while inside.

        Raises:
            TimeoutError: the broker was not there in time.
        """
        running = asyncio.create_task(self.client.run(), name="subscriber")
        try:
            async with asyncio.timeout(connect_within_s):
                await self.client.wait_connected()
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def command(self, message: Mapping[str, Any], *, within_s: float = 6.0) -> Reply:
        """Send a signed command and wait for its reply.

        Raises:
            NoReply: none came in time.
        """
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[message["id"]] = waiting
        try:
            await self.client.publish(self._command_topic(message), orjson.dumps(message))
            async with asyncio.timeout(within_s):
                reply: Reply = await waiting
                return reply
        except TimeoutError as error:
            raise NoReply(f"no reply within {within_s:g} s: is the gateway running?") from error
        finally:
            self._waiting.pop(message["id"], None)

    def age_s(self, name: str) -> float | None:
        """Return how old a tag's latest report is by its source time, or None before the first."""
        value = self.values.get(name)
        return None if value is None else (time.time_ns() - value.source_ns) / 1e9

    def context(self, unit: str) -> Context:
        """Return the campaign, batch and phase that a unit's latest report was made in; empty before one."""
        return self._contexts.get(unit, (0, Context()))[1]

    def _command_topic(self, message: Mapping[str, Any]) -> str:
        gateway = self.site.gateway.name
        try:
            name = unit_of(self.site, message["kind"], message["target"])
        except Refused:  # the gateway refuses it too, and says so
            name = gateway
        unit = None if name == gateway else self.site.units[name]
        if unit is None:
            return str(topics.GatewayCommand(self.site.site.name, gateway))
        return str(topics.Command(self.site.site.name, unit.area, unit.cell, name, gateway))

    def _intern(self, name: str) -> int:
        if name not in self.tag_numbers:
            self.tag_numbers[name] = len(self._names)
            self._names.append(name)
        return self.tag_numbers[name]

    def _on_telemetry(self, message: Inbound) -> None:
        try:
            decoded = self._decoder.decode(message.payload)
        except MalformedMessage:
            self.malformed += 1
            return
        points = decoded.points
        columns = (
            points.tag.tolist(),
            points.value.tolist(),
            points.quality.tolist(),
            points.source_ns.tolist(),
        )
        for tag, value, quality, source_ns in zip(*columns, strict=True):
            self._take(tag, LiveValue(None if math.isnan(value) else value, quality, source_ns))
        for text in points.texts:
            self._take(text.tag, LiveValue(text.value, text.quality, text.source_ns))
        for listener in self.on_points:
            listener(points)
        if len(points.tag):
            unit = self.site.unit_of(self._names[int(points.tag[0])])
            self._take_context(unit, int(points.source_ns.max()), decoded.context)

    def _take_context(self, unit: str, source_ns: int, context: Context) -> None:
        if source_ns >= self._contexts.get(unit, (0,))[0]:
            self._contexts[unit] = (source_ns, context)

    def _take(self, tag: int, value: LiveValue) -> None:
        name = self._names[tag]
        before = self.values.get(name)
        if before is None or value.source_ns >= before.source_ns:
            self.values[name] = value

    def _on_event(self, message: Inbound) -> None:
        event = orjson.loads(message.payload)
        self.event_counts[event["type"]] = self.event_counts.get(event["type"], 0) + 1
        self.events.append(event)
        for listener in self.on_event:
            listener(event)

    def _on_parameters(self, message: Inbound) -> None:
        self.loop_parameters.update(orjson.loads(message.payload)["loops"])

    def _on_health(self, message: Inbound) -> None:
        self.gateway = orjson.loads(message.payload)
        if not message.retain:
            self.health_latency_s = (time.time_ns() - self.gateway["time_ns"]) / 1e9

    def _on_state(self, message: Inbound) -> None:
        self.online = orjson.loads(message.payload)["online"]

    def _on_historian(self, message: Inbound) -> None:
        topic = topics.parse(message.topic)
        assert isinstance(topic, topics.HistorianHealth)
        self.historians[topic.historian] = orjson.loads(message.payload)

    def _on_watermark(self, message: Inbound) -> None:
        topic = topics.parse(message.topic)
        assert isinstance(topic, topics.Watermark)
        self._watermarks[topic.historian, topic.partition] = orjson.loads(message.payload)["sequence"]
        self.watermarks[topic.partition] = min(
            sequence for (_, partition), sequence in self._watermarks.items() if partition == topic.partition
        )

    def _on_reply(self, message: Inbound) -> None:
        reply = Reply.model_validate_json(message.payload)
        waiting = self._waiting.pop(reply.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)
