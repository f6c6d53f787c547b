"""A stream from reports to three stores in which anything may be killed, cut or filled up, and its audit.

Every part is a process of its own: gateway, broker, InfluxDB, VictoriaMetrics, and a historian for each of
these and for the embedded store, all required. Gateway and historians reach the broker through proxies.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from config.broker import Broker as Address
from gateway.demo.processes import Child
from gateway.stream import topics
from gateway.stream.mqtt import Inbound, MqttClient
from gateway.stream.mqtt_options import Options
from tests.servers.brokers import AnyBroker
from tests.servers.databases import Influxd, Victoria
from tests.servers.namespace import Namespace
from tests.servers.proxy import Proxy
from tests.servers.works import Works, until

STORES = ("embedded", "influx", "victoria")
_QUICK = {"keep_alive": "2 s", "connect_timeout": "1 s"}


@dataclass(frozen=True)
class Seat:
    """Where processes are: their link to the broker, and the network of their own that they may have."""

    link: Proxy
    network: Namespace | None = None

    @property
    def prefix(self) -> list[str]:
        """What their commands begin with."""
        return self.network.prefix if self.network else []


class Chaos:
    """The parts, and what can be done to them. Use `stream`."""

    def __init__(self, folder: Path, broker: AnyBroker, seats: Mapping[str, Seat], seed: int) -> None:
        """Describe the parts. `seats`: where `gateway` and `historians` are."""
        self.broker, self.chance, self.seats = broker, random.Random(seed), seats
        self.influxd, self.victoria = Influxd(folder / "influxd"), Victoria(folder / "victoria")
        self._data = folder / "data"

    def place(self, streams: dict[str, Any]) -> None:
        """Make the processes; `streams`: as their configuration has it."""
        data = self._data

        def works(seat: Seat, file: str) -> Works:
            broker = {"host": seat.link.host, **_QUICK}
            return Works(data, seat.link.port, {"broker": broker, **streams}, file)

        seat = self.seats["gateway"]
        gateway = str(works(seat, "gateway.json").file)
        arguments = [*seat.prefix, sys.executable, "-m", "tests.servers.works", gateway]
        self.gateway = Child("gateway", arguments, {}, data / "gateway.log")
        seat = self.seats["historians"]
        self.works = works(seat, "historians.json")
        self.historians = {name: self.works.historian(name, prefix=seat.prefix) for name in STORES}
        self.done: dict[str, int] = {}
        """How often each fault was made."""
        self.backwards: list[str] = []
        """Watermarks that moved backwards."""
        self._marks: dict[tuple[str, int, int], int] = {}
        self.began_ns = time.time_ns()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start everything; in the end stop what still runs."""
        watching: asyncio.Task[None] | None = None
        try:
            await asyncio.gather(self.broker.start(), self.influxd.start(), self.victoria.start())
            watching = asyncio.create_task(self._watcher().run())
            await asyncio.gather(self.gateway.start(), *(one.start() for one in self.historians.values()))
            await until(lambda: len(self._marks) >= 2 * len(STORES), 60.0, "watermarks of every store")
            yield
        finally:
            parts: tuple[Any, ...] = (self.influxd, self.victoria, self.broker)
            for child in (self.gateway, *self.historians.values(), *parts):
                await child.kill()
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    def faults(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what can happen, by name."""
        kills: dict[str, Any] = {
            "broker": self.broker,
            "gateway": self.gateway,
            "influxd": self.influxd,
            "victoria": self.victoria,
            **{f"historian {name}": child for name, child in self.historians.items()},
        }
        made: dict[str, Callable[[], Awaitable[None]]] = {
            f"kill {name}": functools.partial(self._kill, part) for name, part in kills.items()
        }
        for name, seat in self.seats.items():
            made[f"cut {name}"] = functools.partial(self._cut, seat.link)
            made[f"freeze {name}"] = functools.partial(self._freeze, seat.link)
            if seat.network is not None:
                made[f"unplug {name}"] = functools.partial(self._unplug, seat.network)
        for name, child in self.historians.items():
            made[f"fill disk of {name}"] = functools.partial(self._fill, child)
        made["fill disk of gateway"] = self._fill_journal
        return made

    async def strike(self, faults: list[str]) -> None:
        """Make faults one after the other, some of them while another one lasts."""
        known = self.faults()
        pending: set[asyncio.Task[None]] = set()
        busy: dict[str, asyncio.Task[None]] = {}
        for name in faults:
            subject = name.split(" ")[-1]
            if subject in busy:
                await busy[subject]  # a part is not killed twice at one time
            task = asyncio.create_task(self._make(known[name], name))
            busy[subject] = task
            pending.add(task)
            await asyncio.wait(pending, timeout=self.chance.uniform(0.0, 0.8))
            if len(pending) > 2:
                await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            pending = {task for task in pending if not task.done()}
        await asyncio.gather(*busy.values())

    async def finish(self) -> None:
        """Let everything heal, end the gateway once all is confirmed, and stop the historians."""
        before = dict(self._marks)
        await until(
            lambda: all(self._marks[key] > mark for key, mark in before.items()), 60.0, "every store goes on"
        )
        status = await self.gateway.stop(100.0)
        assert status == 0, self.gateway.tail(40)
        await asyncio.gather(*(self._stop(child) for child in self.historians.values()))
        self.victoria.flush()

    async def _make(self, fault: Callable[[], Awaitable[None]], name: str) -> None:
        await fault()
        self.done[name] = self.done.get(name, 0) + 1

    async def _kill(self, part: Any) -> None:
        await part.kill()
        await asyncio.sleep(self.chance.uniform(0.0, 1.0))
        await part.start()

    async def _cut(self, link: Proxy) -> None:
        link.refusing = True
        link.cut()
        await asyncio.sleep(self.chance.uniform(0.1, 1.0))
        link.refusing = False

    async def _freeze(self, link: Proxy) -> None:
        """Nobody hears anything, and nobody is told: half-open connections, found out by keep-alive."""
        link.freeze()
        await asyncio.sleep(self.chance.uniform(3.2, 4.0))
        link.cut()
        link.thaw()

    async def _unplug(self, network: Namespace) -> None:
        """Pull a cable, for less or more than connections notice."""
        network.unplug()
        await asyncio.sleep(self.chance.choice((0.3, 2.0, 8.0)))
        network.plug()

    async def _fill(self, child: Child) -> None:
        """Let no file of a process grow any more, as on a full disk, and then make room again."""
        try:
            pid = child.pid
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (8192, hard))
            await asyncio.sleep(self.chance.uniform(0.5, 1.5))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        except ProcessLookupError:
            return  # it was killed meanwhile

    async def _fill_journal(self) -> None:
        """The same for the gateway, once it journals, and until its journal has not grown for a second."""
        log = self._data / "journal.sqlite-wal"
        await until(lambda: _has_open(self.gateway.pid, log), 30.0, "the gateway journals")
        await until(lambda: time.time() - log.stat().st_mtime < 0.5, 30.0, "the journal grows")
        _, hard = resource.prlimit(self.gateway.pid, resource.RLIMIT_FSIZE)
        room = self.gateway.log.stat().st_size + 8192  # it can say so
        resource.prlimit(self.gateway.pid, resource.RLIMIT_FSIZE, (room, hard))
        await until(lambda: time.time() - log.stat().st_mtime > 1.0, 30.0, "the journal does not grow")
        resource.prlimit(self.gateway.pid, resource.RLIMIT_FSIZE, (hard, hard))

    async def _stop(self, child: Child) -> None:
        assert await child.stop(60.0) == 0, child.tail(40)

    def _watcher(self) -> MqttClient:
        watcher = MqttClient(Options(Address(port=self.broker.port), "watcher"))
        watcher.subscribe(topics.Watermark.pattern(site="works"), self._on_watermark)
        return watcher

    def _on_watermark(self, message: Inbound) -> None:
        topic, said = topics.parse(message.topic), orjson.loads(message.payload)
        assert isinstance(topic, topics.Watermark)
        key = (topic.historian, topic.partition, int(said["epoch"]))
        before, now = self._marks.get(key, 0), int(said["sequence"])
        if now < before and not message.retain:  # a broker that was killed may have kept an older one
            self.backwards.append(f"{key}: {now} after {before}")
        self._marks[key] = max(before, now)


def _has_open(pid: int, file: Path) -> bool:
    """Tell whether a process has a file open."""
    return any(link.readlink() == file for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())


def deck(chaos: Chaos, seed: int, strikes: int) -> list[str]:
    """Return faults in a random order: each once, then any."""
    chance, names = random.Random(seed), list(chaos.faults())
    chance.shuffle(names)
    return names + chance.choices(names, k=max(0, strikes - len(names)))
