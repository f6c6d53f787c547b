"""The historian service, start to stop, on one page.

One asyncio loop speaks MQTT; the hot table has a thread (commits), the store has another (writes and
compaction), so neither a slow disk nor a dead database stops messages from being taken in.

Start: hot table, store, broker. Stop: what waits is committed and acknowledged, watermarks published,
then the store gets what it can be given within a few seconds; the rest waits in the hot table.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson

from config.site import Site
from config.streams import EmbeddedStore as EmbeddedConfig
from config.streams import Historian
from gateway import supervisor
from gateway.historian.announce import Announcer
from gateway.historian.api import Store, StoreError
from gateway.historian.bridge import Bridge, patterns
from gateway.historian.drain import Drain
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.gap_asker import GapAsker
from gateway.historian.group import Group
from gateway.historian.health import document
from gateway.historian.hot_queue import HotQueue
from gateway.historian.hot_thread import HotThread
from gateway.historian.query import HOT_FILE, folder_of, service_name
from gateway.kernels.ready import prepare_keeping
from gateway.metrics.families import historian_families
from gateway.metrics.server import MetricsAddress, serving
from gateway.stream import topics
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable, Options, Will

_log = logging.getLogger(__name__)
Result = TypeVar("Result")

_HEALTH_S: Final = 2.0
_MEMBER_HEALTH_S: Final = 1.0
"""Members of a group see by it who is there."""
_RETENTION_S: Final = 3600.0
_FAREWELL_S: Final = 2.0
_FLUSH_S: Final = 10.0
_OFFLINE: Final = orjson.dumps({"online": False})


def open_store(config: Historian, folder: Path) -> Store:
    """Return the store that a historian writes to."""
    if isinstance(config.store, EmbeddedConfig):
        return EmbeddedStore(folder, config.store.retention)
    from gateway.historian.influx import InfluxStore  # its client takes half a second to import

    return InfluxStore(config.store)


async def run_historian(
    site: Site,
    config: Historian,
    data: Path,
    stop: asyncio.Event,
    metrics: MetricsAddress | None = None,
    member: str | None = None,
    *,
    mount: str = "",
) -> None:
    """Run a historian until `stop` is set.

    Args:
        site: the effective configuration.
        config: which of its historians.
        data: the folder of the data.
        stop: set to end.
        metrics: where it serves its figures.
        member: which member of the historian's group this is, where it is carried by several.
        mount: stands before every topic: of a client's own tree (`topics.client_mount`), or nothing.

    Raises:
        sqlite3.Error: the hot table cannot be opened.
        OSError: the address for the figures is taken.
    """
    name = service_name(config, member)
    folder = folder_of(data, name)
    path = folder / HOT_FILE
    grouped = member is not None
    await asyncio.to_thread(prepare_keeping)
    hot = await HotThread.open(path, name, site.fingerprint, config.max_bytes, grouped=grouped)
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="store") as executor:
            service = _Service(site, config, member, hot, executor, mount)
            await service.open(folder, path)
            try:
                with serving(metrics, lambda: service.latest, historian_families):
                    await service.run(stop)
            finally:
                await service.close()
    finally:
        await hot.close()
        _log.info("stopped")


class _Service:
    """The parts of a running historian."""

    def __init__(
        self,
        site: Site,
        config: Historian,
        member: str | None,
        hot: HotThread,
        executor: ThreadPoolExecutor,
        mount: str,
    ) -> None:
        name, own = site.site.name, service_name(config, member)
        self._config, self._hot, self._executor = config, hot, executor
        self._health = str(topics.HistorianHealth(name, own))
        self._client = MqttClient(
            Options(
                broker=site.streams.broker,
                client_id=f"cellgate-{name}-historian-{own}",
                durable=member is None,
                will=Will(self._health, _OFFLINE),
                mount=mount,
            )
        )
        self._announcer = Announcer(name, config.name, self._client)
        self._group: Group | None = None
        if member is None:
            self._bridge = Bridge(config, hot, self._announcer.note)
            for pattern in patterns(name, config.partitions):
                self._client.subscribe(pattern, self._bridge.take, acknowledge=False)
        else:
            self._bridge = Bridge(config, hot, lambda _: None)
            take = self._bridge.take
            self._group = Group(site, config, member, self._client, hot, self._announcer, take)
        self._gaps = GapAsker(name, self._client, hot, self._bridge, self._announcer, self._group)
        self._drain: Drain
        self.latest: dict[str, Any] = {}
        """What it last said of itself; another thread may read it."""
        self._noted_rejected = 0
        self._beat = asyncio.Event()
        self._client.on_connected.append(lambda _: self._beat.set())

    async def open(self, folder: Path, path: Path) -> None:
        """Open the store, and take up where the last run ended."""

        def opened() -> Drain:
            store = open_store(self._config, folder)
            return Drain(HotQueue(path, store.name), store)

        self._drain = await self._in_store_thread(opened)
        if self._group is None:
            self._announcer.note(await self._hot.watermarks())

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then take leave."""
        _log.info("historian %s begins, %s store", self._config.name, self._config.store.type)
        async with asyncio.TaskGroup() as group:
            bridge = group.create_task(self._bridge.run(), name="historian bridge")
            draining = group.create_task(self._drain_until(stop), name="historian store")
            forever = [
                group.create_task(self._announcer.run(), name="historian watermarks"),
                group.create_task(self._gaps.run(), name="historian gaps"),
                group.create_task(self._say_health(), name="historian health"),
                group.create_task(self._expire(), name="historian retention"),
                group.create_task(supervisor.stay_alive(), name="historian watchdog"),
            ]
            clients = [group.create_task(self._client.run(), name="historian mqtt")]
            if self._group is not None:
                share = self._group.run(self._gaps.ask_from)
                clients.append(group.create_task(share, name="historian share"))
            supervisor.tell(supervisor.READY)
            await stop.wait()
            supervisor.tell(supervisor.STOPPING)
            for task in forever:
                task.cancel()
            self._bridge.end()
            await bridge
            await self._take_leave()
            for task in clients:
                task.cancel()
            await draining

    async def close(self) -> None:
        """Write to the store what it takes within a few seconds, and close it."""
        deadline = time.monotonic() + _FLUSH_S
        while time.monotonic() < deadline:
            if await self._in_store_thread(
                lambda: self._drain.step(time.time_ns(), time.monotonic(), flush=True)
            ):
                break  # nothing is left, or the store takes nothing
        await self._in_store_thread(self._drain.close)

    async def _drain_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            wait_s = await self._step(flush=False)
            await self._note_rejected()
            if wait_s:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await stop.wait()

    async def _step(self, *, flush: bool) -> float:
        def stepped() -> float:
            return self._drain.step(time.time_ns(), time.monotonic(), flush=flush)

        return await self._in_store_thread(stepped)

    async def _expire(self) -> None:
        """Take out what is past its retention, each time behind an event that says so."""
        while isinstance(store := self._drain.store, EmbeddedStore):
            try:
                for expiry in await self._in_store_thread(partial(store.expiring, time.time_ns())):
                    await self._hot.note("expired", str(expiry), expiry.points + expiry.events)
                    await self._in_store_thread(partial(store.expire, expiry))
                    _log.info("%s", expiry)
            except (StoreError, sqlite3.Error) as error:
                _log.warning("retention: %s", error)
            await asyncio.sleep(_RETENTION_S)

    async def _say_health(self) -> None:
        while True:
            depth = await self._hot.depth()
            said = document(self._config, self._bridge, self._announcer, self._gaps, self._drain.state, depth)
            if self._group is not None:
                said |= {"partitions": self._group.held, "takeovers": self._group.takeovers}
            self.latest = said
            try:
                await self._client.publish(self._health, orjson.dumps(said), retain=True)
            except BrokerUnavailable:
                _log.debug("no broker to tell the health to")
            self._beat.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HEALTH_S if self._group is None else _MEMBER_HEALTH_S):
                    await self._beat.wait()

    async def _take_leave(self) -> None:
        """Publish how far everything is stored, and that nobody is here any more."""
        with contextlib.suppress(TimeoutError, BrokerUnavailable):
            async with asyncio.timeout(_FAREWELL_S):
                await self._announcer.publish()
                await self._client.publish(self._health, _OFFLINE, retain=True)

    async def _note_rejected(self) -> None:
        rejected = self._drain.state.rejected
        if rejected > self._noted_rejected:
            count = rejected - self._noted_rejected
            self._noted_rejected = rejected
            try:
                await self._hot.note("quarantined", "lines that the store will never take", count)
            except sqlite3.Error as error:
                _log.warning("%d rejected lines could not be noted as an event: %s", count, error)

    async def _in_store_thread(self, function: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)
