"""The plant as the screens see it: live values, whether they are still live, present alarms, events."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from config.site import Site
from gateway.alarms.book import AlarmBook
from gateway.alarms.stored import read_standing
from gateway.historian.api import StoreError
from gateway.hmi.interlock_book import InterlockBook
from gateway.hmi.latency import Latencies
from gateway.hmi.latest_events import LatestEvents
from gateway.hmi.recent import Recent
from gateway.hmi.shown import Shown, State, show
from gateway.hmi.stored import Stored
from gateway.hmi.tail import Tail
from gateway.subscriber import LiveValue, Subscriber

_SILENT_AFTER_S: Final = 4.0
"""The gateway publishes its health each second."""
_CATCH_UP_RETRY_S: Final = 5.0
_STORE_CATCHES_UP_S: Final = 15.0
_TICK_S: Final = 0.25
_STANDING: Final = frozenset({"alarm", "alarm_first_out", "interlock", "bypass", "gateway"})


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
        self.tail = Tail()
        self.link = Link.NO_BROKER
        self._stored = stored
        self.latest = LatestEvents(stored)
        self.recent = Recent(stored, self.good_number)
        self._earlier: dict[str, LiveValue] = {}
        """What was reported before the present connection: stale, unless we have caught up."""
        self._caught_up = False
        """Nothing that was reported before the present connection is missing in `_earlier`."""
        self._doubt = asyncio.Event()
        self.subscriber.client.on_connected.append(self._reconnected)
        self._health: dict[str, Any] = {}
        self._heard_s = float("-inf")
        self.latencies = Latencies(site, self.subscriber.tag_numbers)
        self.subscriber.on_points += [self.tail.take, self.latencies.take]
        self.subscriber.on_event += [self.alarms.take, self.interlocks.take, self.latest.take]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow the site while inside; the broker may come and go."""
        tasks = [
            asyncio.create_task(self.subscriber.client.run(), name="hmi subscriber"),
            asyncio.create_task(self._watch(), name="hmi link"),
            asyncio.create_task(self._catch_up(), name="hmi catch up"),
            asyncio.create_task(self.recent.run(), name="hmi sparklines"),
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
        holds = self.link is Link.LIVE and (live is not None or self._caught_up)
        return show(
            self.site.tags[name],
            live if live is not None else self._earlier.get(name),
            linked=holds,
            now_ns=time.time_ns(),
        )

    def number(self, name: str) -> float | None:
        """Return the latest number of a tag, whatever its quality."""
        live = self.subscriber.values.get(name) or self._earlier.get(name)
        return live.value if live is not None and isinstance(live.value, float) else None

    def good_number(self, name: str) -> float | None:
        """Return the number that a tag has now; None when nobody knows, or it is bad."""
        return self.number(name) if self.holds(name) else None

    def holds(self, name: str) -> bool:
        """Return whether a tag's value is known to hold now."""
        return self.show(name).state in (State.GOOD, State.UNCERTAIN)

    def unfulfilled(self, permissive: str) -> list[str] | None:
        """Return the conditions of a permissive that do not hold, as last heard; None when never heard."""
        told: dict[str, list[str]] = self.subscriber.gateway.get("permissives", {})
        return told.get(permissive)

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

    def _reconnected(self, _session_kept: bool) -> None:
        """Hold nothing for present that was reported before: reports may have passed us by."""
        self._earlier.update(self.subscriber.values)
        self.subscriber.values.clear()
        self._caught_up = False
        self.tail.interrupted()
        self._doubt.set()

    async def _catch_up(self) -> None:
        """After each connect, learn from the store what we missed: values, alarms, interlocks."""
        while True:
            await self._doubt.wait()
            self._doubt.clear()
            while not self._doubt.is_set():
                complete = await self._store_has_all()
                with contextlib.suppress(StoreError):
                    await self._read_store()
                    self._caught_up = complete and not self._doubt.is_set()
                    break
                await asyncio.sleep(_CATCH_UP_RETRY_S)

    async def _store_has_all(self) -> bool:
        """Wait for the store to have what was reported before we connected; return whether it does.

        With what is reported from then on, which reaches us, nothing is missing.
        """
        retained = self.subscriber.gateway
        try:
            async with asyncio.timeout(_STORE_CATCHES_UP_S):
                while self.subscriber.gateway is retained:
                    await asyncio.sleep(_TICK_S)
                heads = self.subscriber.gateway["journal"]["heads"]
                while not covers(self.subscriber.watermarks, heads):
                    await asyncio.sleep(_TICK_S)
        except TimeoutError:
            return False
        return True

    async def _read_store(self) -> None:
        now_ns = time.time_ns()
        self._earlier.update(await self._stored.last(list(self.site.tags)))
        for event in await self._stored.ask(lambda history: read_standing(history, now_ns, _STANDING)):
            self.alarms.take(event)
            self.interlocks.take(event)


def covers(watermarks: Mapping[int, int], heads: Mapping[str, int]) -> bool:
    """Return whether a historian has confirmed everything up to the heads of a journal."""
    return all(watermarks.get(int(partition), 0) >= head for partition, head in heads.items())
