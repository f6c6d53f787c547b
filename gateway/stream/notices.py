"""What happens becomes process events: the engine's transitions, devices, commands, the gateway itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Any, Final

from config.site import Site
from control.engine import Engine
from gateway.commands.door import CommandDoor
from gateway.commands.message import CommandMessage, Reply
from gateway.commands.override_notes import ended_by_itself, missing
from gateway.continuity.orders import Changed
from gateway.continuity.start import Start
from gateway.devices.book import RestrictionBook
from gateway.devices.overrides import held_overrides
from gateway.health import ScanStatistics
from gateway.stream.configuration_events import ConfigurationEvent
from gateway.stream.context_events import ContextEvent
from gateway.stream.device_notices import DeviceNotices
from gateway.stream.ended_events import ended_alarm, ended_test
from gateway.stream.event_model import Event
from gateway.stream.events import CommandEvent, EngineEvent, GatewayEvent
from gateway.stream.override_events import OverrideEvent
from gateway.stream.report import Reporter
from gateway.stream.topics import GATEWAY_LEVEL
from gateway.stream.transitions import TransitionEvents
from gateway.version import VERSION

_log = logging.getLogger(__name__)
_PERIOD_S: Final = 0.02
_ROWS: Final = 4096


class Notices:
    """Drains the engine's transitions and statistics, and writes events."""

    def __init__(
        self, site: Site, engine: Engine, reporter: Reporter, door: CommandDoor, book: RestrictionBook
    ) -> None:
        """Wire it; it is the only reader of both rings."""
        self._site, self._engine, self._reporter, self._door = site, engine, reporter, door
        self._book = book
        self._transitions = TransitionEvents(site, door.engine.command_of, door.engine.user_of, engine.relay)
        self.devices = DeviceNotices(site)
        self.statistics = ScanStatistics()
        self._told_of_scheduling = False

    async def run(self) -> None:
        """Drain until cancelled."""
        while True:
            await asyncio.sleep(_PERIOD_S)
            await self.drain()

    async def drain(self) -> None:
        """Take everything that waits now."""
        self.statistics.take(self._engine.statistics.pop(_ROWS))
        for row in self._engine.transitions.pop(_ROWS):
            event = self._transitions.event(row)
            if event is not None:
                await self._reporter.event(event)
            self._door.engine.answer(row)
            ended = await self._door.record.on_disk(ended_by_itself, self._book, self._site, row)
            if ended is not None:
                await self._door.record.write(ended)
        if self._engine.scheduling_refused and not self._told_of_scheduling:
            await self._tell_of_scheduling(self._engine.scheduling_refused)
        for event in self.devices.take():
            await self._reporter.event(event)

    async def compare_overrides(self, why: str) -> None:
        """Put on record, and tell, what was forced or simulated and is not any more; `why` it ended."""
        held = held_overrides(self._site, self._engine) if self._engine.running else []
        for tag, entry in await self._door.record.on_disk(missing, self._book, held, why):
            await self._door.record.write(entry)
            unit = self._site.unit_of(tag)
            event = OverrideEvent(
                **self._common(unit if unit in self._site.units else GATEWAY_LEVEL),
                name=tag,
                kind="force" if entry.detail.startswith("force") else "simulate",
                state="ended",
                value=entry.old if isinstance(entry.old, float) else None,
                cause=why,
            )
            await self._reporter.event(event)

    async def command(self, command: CommandMessage, unit: str, reply: Reply) -> None:
        """Write the event of a command that was carried out or refused."""
        event = CommandEvent(
            **self._common(unit if unit in self._site.units else GATEWAY_LEVEL),
            command=command.id,
            user=command.user,
            kind=command.kind,
            target=command.target,
            value=command.wanted,
            accepted=reply.accepted,
            reason=reply.reason,
        )
        await self._reporter.event(event)
        if command.kind == "context" and reply.accepted:
            await self._entered(command, unit)

    async def _entered(self, command: CommandMessage, unit: str) -> None:
        """Write which campaign, batch and phase a unit is in from the command's issue on."""
        assert command.context is not None
        common = self._common(unit) | {"time_ns": command.issued_ns}
        names = command.context.model_dump()
        await self._reporter.event(ContextEvent(**common, **names, command=command.id, user=command.user))

    async def started(self, start: Start) -> None:
        """Write how the gateway started, and which alarms ended by it."""
        common = self._common(GATEWAY_LEVEL)
        await self._reporter.event(
            GatewayEvent(**common, state="started", program=VERSION, start=start.kind, detail=start.detail)
        )
        told = [ended_alarm(self._site, alarm, common["time_ns"]) for alarm in start.ended_alarms]
        why = "the gateway was restarted"
        told += [ended_test(self._site, test, why, common["time_ns"]) for test in start.ended_tests]
        await self._tell(told)

    async def _tell_of_scheduling(self, refused: tuple[str, ...]) -> None:
        """Log, and write an event, that the engine runs without what the configuration asks for."""
        self._told_of_scheduling = True
        detail = "; ".join(refused)
        _log.warning("the engine runs as any thread does: refused %s", detail)
        await self._reporter.event(
            EngineEvent(**self._common(GATEWAY_LEVEL), what="scheduling_refused", detail=detail)
        )

    async def configured(self, changed: Changed) -> None:
        """Write that the configuration was changed, and which alarms ended by it."""
        common = self._common(GATEWAY_LEVEL)
        order = changed.order
        event = ConfigurationEvent(
            **common,
            before=changed.before.fingerprint,
            after=changed.after.fingerprint,
            user=order.user,
            command=order.command,
            reason=order.reason,
            changes=list(changed.changes),
            devices=list(changed.devices),
            gap_s=changed.gap_s,
        )
        await self._reporter.event(event)
        before, carried, why = changed.before, changed.carried, "the configuration was changed"
        told = [ended_alarm(before, alarm, common["time_ns"]) for alarm in carried.ended_alarms]
        told += [ended_test(before, test, why, common["time_ns"]) for test in carried.ended_tests]
        await self._tell(told)

    async def _tell(self, events: Iterable[Event | None]) -> None:
        for event in events:
            if event is not None:
                await self._reporter.event(event)

    async def stopped(self) -> None:
        """Write that the gateway stopped."""
        common = self._common(GATEWAY_LEVEL)
        await self._reporter.event(GatewayEvent(**common, state="stopped", program=VERSION))

    def _common(self, unit: str) -> dict[str, Any]:
        return {
            "gateway": self._site.gateway.name,
            "unit": unit,
            "config": self._site.fingerprint,
            "time_ns": time.time_ns(),
        }
