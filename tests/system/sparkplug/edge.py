"""A gateway's edge node with everything real behind it: engine, journal, audit trail, command door.

Only the devices are made up: their samples are pushed into the engine, their states are set.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from config.site import Site
from control import signal
from control.engine import Engine
from control.signal import SAMPLE, Text
from control.tables import build
from drivers.api import Argument, MethodResult, WriteResult
from drivers.states import State, StateChange
from gateway.batch.context import ContextBook
from gateway.commands.door import CommandDoor
from gateway.commands.engine_line import EngineLine
from gateway.commands.means import Means
from gateway.continuity.orders import ChangeRefused, Order
from gateway.devices.book import RestrictionBook
from gateway.devices.keeper import Act
from gateway.gxp.audit import AuditTrail, read_entries
from gateway.stream.journal import Journal
from gateway.stream.records import Dictionary
from gateway.stream.report import Reporter
from gateway.stream.sparkplug.node import EdgeNode
from gateway.texts import TextImage
from tests.unit.stream.journals import until


def edge_site(port: int, **sparkplug: Any) -> Site:
    """Return a site with two units of one class, each behind a device of its own, and a third on none."""
    reactor: dict[str, Any] = {
        "temp.pv": {"unit": "degC", "low": "0 degC", "high": "100 degC"},
        "temp.out": {"unit": "%", "low": "0 %", "high": "100 %", "access": "write"},
        "run": {"kind": "bool"},
        "recipe": {"kind": "text"},
        "stirrer.set": {"unit": "rpm", "low": "0 rpm", "high": "500 rpm", "access": "read_write"},
    }
    units: dict[str, Any] = {
        name: {
            "area": "a",
            "cell": "c",
            "template": "reactor",
            "parameters": {"volume": f"{litres} L"},
            "tags": {tag: {**told, "device": device} for tag, told in reactor.items()},
            "loops": {
                "temp": {"pv": f"{name}/temp.pv", "output": f"{name}/temp.out", "kp": 1.0, "sp": "37 degC"}
            },
        }
        for name, device, litres in (("br1", "plc1", 50), ("br2", "plc2", 200))
    }
    units["br2"]["tags"]["foam.pv"] = {"device": "plc2"}
    units["hall"] = {"area": "a", "cell": "c", "tags": {"pressure.pv": {"unit": "Pa"}}}
    broker = {"port": port, "keep_alive": "2 s", "connect_timeout": "2 s", **sparkplug.pop("broker", {})}
    node = {"group": "Plant 1", "rebirth_min_interval": "300 ms", **sparkplug}
    return Site.model_validate(
        {
            "site": {"name": "works"},
            "gateway": {"name": "gw1", "scan_period": "10 ms"},
            "devices": {
                name: {"driver": "modbus", "host": "127.0.0.1", "writes_armed": True}
                for name in ("plc1", "plc2")
            },
            "units": units,
            "streams": {
                "broker": broker,
                "telemetry": {"flush_period": "10 ms"},
                "journal": {"commit_period": "5 ms"},
                "sparkplug": [node],
            },
        }
    )


@dataclass
class FakeDevice:
    """What an edge node asks of a session."""

    state: State = State.CONNECTED
    age_s: float | None = 0.0


class Edge:
    """The parts, running."""

    def __init__(self, site: Site, folder: Path, number: int = 0) -> None:
        self.site, self.folder = site, folder
        self.engine = Engine(build(site))
        self.texts = TextImage(site)
        self.devices = {name: FakeDevice() for name in site.devices}
        self.node: EdgeNode
        self.journal: Journal
        self._tasks: list[asyncio.Task[Any]] = []
        self._number = number
        self._clock_ns = 0

    def sample(self, tag: str, value: float, *, quality: int = 0, source_ns: int | None = None) -> int:
        """Let the equipment send a sample; return its source time."""
        self._clock_ns = max(time.time_ns(), self._clock_ns + 1_000_000)
        rows = np.zeros(1, SAMPLE)
        rows["tag"], rows["value"], rows["quality"] = self.site.tag_index[tag], value, quality
        rows["source_ns"] = self._clock_ns if source_ns is None else source_ns
        assert self.engine.inbox.push(rows) == 1
        return int(rows["source_ns"][0])

    def text(self, tag: str, value: str) -> None:
        """Let the equipment send a text."""
        self.texts.take(Text(self.site.tag_index[tag], value, time.time_ns(), 0))

    def move(self, device: str, state: State) -> None:
        """Let a device be lost, or come back."""
        before, self.devices[device].state = self.devices[device].state, state
        self.node.device_changed(StateChange(device, before, state, "", time.time_ns(), 1.0))

    def value(self, tag: str) -> float:
        """Return the engine's value of a tag."""
        return float(self.engine.snapshot().value[self.site.tag_index[tag]])

    def audit(self) -> list[dict[str, Any]]:
        """Return the audit trail."""
        return read_entries(self.folder / "audit.sqlite")

    async def online(self, within_s: float = 10.0) -> None:
        """Wait until it publishes."""
        await until(lambda: self.node.health()["state"] == "online", within_s)

    async def stop_node(self) -> None:
        """End the edge node as a stop of the gateway does."""
        task = self._tasks.pop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def start_node(self, door: CommandDoor) -> None:
        """Begin as an edge node."""
        self.door = door
        self.node = EdgeNode(
            self.site,
            self._number,
            self.journal,
            door,
            self.engine.snapshot,
            self.texts.latest,
            self.devices,
            self.folder,
        )
        self._tasks.append(asyncio.create_task(self.node.run(), name="edge node"))

    async def answer(self) -> None:
        """Hand the engine's answers to the door."""
        while True:
            await asyncio.sleep(0.005)
            for row in self.engine.transitions.pop(100):
                self.door.engine.answer(row)


