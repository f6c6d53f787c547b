"""What the historian tells the gateways: how far it holds them, and what it lacks."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from typing import Final

import orjson

from gateway.historian.gap_watch import Floors, Gap, GapWatch
from gateway.historian.hot_thread import HotThread
from gateway.historian.points import Source
from gateway.stream import topics
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable

_log = logging.getLogger(__name__)

_ANNOUNCE_S: Final = 0.05
_WATCH_S: Final = 0.5


class Announcer:
    """Publishes watermarks, retained, as they move. Of an older epoch nobody wants to hear."""

    def __init__(self, site: str, historian: str, client: MqttClient) -> None:
        self._site, self._historian, self._client = site, historian, client
        self._newest: dict[tuple[str, int], Source] = {}
        self._moved: set[Source] = set()
        self._news = asyncio.Event()
        self.watermarks: dict[Source, int] = {}
        """Of the newest epochs."""
        client.on_connected.append(lambda _: self.note(dict(self.watermarks)))

    def note(self, watermarks: dict[Source, int]) -> None:
        """Take watermarks, to be published soon."""
        for source, sequence in watermarks.items():
            place = (source.gateway, source.partition)
            newest = self._newest.setdefault(place, source)
            if source < newest:
                continue
            if source > newest:
                del self.watermarks[newest]
                self._newest[place] = source
            self.watermarks[source] = sequence
            self._moved.add(source)
            self._news.set()

    async def run(self) -> None:
        """Publish what moves, for ever; only the latest of each counts."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.publish()
            await asyncio.sleep(_ANNOUNCE_S)

    async def publish(self) -> None:
        """Publish what has moved. Where the broker is away, the next connection publishes all."""
        moved, self._moved = self._moved, set()
        for source in moved & self.watermarks.keys():
            topic = topics.Watermark(self._site, self._historian, source.gateway, source.partition)
            document = {
                **source._asdict(),
                "sequence": self.watermarks[source],
                "time_ns": time.time_ns(),
            }
            try:
                await self._client.publish(str(topic), orjson.dumps(document), retain=True)
            except BrokerUnavailable:
                return


class GapAsker:
    """Asks gateways for what is missing, and gives up what they have no more."""

    def __init__(
        self, site: str, historian: str, client: MqttClient, hot: HotThread, announcer: Announcer
    ) -> None:
        self._site, self._historian, self._client = site, historian, client
        self._hot, self._announcer = hot, announcer
        self._watch, self._floors = GapWatch(), Floors()
        self.open = 0
        """Gaps that are open now."""
        self.asked = 0
        self.given_up = 0
        """Messages, since the start."""
        client.subscribe(topics.State.pattern(site=site), self._on_news)
        client.subscribe(topics.Health.pattern(site=site), self._on_news)

    async def run(self) -> None:
        """Look for gaps, for ever."""
        while True:
            await asyncio.sleep(_WATCH_S)
            gaps = await self._hot.gaps()
            self.open = sum(map(len, gaps.values()))
            for gap in self._watch.due(gaps, time.monotonic()):
                lost = self._floors.lost(gap)
                if lost is not None:
                    await self._give_up(lost)
                elif self._floors.is_online(gap.source.gateway):
                    await self._ask(gap)

    def _on_news(self, message: Inbound) -> None:
        topic = topics.parse(message.topic)
        try:
            news = orjson.loads(message.payload)
            if isinstance(topic, topics.State):
                self._floors.take_state(topic.gateway, news)
            elif isinstance(topic, topics.Health):
                self._floors.take_health(topic.gateway, news)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            _log.warning("%s cannot be read: %r", message.topic, error)

    async def _give_up(self, gap: Gap) -> None:
        reason = "the gateway's journal no longer has it"
        try:
            count = await self._hot.give_up(gap.source, (gap.first, gap.last), reason)
        except sqlite3.Error as error:
            _log.warning("a gap cannot be recorded: %s", error)
            return
        self.given_up += count
        _log.warning("%d messages of %s will never come: %s", count, gap.source, reason)
        self._announcer.note(await self._hot.watermarks())

    async def _ask(self, gap: Gap) -> None:
        source = gap.source
        topic = topics.Resend(self._site, self._historian, source.gateway, source.partition)
        document = {"epoch": source.epoch, "from": gap.first, "to": gap.last}
        _log.warning("asking for messages %d to %d of %s again", gap.first, gap.last, source)
        try:
            await self._client.publish(str(topic), orjson.dumps(document))
            self.asked += 1
        except BrokerUnavailable:
            return  # the gateway sends from the watermark when it connects again
