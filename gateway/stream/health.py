"""The gateway's health, retained on the broker: counters, devices, journal, what the historians have."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from config.site import Site
from control.engine import Engine
from gateway.acquire import Acquisition
from gateway.actuate import Actuation
from gateway.clock import read_clock_state
from gateway.commands.door import CommandDoor
from gateway.continuity.keeper import SnapshotKeeper
from gateway.continuity.recorder import Recorder
from gateway.devices.book import RestrictionBook
from gateway.devices.keeper import DeviceKeeper
from gateway.devices.overrides import standing_overrides
from gateway.gxp.audit import AuditTrail
from gateway.health import LoopLag
from gateway.methods import DeviceMethods
from gateway.stream import topics
from gateway.stream.client_tree import ClientTree
from gateway.stream.forward import Forward
from gateway.stream.journal import Journal
from gateway.stream.loop_report import LoopReport
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable
from gateway.stream.notices import Notices
from gateway.stream.permissives import unfulfilled
from gateway.stream.report import Reporter
from gateway.stream.sparkplug.node import EdgeNode
from gateway.write_answers import WriteAnswers

_PERIOD_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Observed:
    """The drivers' side, looked at from the stream's loop: whole numbers that only grow, and states."""

    acquisition: Acquisition
    actuation: Actuation
    lag: LoopLag
    methods: DeviceMethods
    answers: WriteAnswers
    keeper: SnapshotKeeper
    devices: DeviceKeeper
    book: RestrictionBook
    recorder: Recorder | None


@dataclass(frozen=True, slots=True)
class Streamed:
    """The stream's side."""

    notices: Notices
    journal: Journal
    forward: Forward
    reporter: Reporter
    door: CommandDoor
    audit: AuditTrail
    loops: LoopReport
    clients: list[ClientTree]


class HealthReport:
    """Publishes the health each second while there is a broker."""

    def __init__(
        self,
        site: Site,
        engine: Engine,
        client: MqttClient,
        observed: Observed,
        streamed: Streamed,
        nodes: Sequence[EdgeNode] = (),
    ) -> None:
        """Wire it; `nodes` are the gateway's Sparkplug edge nodes."""
        self._nodes = nodes
        self._site, self._engine, self._client = site, engine, client
        self._observed, self._streamed = observed, streamed
        self._lag = LoopLag()
        self.latest: dict[str, Any] = {}
        """The document of the latest second; another thread may read it."""
        self._topic = str(topics.Health(site.site.name, site.gateway.name))

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lag.run(), name="stream loop lag")
            while True:
                await asyncio.sleep(_PERIOD_S)
                self.latest = self.document()
                if self._client.connected:
                    with contextlib.suppress(BrokerUnavailable):
                        await self._client.send(self._topic, orjson.dumps(self.latest), retain=True)

    def document(self) -> dict[str, Any]:
        """Return the health as it is now."""
        streamed, observed = self._streamed, self._observed
        journal, acquisition = streamed.journal, observed.acquisition
        return {
            "time_ns": time.time_ns(),
            "gateway": self._site.gateway.name,
            "config": self._site.fingerprint,
            "engine": streamed.notices.statistics.summary(),
            "scan_histogram": streamed.notices.statistics.histogram(),
            "clock": None if (clock := read_clock_state()) is None else asdict(clock),
            "acquisition": {
                "samples": sum(acquisition.samples.values()),
                "refused": sum(acquisition.refused.values()),
                "devices": {name: self._device(name) for name in acquisition.sessions},
            },
            "journal": {
                "epoch": journal.epoch,
                "heads": {str(p): s for p, s in journal.heads.items()},
                "first": {str(p): journal.watermarks.safe(p) + 1 for p in range(journal.partitions)},
                "bytes": journal.used_bytes,
                "points": streamed.reporter.points,
                "events": streamed.reporter.events,
                "lost": journal.lost,
            },
            "forward": asdict(streamed.forward.counters),
            "clients": {tree.name: tree.health() for tree in streamed.clients},
            "sparkplug": [node.health() for node in self._nodes],
            "snapshots": {"written": observed.keeper.written, "failures": observed.keeper.failures},
            "recording": None if observed.recorder is None else observed.recorder.counters(),
            "commands": {"accepted": streamed.door.accepted, "refused": streamed.door.refused},
            "audit": asdict(streamed.audit.head),
            "writes": self._writes(),
            "overrides": standing_overrides(self._site, self._engine, observed.book.now),
            "permissives": unfulfilled(self._site, self._engine.tables.state),
            "loops": streamed.loops.summary,
            "loop_lag_ms": {
                "drivers": observed.lag.take_worst_ms(),
                "stream": self._lag.take_worst_ms(),
            },
        }

    def _writes(self) -> dict[str, Any]:
        """Return whether the gateway as a whole writes, and who disarmed it where a person did."""
        note = self._observed.book.now.gateway
        armed = self._engine.counters()["armed"] != 0
        return {"armed": armed, "disarmed_by": None if note is None else asdict(note)}

    def _device(self, name: str) -> dict[str, Any]:
        session = self._observed.acquisition.sessions[name]
        outputs = self._observed.actuation.devices[name]
        return {
            "writes": self._observed.devices.standing(name),
            "state": session.state,
            "reason": session.reason,
            "age_s": session.age_s,
            "samples": self._observed.acquisition.samples[name],
            "refused": self._observed.acquisition.refused[name],
            "written": outputs.written,
            "write_failures": outputs.failed,
            "superseded": outputs.superseded,
            "failing_writes": self._observed.actuation.failing(name),
            "facts": dict(session.facts),
        }
