"""A simulated device: process model, sensors and their faults, watchdog, protocol server, link."""

from __future__ import annotations

import dataclasses
import logging
import time

from simulators.link import Link
from simulators.model import ProcessModel
from simulators.pacing import Pacer
from simulators.sensor_faults import SensorFaults
from simulators.signals import Value
from simulators.watchdog import Watchdog
from simulators.wire import Wire

_log = logging.getLogger(__name__)

PERIOD_S = 0.1
"""Wall-clock time between two steps."""


@dataclasses.dataclass(frozen=True)
class Identity:
    """What a device is called and which model it runs."""

    name: str
    model: str
    seed: int = 1


class Device:
    """Runs one device in a task of its own; everything happens on one event loop."""

    def __init__(
        self,
        identity: Identity,
        model: ProcessModel,
        wire: Wire,
        link: Link,
        *,
        speed: float,
        timeout_s: float,
    ) -> None:
        self.identity = identity
        self.model = model
        self.wire = wire
        self.link = link
        self.speed = speed
        """Plant seconds per wall-clock second."""
        self.watchdog = Watchdog(timeout_s)
        self.sensors = SensorFaults(model.signals, identity.seed)
        self.pacer = Pacer(PERIOD_S)
        self.plant_s = 0.0
        self.steps = 0
        self.restarts = 0
        self._down_until_s: float | None = None
        self._restart_s: float | None = None

    @property
    def down(self) -> bool:
        """True while the device is restarting."""
        return self._down_until_s is not None

    async def start(self) -> None:
        """Start the protocol server and open the link."""
        port = await self.wire.start(self._take)
        await self._publish(0.0)
        await self.link.open(port)

    async def stop(self) -> None:
        """Close the link and stop the protocol server; repeatable."""
        await self.link.close()
        await self.wire.stop()

    async def run(self) -> None:
        """Step the model on the wall clock, for ever."""
        self.pacer.begin(time.monotonic())
        while True:
            await self.advance(await self.pacer.wait(), time.monotonic())

    async def advance(self, steps: int, now_s: float) -> None:
        """Move the plant on by some steps of `PERIOD_S` and show the result."""
        await self._go_down(now_s)
        await self._come_back(now_s)
        safe = self.down or self.watchdog.expired(now_s)
        if safe != self.model.safe:
            _log.info("%s %s its safe state", self.identity.name, "takes" if safe else "leaves")
            self.model.set_safe(safe)
        plant_s = PERIOD_S * self.speed
        for _ in range(steps):
            self.model.step(plant_s)
        self.steps += steps
        self.plant_s += steps * plant_s
        if not self.down:
            await self._publish(steps * plant_s)
        await self.link.expire(now_s)

    def restart(self, down_s: float) -> None:
        """Go down with the next step, as if power-cycled, and come back `down_s` later.

        The process goes on meanwhile, with its actuators in their safe positions.
        """
        self._restart_s = down_s

    async def _go_down(self, now_s: float) -> None:
        down_s, self._restart_s = self._restart_s, None
        if down_s is None:
            return
        self._down_until_s = now_s + down_s
        self.restarts += 1
        await self.stop()
        self.watchdog.reset()

    async def _come_back(self, now_s: float) -> None:
        if self._down_until_s is not None and now_s >= self._down_until_s:
            await self.start()
            self._down_until_s = None

    async def _publish(self, plant_s: float) -> None:
        if self.model.clock_signal is not None:
            self.model.values[self.model.clock_signal] = time.time_ns() // 1_000_000
        await self.wire.publish(self.model.values, self.sensors.overlay(self.model.values, plant_s))

    def _take(self, name: str, value: Value) -> None:
        """Take what a client has written."""
        if name == "Watchdog":
            self.watchdog.feed(value, time.monotonic())
        self.model.command(name, value)
