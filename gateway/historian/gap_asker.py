"""What the historian asks of the gateways: what it lacks, again."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Sequence
from typing import Final

import orjson

from gateway.historian.announce import Announcer
from gateway.historian.bridge import Bridge
from gateway.historian.gap_watch import Floors, Gap, GapWatch
from gateway.historian.group import Group
from gateway.historian.hot_thread import HotThread
from gateway.historian.points import Source
from gateway.stream import topics
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable

_log = logging.getLogger(__name__)

_WATCH_S: Final = 0.5
_EVERYTHING: Final = 2**53


class GapAsker:
    """Asks gateways for what is missing, and gives up what they have no more."""

    def __init__(
        self,
        site: str,
        client: MqttClient,
        hot: HotThread,
        bridge: Bridge,
        announcer: Announcer,
        group: Group | None = None,
    ) -> None:
        """Subscribe to what gateways say of themselves; nothing is asked before `run`.

        `group`: what to ask for is only what its partitions lack.
        """
        self._site, self._historian, self._client = site, announcer.historian, client
        self._group = group
        self._hot, self._bridge, self._announcer = hot, bridge, announcer
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
            if self._group is not None:
                held = self._group.held
                gaps = {source: spans for source, spans in gaps.items() if source.partition in held}
            self.open = sum(map(len, gaps.values()))
            if not self._bridge.trouble:  # else there is no room for an answer
                await self._settle(self._watch.due(gaps, time.monotonic()))

    async def _settle(self, gaps: Sequence[Gap]) -> None:
        """Ask for gaps, or give up what a gateway has no more."""
        asked = []
        for gap in gaps:
            lost = self._floors.lost(gap)
            if lost is not None:
                await self._give_up(lost)
            elif self._floors.is_online(gap.source.gateway):
                await self._ask(gap)
                asked.append(gap)
        if asked:
            _log.warning("%d gaps are asked for again, the first is %s", len(asked), asked[0])

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

    async def ask_from(self, source: Source, first: int) -> None:
        """Ask for everything of a stream from a sequence on."""
        await self._ask(Gap(source, first, _EVERYTHING))

    async def _give_up(self, gap: Gap) -> None:
        reason = "the gateway's journal no longer has it"
        try:
            if self._group is not None and self._group.required(gap.source.partition):
                await self._hot.adopt(gap.source, gap.last)  # trimmed since another member had it stored
                return
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
        try:
            await self._client.publish(str(topic), orjson.dumps(document))
            self.asked += 1
        except BrokerUnavailable:
            return  # the gateway sends from the watermark when it connects again
