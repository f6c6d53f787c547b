"""What the historian tells the gateways: how far it holds their streams without a gap."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import orjson

from gateway.historian.points import Source
from gateway.stream import topics
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable, Delivery

_ANNOUNCE_S: Final = 0.05
_RETRY_S: Final = 1.0


class Announcer:
    """Publishes watermarks, retained, as they move. Of an older epoch nobody wants to hear."""

    def __init__(self, site: str, historian: str, client: MqttClient) -> None:
        self.historian = historian
        self._site, self._client = site, client
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

    def forget(self, partition: int) -> None:
        """Say no more of a partition: another one takes it now."""
        for place in [place for place in self._newest if place[1] == partition]:
            self.watermarks.pop(self._newest.pop(place), None)

    async def run(self) -> None:
        """Publish what moves, for ever; only the latest of each counts."""
        while True:
            await self._news.wait()
            self._news.clear()
            if await self.publish():
                await asyncio.sleep(_ANNOUNCE_S)
            else:
                await asyncio.sleep(_RETRY_S)
                self._news.set()

    async def publish(self) -> bool:
        """Publish what has moved; False when the broker did not take all of it, and it is to be repeated.

        Where the broker is away nothing is to be repeated: the next connection publishes everything.
        """
        moved, self._moved = self._moved, set()
        refused = set()
        for source in moved & self.watermarks.keys():
            topic = topics.Watermark(self._site, self.historian, source.gateway, source.partition)
            sequence = self.watermarks[source]
            document = {**source._asdict(), "sequence": sequence, "time_ns": time.time_ns()}
            try:
                delivery = await self._client.publish(str(topic), orjson.dumps(document), retain=True)
            except BrokerUnavailable:
                return True
            if delivery is not Delivery.ACKNOWLEDGED:
                refused.add(source)
        self._moved |= refused
        return not refused
