"""What the historian tells the gateways: how far it holds their streams without a gap."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import orjson

from gateway.historian.points import Source
from gateway.stream import topics
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable

_ANNOUNCE_S: Final = 0.05


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
            topic = topics.Watermark(self._site, self.historian, source.gateway, source.partition)
            document = {
                **source._asdict(),
                "sequence": self.watermarks[source],
                "time_ns": time.time_ns(),
            }
            try:
                await self._client.publish(str(topic), orjson.dumps(document), retain=True)
            except BrokerUnavailable:
                return
