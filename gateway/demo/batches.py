"""The demo's batches: a batch system takes the units through campaigns, batches and phases.

Names only: no set-point follows from them but what the site's configuration ties to a phase. The phases
are short, so that a few minutes hold several batches that can be laid over one another.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final

from gateway.commands.message import make
from gateway.stream.mqtt_options import BrokerUnavailable
from gateway.subscriber import NoReply, Subscriber

USER: Final = "batch"
Phases = tuple[tuple[str, float], ...]
"""Each with its length, in seconds of the wall clock."""
CULTURE: Final[Phases] = (("inoculation", 20.0), ("growth", 40.0), ("production", 30.0))
FILLING: Final[Phases] = (("setup", 20.0), ("filling", 240.0), ("clearance", 20.0))
_RETRY_S: Final = 5.0


@dataclass(slots=True)
class _Unit:
    campaign: str
    first_batch: int
    begins_s: float
    phases: Phases = CULTURE
    entered: tuple[str, str, str] = ("", "", "")
    asked_s: float = float("-inf")


def due(elapsed_s: float, phases: Phases) -> tuple[int, str]:
    """Return which batch (0, 1, …) and phase a unit is in, so long after its first batch began."""
    batch, within_s = divmod(elapsed_s, sum(length_s for _, length_s in phases))
    for phase, length_s in phases:
        if within_s < length_s:
            return int(batch), phase
        within_s -= length_s
    raise AssertionError("a remainder is less than the sum")


class Batches:
    """Names each context when it is due; what a permissive refuses is asked for again."""

    def __init__(self, view: Subscriber, private_key: str) -> None:
        """Begin with no batch."""
        self._view, self._key = view, private_key
        self._units = {"br1": _Unit("C-101", 1001, 2.0), "br2": _Unit("C-102", 2001, 25.0)}
        self._units["fill"] = _Unit("C-101", 3001, 5.0, FILLING)

    async def follow(self, elapsed_s: float) -> None:
        """Command what is due now."""
        for name, unit in self._units.items():
            if elapsed_s < unit.begins_s:
                continue
            number, phase = due(elapsed_s - unit.begins_s, unit.phases)
            wanted = (unit.campaign, f"B-{unit.first_batch + number}", phase)
            if wanted != unit.entered and elapsed_s - unit.asked_s >= _RETRY_S:
                unit.asked_s = elapsed_s
                if await self._enter(name, wanted):
                    unit.entered = wanted

    async def _enter(self, unit: str, names: tuple[str, str, str]) -> bool:
        context = dict(zip(("campaign", "batch", "phase"), names, strict=True))
        message = make(USER, self._key, "context", unit, context=context, reason="demo: recipe")
        with contextlib.suppress(NoReply, BrokerUnavailable):
            return (await self._view.command(message)).accepted
        return False
