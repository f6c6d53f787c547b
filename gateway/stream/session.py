"""The stream under one configuration: journal, broker, commands, from the opening of files to their close."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config.site import Site
from control.engine import Engine
from control.parameters import value_of
from gateway.batch.campaign_limits import limits_at_start
from gateway.batch.context import ContextBook
from gateway.batch.phases import restore_phases
from gateway.commands.door import CommandDoor
from gateway.commands.engine_line import EngineLine
from gateway.commands.means import Means
from gateway.continuity.orders import Order
from gateway.devices.keeper import is_wanted
from gateway.gxp.audit import AuditTrail
from gateway.stream import presence
from gateway.stream.client_tree import ClientTree, client_trees
from gateway.stream.command_line import CommandLine
from gateway.stream.forward import Forward
from gateway.stream.health import HealthReport, Observed, Streamed
from gateway.stream.journal import Journal
from gateway.stream.loop_parameters import LoopParameters
from gateway.stream.loop_report import LoopReport
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import Options
from gateway.stream.notices import Notices
from gateway.stream.records import Dictionary
from gateway.stream.report import Reporter
from gateway.stream.serving import Serving
from gateway.stream.sparkplug.node import EdgeNode
from gateway.texts import TextImage
from gateway.version import VERSION

Begin = Callable[[Notices, HealthReport], Awaitable[None]]
"""Told that the journal is open, before anything else is written."""


class Session:
    """One life of the stream: `run` opens, serves until told to end, journals what is left, closes."""

    def __init__(
        self,
        site: Site,
        engine: Engine,
        texts: TextImage,
        data: Path,
        observed: Observed,
        apply: Callable[[Order], Awaitable[str]],
        *,
        tap: bool,
    ) -> None:
        self._site, self._engine, self._texts, self._data, self._tap = site, engine, texts, data, tap
        self._observed, self._apply = observed, apply

    async def run(self, begin: Begin, ending: asyncio.Event, for_good: Callable[[], bool]) -> None:
        """Serve until `ending` is set; `for_good` says whether nobody goes on after it."""
        site, loop = self._site, asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="audit") as disk:
            audit = await loop.run_in_executor(disk, self._open_audit)
            contexts = await loop.run_in_executor(disk, ContextBook, self._data / "contexts.sqlite")
            if not self._engine.running:
                restore_phases(site, self._engine.tables.state, contexts, time.time_ns())
            self._engine.commands.push(limits_at_start(site, contexts, time.time_ns()))
            try:
                journal = await Journal.open(
                    self._data / "journal.sqlite",
                    site.streams,
                    Dictionary.of(site),
                    tap=self._data / "tap" if self._tap else None,
                )
                reporter = Reporter(site, journal, contexts, self._engine.reports.pop, self._texts.drain)
                journal.on_notice.append(reporter.take_notice)
                trees = client_trees(site, self._data, journal, contexts, reporter.take_notice)
                async with journal, trees as clients:
                    means = Means(
                        engine=EngineLine(self._engine.commands),
                        audit=audit,
                        contexts=contexts,
                        executor=disk,
                        read_value=self._value_of,
                        apply=self._apply,
                        call_method=self._observed.methods.call,
                        write_once=self._observed.answers.write_once,
                        expect_write=self._observed.answers.expect,
                        act=self._observed.devices.act,
                        is_armed=self._is_armed,
                        book=self._observed.book,
                    )
                    door = CommandDoor(site, means)
                    serving = self._wired(journal, reporter, clients, audit, door)
                    await begin(serving.notices, serving.health)
                    await serving.run(ending, for_good)
            finally:
                await loop.run_in_executor(disk, audit.close)
                await loop.run_in_executor(disk, contexts.close)

    def _open_audit(self) -> AuditTrail:
        site = self._site
        path = self._data / "audit.sqlite"
        return AuditTrail(path, gateway=site.gateway.name, software=VERSION, config=site.fingerprint)

    def _wired(
        self,
        journal: Journal,
        reporter: Reporter,
        clients: list[ClientTree],
        audit: AuditTrail,
        door: CommandDoor,
    ) -> Serving:
        """Return what serves, on these records; nothing of it runs yet."""
        site, engine = self._site, self._engine
        client = MqttClient(
            Options(
                site.streams.broker,
                f"cellgate-{site.site.name}-{site.gateway.name}",
                will=presence.will(site),
                window=site.streams.telemetry.window,
            )
        )
        forward = Forward(site, journal, client, reporter.take_notice)
        notices = Notices(site, engine, reporter, door, self._observed.book)
        door.on_command.append(notices.command)
        loops = LoopReport(site, engine, reporter.event)
        streamed = Streamed(notices, journal, forward, reporter, door, audit, loops, clients)
        nodes = self._edge_nodes(journal, door, notices)
        return Serving(
            client=client,
            reporter=reporter,
            notices=notices,
            forward=forward,
            line=CommandLine(site, client, door),
            loops=loops,
            health=HealthReport(site, engine, client, self._observed, streamed, nodes),
            parameters=LoopParameters(site, client, engine.tables.state),
            clients=clients,
            nodes=nodes,
            texts=self._texts,
        )

    def _edge_nodes(self, journal: Journal, door: CommandDoor, notices: Notices) -> list[EdgeNode]:
        nodes = [
            EdgeNode(
                self._site,
                number,
                journal,
                door,
                self._engine.snapshot,
                self._texts.latest,
                self._observed.acquisition.sessions,
                self._data,
            )
            for number in range(len(self._site.streams.sparkplug))
        ]
        notices.devices.on_change += [node.device_changed for node in nodes]
        return nodes

    def _value_of(self, name: str) -> float:
        """Return the present value of a tag, or of a loop's parameter."""
        index = self._site.tag_index.get(name)
        if index is not None:
            return float(self._engine.snapshot().value[index])
        return value_of(self._site, self._engine.tables.state, name)

    def _is_armed(self, device: str | None) -> bool:
        """Return whether people and configuration want a device, or the gateway as a whole, to be armed."""
        if device is None:
            return self._engine.counters()["armed"] != 0
        return is_wanted(self._engine.devices()[list(self._site.devices).index(device)])
