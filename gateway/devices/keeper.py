"""Every device's standing: in service or not, armed or not, ours to write to or not.

Runs on the drivers' loop. The engine is told by rows of its inbox; commands come in by `act`.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from config.site import Site
from control.actuation_layout import HELD_OUT_OF_SERVICE, HELD_WITHOUT_LEASE, NOTHING_COMMANDED
from control.engine import Engine
from control.rings import Row
from control.signal import BAD, OUT_OF_SERVICE, SAMPLE, alive_tag
from control.state import State
from drivers.notices import Matter, News, Notice
from gateway.acquire import Acquisition
from gateway.actuate import Actuation
from gateway.devices.book import Restrictions
from gateway.devices.claim import Claim

_log = logging.getLogger(__name__)
_SAFE_WITHIN_S: Final = 3.0
_ENGINE_WITHIN_S: Final = 2.0
_POLL_S: Final = 0.01


class Act(enum.Enum):
    """What a command asks of devices."""

    CLAIM = "claim"
    """Take the right to write to all that are armed, for a gateway that is armed next."""
    ARM = "arm"
    DISARM = "disarm"
    DISABLE = "disable"
    ENABLE = "enable"


class DeviceKeeper:
    """The standing of every device of a gateway."""

    def __init__(
        self,
        site: Site,
        engine: Engine,
        acquisition: Acquisition,
        actuation: Actuation,
        announced: Callable[[str, News], None],
    ) -> None:
        """Wire it; `begin`, then `run`."""
        self._site, self._engine, self._announced = site, engine, announced
        self._acquisition, self._actuation = acquisition, actuation
        self.out_of_service: set[str] = set()
        self.claims = {name: self._claim(name) for name in site.devices}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop

    def begin(self, restrictions: Restrictions) -> None:
        """Hold back what a start holds back, before engine and sessions run."""
        state = self._engine.tables.state
        rows = state.outputs.devices
        self.out_of_service = set(restrictions.out_of_service) & set(self._site.devices)
        for row, (name, session) in zip(rows, self._acquisition.sessions.items(), strict=True):
            session.arm(is_wanted(row))
            if name in self.out_of_service:
                session.disable()
            elif self._armed_at_start(row):
                self.claims[name].begin()
        self.tell_tables(state)

    async def run(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to keep the claims; each is a task of the group, for ever."""
        self._tasks, self._loop = tasks, asyncio.get_running_loop()
        self._begin_claims(self.claims)

    def change(self, site: Site, engine: Engine, renewed: Iterable[str]) -> None:
        """Go on under another configuration, before its engine begins."""
        for name in [name for name in self.claims if name in renewed or name not in site.devices]:
            self._running.pop(name).cancel()
            self.claims.pop(name).drop()
        self._site, self._engine = site, engine
        self.out_of_service &= set(site.devices)
        rows = engine.tables.state.outputs.devices
        begun = [name for name in site.devices if name not in self.claims]
        self.claims.update({name: self._claim(name) for name in begun})
        for row, name in zip(rows, site.devices, strict=True):
            session = self._acquisition.sessions[name]
            session.arm(is_wanted(row))
            if name in begun and name in self.out_of_service:
                session.disable()
        self.tell_tables(engine.tables.state)
        self._begin_claims(begun)

    def tell_tables(self, state: State) -> None:
        """Put what holds each device back into tables that no engine runs on yet."""
        for row, name in zip(state.outputs.devices, self._site.devices, strict=True):
            row["held"] = self._held(name)
            self._actuation.withhold(name, bool(row["held"] & HELD_WITHOUT_LEASE))

    async def act(self, act: Act, device: str | None = None) -> str | None:
        """Do what a command from another loop asks for; return why it cannot be done, or None."""
        work = asyncio.run_coroutine_threadsafe(self._act(act, device), self._loop)
        return await asyncio.wrap_future(work)

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return the claims' tasks."""
        return list(self._running.values())

    async def end(self) -> None:
        """Let other gateways have every device: the last thing before the sessions end."""
        await asyncio.gather(*(claim.give_back() for claim in self.claims.values()))

    def standing(self, name: str) -> str:
        """Return in words whether a device is written to; any thread may ask."""
        row = self._engine.devices()[list(self._site.devices).index(name)]
        if name in self.out_of_service:
            return "out of service"
        if not is_wanted(row):
            return "disarmed"
        if self._engine.counters()["armed"] == 0:
            return "the gateway is disarmed"
        claim = self.claims[name]
        return "armed" if claim.held else claim.why

    async def _act(self, act: Act, device: str | None) -> str | None:
        if act is Act.CLAIM or device is None:
            return await self._obtain(self._armed_devices())
        session = self._acquisition.sessions[device]
        match act:
            case Act.ARM:
                session.arm(True)
                if self._engine.counters()["armed"] == 0 or device in self.out_of_service:
                    return None
                why = await self._obtain([device])
                if why is not None:
                    session.arm(is_wanted(self._row(device)))
                return why
            case Act.DISARM:
                return await self._leave(device, lambda: session.arm(False))
            case Act.DISABLE:
                self.out_of_service.add(device)
                await self._tell_engine(device)
                return await self._leave(device, session.disable)
            case Act.ENABLE:
                self.out_of_service.discard(device)
                session.enable()
                await self._tell_engine(device)
                return None

    async def _leave(self, device: str, close: Callable[[], None]) -> str | None:
        """Let the safe values reach a device, then close it; say so where they did not."""
        reachable = self._acquisition.sessions[device].connected and self.claims[device].held
        settled = await self._actuation.settle(device, _SAFE_WITHIN_S) if reachable else True
        close()
        self._actuation.devices[device].forget()
        await self.claims[device].give_back()
        if not settled:
            _log.warning("the safe outputs of %s did not reach it", device)
        return None

    async def _obtain(self, devices: Iterable[str]) -> str | None:
        answers = await asyncio.gather(*(self.claims[name].obtain() for name in devices))
        return "; ".join(answer for answer in answers if answer is not None) or None

    def _armed_devices(self) -> list[str]:
        rows = self._engine.devices()
        named = zip(rows, self._site.devices, strict=True)
        return [name for row, name in named if is_wanted(row) and name not in self.out_of_service]

    def _armed_at_start(self, row: Row) -> bool:
        counters = self._engine.counters()
        return bool(counters["armed"] or counters["arm_at_start"]) and is_wanted(row)

    def _begin_claims(self, names: Iterable[str]) -> None:
        for name in names:
            claim = self.claims[name]
            self._running[name] = self._tasks.create_task(claim.run(), name=f"claim {name}")

    def _claim(self, name: str) -> Claim:
        def changed(held: bool, why: str) -> None:
            self._claim_changed(name, held, why)

        def number(tag: str) -> int:
            return self._acquisition.numbering[name].session(self._site.tag_index[tag])

        return Claim(
            name,
            self._site.devices[name],
            self._site.gateway.name,
            session=lambda: self._acquisition.sessions[name],
            tag=number,
            wanted=lambda: self._is_wanted(name),
            settled=lambda: self._actuation.settle(name, _SAFE_WITHIN_S),
            changed=changed,
        )

    def _is_wanted(self, name: str) -> bool:
        armed = self._engine.counters()["armed"] != 0
        return armed and name not in self.out_of_service and is_wanted(self._row(name))

    def _row(self, name: str) -> Row:
        return self._engine.devices()[list(self._site.devices).index(name)]

    def _claim_changed(self, name: str, held: bool, why: str) -> None:
        """Stop at once what leaves for a device that is not ours; the engine follows."""
        self._actuation.withhold(name, bool(self._held(name) & HELD_WITHOUT_LEASE))
        self._push(name)
        lost = not held and self._is_wanted(name)
        if lost or self.claims[name].lease is not None:
            matter = Matter.LEASE_TAKEN if held else Matter.LEASE_LOST
            level = logging.ERROR if lost else logging.INFO
            _log.log(level, "%s: device=%s why=%s", matter, name, why or "armed")
            self._announced(name, Notice(matter, why or "this gateway writes to it", time.time_ns()))

    def _held(self, name: str) -> int:
        claim = self.claims[name]
        unleased = not claim.held and (claim.lease is not None or claim.refused)
        return (HELD_OUT_OF_SERVICE if name in self.out_of_service else 0) | (
            HELD_WITHOUT_LEASE if unleased else 0
        )

    def _push(self, name: str) -> bool:
        rows = np.zeros(1, SAMPLE)
        rows["tag"] = alive_tag(list(self._site.devices).index(name))
        rows["quality"], rows["status"] = BAD | OUT_OF_SERVICE, self._held(name)
        return self._engine.inbox.push(rows) == 1

    async def _tell_engine(self, name: str) -> None:
        """Have the engine know what holds a device back; for a while, in case it does not run."""
        deadline, taken = time.monotonic() + _ENGINE_WITHIN_S, self._push(name)
        while time.monotonic() < deadline:
            if taken and int(self._row(name)["held"]) == self._held(name):
                return
            await asyncio.sleep(_POLL_S)
            taken = taken or self._push(name)


def is_wanted(row: Row) -> bool:
    """Say whether people, or else the configuration, want a device written to."""
    nobody_said = row["commanded"] == NOTHING_COMMANDED
    return bool(row["configured"] if nobody_said else row["commanded"] > NOTHING_COMMANDED)
