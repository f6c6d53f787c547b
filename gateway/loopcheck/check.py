"""Carries a loop check out: signed commands out, reports back, and everything as it was at the end.

Outputs are driven by `force`, which ends by itself: whatever becomes of this program, nothing stays driven.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from config.site import Site
from control.signal import BAD, MODE_MANUAL, MODE_OUT_OF_SERVICE
from gateway.commands.message import Kind, Reply, make
from gateway.commands.overrides import ONLY_IN_MANUAL
from gateway.loopcheck.points import CannotCheck, Point, Result, Step, loop_of
from gateway.modes import word_of
from gateway.subscriber import LiveValue, Subscriber

_POLL_S: Final = 0.05
_FORCE_SPARE_S: Final = 30.0
_RESTORED_WITHIN_S: Final = 15.0
_MODES_TO_CHECK_IN: Final = (MODE_MANUAL, MODE_OUT_OF_SERVICE)

Ask = Callable[[Point, float], Awaitable[str]]
"""Has a person apply a reference to an instrument; returns a note, or raises `Skipped`."""


class Skipped(Exception):
    """A person does not check this value; the message says why."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is checked."""

    user: str
    private_key: str = field(repr=False)
    check: str
    """Id of the check: the reason of each of its commands, so that the audit trail leads to its sheet."""
    within_s: float
    """Each value has to be indicated within this time."""


class LoopCheck:
    """One check of some points."""

    def __init__(self, site: Site, subscriber: Subscriber, terms: Terms, ask: Ask) -> None:
        """Take a subscriber that is connected."""
        self._site, self._subscriber, self._terms, self._ask = site, subscriber, terms, ask
        self.commands: list[str] = []
        """Ids of the commands that were sent."""

    async def refuse_early(self, points: list[Point]) -> None:
        """Look whether the points can be checked now, before anything is moved.

        Raises:
            CannotCheck: the gateway is not there, writes are off, or a loop is not in manual.
        """
        health = await self._health()
        for point in points:
            if point.kind != "output":
                continue
            device = str(self._site.tags[point.tag].device)
            standing = health["acquisition"]["devices"][device]["writes"]
            if standing != "armed":
                raise CannotCheck(f"{point.tag}: nothing is written to {device}: {standing}")
            loop = loop_of(self._site, point.tag)
            owner = self._site.owners.get(point.tag)
            if loop is None and owner is not None:
                raise CannotCheck(f"{point.tag} is moved by {owner}: put the loops before it in manual")
            if loop is not None:
                self._refuse_known_mode(point, loop)

    async def run(self, point: Point) -> Result:
        """Check one point; whatever happens it is given back."""
        result = Result(point)
        if point.kind == "input":
            await self._compare(result)
            return result
        before: float | None = None
        try:
            for number, value in enumerate(point.values):
                reply = await self._force(point, value)
                before = reply.before if number == 0 else before
                note = "simulated by the gateway" if point.kind == "simulated input" else ""
                result.steps.append(await self._indicated(point, value, note))
        except CannotCheck as error:
            result.trouble = str(error)
        finally:
            if result.steps:
                result.restored = await self._give_back(point, before)
        return result

    async def _compare(self, result: Result) -> None:
        for reference in result.point.values:
            try:
                note = await self._ask(result.point, reference)
            except Skipped as error:
                result.trouble = f"not checked at {reference:g} {result.point.unit}: {error}"
                return
            result.steps.append(await self._indicated(result.point, reference, note))

    async def _force(self, point: Point, value: float) -> Reply:
        duration_s = self._terms.within_s + _FORCE_SPARE_S
        if point.kind == "output":
            reply = await self._command(
                "force", point.tag, value=value, duration=duration_s, parameter=ONLY_IN_MANUAL
            )
        else:
            reply = await self._command("simulate", point.tag, value=value, duration=duration_s)
        if not reply.accepted:
            raise CannotCheck(reply.reason)
        return reply

    async def _indicated(self, point: Point, value: float, note: str) -> Step:
        """Wait until the value is indicated, or its time is over."""
        began = time.monotonic()
        while True:
            live = self._subscriber.values.get(point.indicated_by)
            step = _step(live, value, time.monotonic() - began, point.tolerance, note)
            if step.passed or step.took_s >= self._terms.within_s:
                return step
            await asyncio.sleep(_POLL_S)

    async def _give_back(self, point: Point, before: float | None) -> bool:
        """End what was forced, and see it go back to where it was."""
        reply = await self._command("release", point.tag)
        if point.kind != "output" or before is None or point.indicated_by != point.tag:
            return reply.accepted
        deadline = time.monotonic() + _RESTORED_WITHIN_S
        while time.monotonic() < deadline:
            live = self._subscriber.values.get(point.indicated_by)
            if _step(live, before, 0.0, point.tolerance, "").passed:
                return True
            await asyncio.sleep(_POLL_S)
        return False

    def _refuse_known_mode(self, point: Point, loop: str) -> None:
        """Refuse a loop that is seen to regulate; one that was not heard of yet is judged by the gateway."""
        mode = self._subscriber.values.get(f"{loop}.mode")
        if mode is not None and isinstance(mode.value, float) and mode.value not in _MODES_TO_CHECK_IN:
            word = word_of(mode.value)
            raise CannotCheck(
                f"{point.tag}: loop {loop} is in {word}: put it in manual or out of service first"
            )

    async def _health(self) -> dict[str, Any]:
        deadline = time.monotonic() + 5.0
        while not self._subscriber.gateway or not self._subscriber.online:
            if time.monotonic() > deadline:
                raise CannotCheck(f"gateway {self._site.gateway.name} does not run")
            await asyncio.sleep(_POLL_S)
        return self._subscriber.gateway

    async def _command(self, kind: Kind, target: str, **fields: Any) -> Reply:
        reason = f"loop check {self._terms.check}"
        message = make(self._terms.user, self._terms.private_key, kind, target, reason=reason, **fields)
        self.commands.append(message["id"])
        return await self._subscriber.command(message)


def _step(live: LiveValue | None, asked: float, took_s: float, tolerance: float, note: str) -> Step:
    if live is None or not isinstance(live.value, float):
        quality = BAD if live is None else live.quality
        return Step(asked, None, quality, took_s, tolerance, note)
    return Step(asked, live.value, live.quality, took_s, tolerance, note)
