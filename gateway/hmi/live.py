"""The plant as the screens see it: live values, whether they are still live, present alarms, events."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from config.site import Site
from gateway.historian.api import EventFilter, StoreError
from gateway.hmi.alarm_book import AlarmBook
from gateway.hmi.interlock_book import InterlockBook
from gateway.hmi.shown import Shown, show
from gateway.hmi.stored import Stored
from gateway.subscriber import LiveValue, Subscriber

_log = logging.getLogger(__name__)
_SILENT_AFTER_S: Final = 4.0
"""The gateway publishes its health each second."""
_CATCH_UP_S: Final = 8 * 86400
_CATCH_UP_RETRY_S: Final = 5.0
_TICK_S: Final = 0.25
_STANDING: Final = frozenset({"alarm", "interlock", "gateway"})


class Link(enum.StrEnum):
    """Whether what is shown still holds."""

    LIVE = "live"
    NO_BROKER = "no_broker"
    OFFLINE = "offline"
    SILENT = "silent"


class Live:
    """What runs once for all browsers."""

    def __init__(self, site: Site, stored: Stored) -> None:
        """Prepare; `following` connects."""
        self.site = site
        self.subscriber = Subscriber(site, "hmi")
        self.alarms = AlarmBook()
        self.interlocks = InterlockBook()
        self.link = Link.NO_BROKER
        self._stored = stored
        self._restored: dict[str, LiveValue] = {}
        """What the store had when this service started: shown as stale until the tag reports."""
        self._health: dict[str, Any] = {}
        self._heard_s = float("-inf")
        self.subscriber.on_event += [self.alarms.take, self.interlocks.take]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow the site while inside; the broker may come and go."""
        tasks = [
            asyncio.create_task(self.subscriber.client.run(), name="hmi subscriber"),
            asyncio.create_task(self._watch(), name="hmi link"),
            asyncio.create_task(self._catch_up(), name="hmi catch up"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def show(self, name: str) -> Shown:
        """Return how a tag is shown now."""
        live = self.subscriber.values.get(name)
        reported = live is not None
        return show(
            self.site.tags[name],
            live if reported else self._restored.get(name),
            linked=reported and self.link is Link.LIVE,
            now_ns=time.time_ns(),
        )

    def number(self, name: str) -> float | None:
        """Return the latest number of a tag, whatever its quality."""
        live = self.subscriber.values.get(name) or self._restored.get(name)
        return live.value if live is not None and isinstance(live.value, float) else None

    async def _watch(self) -> None:
        while True:
            self.link = self._look(time.monotonic())
            await asyncio.sleep(_TICK_S)

    def _look(self, now_s: float) -> Link:
        if self.subscriber.gateway is not self._health:
            self._health, self._heard_s = self.subscriber.gateway, now_s
        if not self.subscriber.client.connected:
            return Link.NO_BROKER
        if not self.subscriber.online:
            return Link.OFFLINE
        return Link.SILENT if now_s - self._heard_s > _SILENT_AFTER_S else Link.LIVE

    async def _catch_up(self) -> None:
        """Learn from the store what was before this service started: values, alarms, interlocks."""
        now_ns = time.time_ns()
        which = EventFilter(now_ns - int(_CATCH_UP_S * 1e9), now_ns, _STANDING)
        while True:
            with contextlib.suppress(StoreError):
                self._restored = await self._stored.last(list(self.site.tags))
                for event in await self._stored.events(which):
                    self.alarms.take(event)
                    self.interlocks.take(event)
                return
            await asyncio.sleep(_CATCH_UP_RETRY_S)
