"""What happens becomes process events: the engine's transitions, devices, commands, the gateway itself."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, Literal

from config.site import Site
from control.engine import Engine
from drivers.states import State, StateChange
from gateway.commands.door import CommandDoor
from gateway.commands.message import CommandMessage, Reply
from gateway.health import ScanStatistics
from gateway.stream.events import CommandEvent, DeviceEvent, Event, GatewayEvent
from gateway.stream.report import Reporter
from gateway.stream.topics import GATEWAY_LEVEL
from gateway.stream.transitions import TransitionEvents
from gateway.version import VERSION

_PERIOD_S: Final = 0.02
_ROWS: Final = 4096


class Notices:
    """Drains the engine's transitions and statistics, and writes events."""

    def __init__(self, site: Site, engine: Engine, reporter: Reporter, door: CommandDoor) -> None:
        """Wire it; it is the only reader of both rings."""
        self._site, self._engine, self._reporter, self._door = site, engine, reporter, door
        self._transitions = TransitionEvents(site, door.command_of)
        self._lost_at: dict[str, int] = {}
        self._devices: list[StateChange] = []
        self.statistics = ScanStatistics()

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
            self._door.answer(row)
        while self._devices:
            event = self._device_event(self._devices.pop(0))
            if event is not None:
                await self._reporter.event(event)

    def device(self, change: StateChange) -> None:
        """Take a device's change of state."""
        self._devices.append(change)

    async def command(self, command: CommandMessage, unit: str, reply: Reply) -> None:
        """Write the event of a command that was carried out or refused."""
        event = CommandEvent(
            **self._common(unit if unit in self._site.units else GATEWAY_LEVEL),
            command=command.id,
            user=command.user,
            kind=command.kind,
            target=command.target,
            value=command.value,
            accepted=reply.accepted,
            reason=reply.reason,
        )
        await self._reporter.event(event)

    async def gateway(self, state: Literal["started", "stopped"]) -> None:
        """Write that the gateway started or stopped."""
        await self._reporter.event(GatewayEvent(**self._common(GATEWAY_LEVEL), state=state, program=VERSION))

    def _device_event(self, change: StateChange) -> Event | None:
        common = {**self._common(GATEWAY_LEVEL), "time_ns": change.utc_ns, "device": change.device}
        if change.after is State.LOST:
            self._lost_at[change.device] = change.utc_ns
            return DeviceEvent(**common, state="lost", reason=change.reason)
        if change.after is State.CONNECTED and change.device in self._lost_at:
            away_s = (change.utc_ns - self._lost_at.pop(change.device)) / 1e9
            return DeviceEvent(**common, state="restored", duration_s=away_s)
        return None

    def _common(self, unit: str) -> dict[str, Any]:
        return {
            "gateway": self._site.gateway.name,
            "unit": unit,
            "config": self._site.fingerprint,
            "time_ns": time.time_ns(),
        }