async def _apply(order: Order) -> str:
    raise ChangeRefused("not here")


async def _call(device: str, method: str, arguments: Sequence[Argument]) -> MethodResult:
    return MethodResult(f"no {method} of {device} takes {arguments}")


async def _write_once(device: str, values: Sequence[tuple[str, float]]) -> str | None:
    return f"no {device} takes {values} here"


class _Taken:
    """The answer of a device that takes everything."""

    async def come(self) -> WriteResult:
        return WriteResult(0, verified=True)

    def drop(self) -> None:
        return


async def _expect_write(_tag: str, _value: float) -> _Taken:
    return _Taken()


async def _act(act: Act, device: str | None) -> str | None:
    return f"no device takes {act} here: {device}"


@asynccontextmanager
async def edge(site: Site, folder: Path, *, prepared: bool = True) -> AsyncIterator[Edge]:
    """Run an edge node; leaving stops it as a gateway does."""
    made = Edge(site, folder)
    disk = ThreadPoolExecutor(1)
    audit = disk.submit(
        lambda: AuditTrail(folder / "audit.sqlite", gateway="gw1", software="1", config="c")
    ).result()
    contexts = disk.submit(ContextBook, folder / "contexts.sqlite").result()
    made.engine.start()
    try:
        async with await Journal.open(
            folder / "journal.sqlite", site.streams, Dictionary.of(site)
        ) as made.journal:
            reporter = Reporter(site, made.journal, contexts, made.engine.reports.pop, made.texts.drain)
            means = Means(
                engine=EngineLine(made.engine.commands),
                audit=audit,
                contexts=contexts,
                executor=disk,
                read_value=made.value,
                apply=_apply,
                call_method=_call,
                write_once=_write_once,
                expect_write=_expect_write,
                act=_act,
                is_armed=lambda _: True,
                book=RestrictionBook(folder),
            )
            door = CommandDoor(site, means)
            if prepared:
                give_values(made)
                await until(lambda: made.value("br2/stirrer.set") == 120.0)
            background = [asyncio.create_task(reporter.run()), asyncio.create_task(made.answer())]
            made.start_node(door)
            try:
                yield made
            finally:
                while made._tasks:
                    await made.stop_node()
                for task in background:
                    task.cancel()
                results = await asyncio.gather(*background, return_exceptions=True)
            assert [r for r in results if not isinstance(r, asyncio.CancelledError)] == []
    finally:
        await asyncio.to_thread(made.engine.stop)
        disk.submit(audit.close).result()
        disk.submit(contexts.close).result()
        disk.shutdown()


def give_values(made: Edge) -> None:
    """Give every tag of the equipment a first value, but one: `hall/pressure.pv` has none yet."""
    for unit in ("br1", "br2"):
        made.sample(f"{unit}/temp.pv", 36.5)
        made.sample(f"{unit}/run", 1.0)
        made.sample(f"{unit}/stirrer.set", 120.0)
        made.text(f"{unit}/recipe", "Füllung 7")
    made.sample("br2/foam.pv", 0.25, quality=signal.UNCERTAIN | signal.RANGE)
    made.sample("br2/stirrer.set", 120.0)
