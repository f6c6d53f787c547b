"""How the loops do, told in regular intervals: an event for each loop, and a summary for the health."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from config.site import Site
from control.engine import Engine
from gateway.stream.event_model import Event
from gateway.stream.loop_events import LoopPerformanceEvent
from gateway.tuning.figures import figures_of

NAMED: Final = 20
"""Loops that the summary names, at most, of each kind."""
SATURATED_PERCENT: Final = 50.0
"""Share of its time at a limit from which on a loop is called saturated."""


class LoopReport:
    """Reads the engine's sums each interval and journals what they gained."""

    def __init__(self, site: Site, engine: Engine, tell: Callable[[Event], Awaitable[None]]) -> None:
        """Begin with the sums as they are now; `tell` journals an event."""
        self._site, self._engine, self._tell = site, engine, tell
        self._speeds = [site.speed_of_tag(loop.pv) for loop in site.loops.values()]
        self._before = engine.performance()
        self._summary: dict[str, Any] = {"oscillating": [], "saturated": []}

    @property
    def summary(self) -> dict[str, Any]:
        """Loops that oscillated, and that were saturated, in the last interval."""
        return self._summary

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            await asyncio.sleep(self._site.gateway.loop_report)
            await self.report()

    async def report(self) -> None:
        """Journal an event for each loop that was executed since the last report."""
        before, self._before = self._before, self._engine.performance()
        oscillating, saturated = [], []
        for position, name in enumerate(self._site.loops):
            figures = figures_of(before, self._before, position, self._speeds[position])
            if figures is None:
                continue
            if figures.oscillating:
                oscillating.append(name)
            if figures.saturated_percent > SATURATED_PERCENT:
                saturated.append(name)
            await self._tell(
                LoopPerformanceEvent(
                    gateway=self._site.gateway.name,
                    unit=self._site.unit_of(name),
                    config=self._site.fingerprint,
                    time_ns=time.time_ns(),
                    name=name,
                    **figures.model_dump(),
                )
            )
        self._summary = {"oscillating": oscillating[:NAMED], "saturated": saturated[:NAMED]}
