"""The gateway's health, retained on the broker: counters, devices, journal, what the historians have."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from config.site import Site
from gateway.acquire import Acquisition
from gateway.actuate import Actuation
from gateway.commands.door import CommandDoor
from gateway.gxp.audit import AuditTrail
from gateway.health import LoopLag
from gateway.stream import topics
from gateway.stream.forward import Forward
from gateway.stream.journal import Journal
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import BrokerUnavailable
from gateway.stream.notices import Notices
from gateway.stream.report import Reporter

_PERIOD_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Observed:
    """The drivers' side, looked at from the stream's loop: whole numbers that only grow, and states."""

    acquisition: Acquisition
    actuation: Actuation
    lag: LoopLag


@dataclass(frozen=True, slots=True)
class Streamed:
    """The stream's side."""

    notices: Notices
    journal: Journal
    forward: Forward
    reporter: Reporter
    door: CommandDoor
    audit: AuditTrail


class HealthReport:
    """Publishes the health each second while there is a broker."""

    def __init__(self, site: Site, client: MqttClient, observed: Observed, streamed: Streamed) -> None:
        """Wire it."""
        self._site, self._client, self._observed, self._streamed = site, client, observed, streamed
        self._lag = LoopLag()
        self._topic = str(topics.Health(site.site.name, site.gateway.name))

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lag.run(), name="stream loop lag")
            while True:
                await asyncio.sleep(_PERIOD_S)
                if self._client.connected:
                    with contextlib.suppress(BrokerUnavailable):
                        await self._client.send(self._topic, orjson.dumps(self.document()), retain=True)

    def document(self) -> dict[str, Any]:
        """Return the health as it is now."""
        streamed, observed = self._streamed, self._observed
        journal, acquisition = streamed.journal, observed.acquisition
        return {
            "time_ns": time.time_ns(),
            "gateway": self._site.gateway.name,
            "config": self._site.fingerprint,
            "engine": streamed.notices.statistics.summary(),
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
            "commands": {"accepted": streamed.door.accepted, "refused": streamed.door.refused},
            "audit": asdict(streamed.audit.head),
            "loop_lag_ms": {
                "drivers": observed.lag.take_worst_ms(),
                "stream": self._lag.take_worst_ms(),
            },
        }

    def _device(self, name: str) -> dict[str, Any]:
        session = self._observed.acquisition.sessions[name]
        outputs = self._observed.actuation.devices[name]
        return {
            "state": session.state,
            "reason": session.reason,
            "age_s": session.age_s,
            "samples": self._observed.acquisition.samples[name],
            "refused": self._observed.acquisition.refused[name],
            "written": outputs.written,
            "write_failures": outputs.failed,
            "superseded": outputs.superseded,
        }
