"""A changed configuration for a gateway that runs: everything or nothing, and without a bump.

All that can go wrong is done first, beside what runs: the file is read and checked, the tables are
built, the new sessions are planned. Then the old engine ends after a scan, its state is carried over by
name, and the new one begins: less than a period passes. Devices that did not change keep their
connections; the stream journals on under the new configuration.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.changes import ONLINE, changed_secrets, changes, needs_restart
from config.load import ConfigError, load
from config.site import Site
from control.carry.held import Held
from control.carry.natures import Axis
from control.carry.roster import Roster, call_roll
from control.carry.transfer import Transfer, carry_over
from control.engine import Engine
from control.tables import TablesError, build
from drivers import registry
from drivers.api import DriverError
from gateway.acquire import Planned
from gateway.continuity.orders import Changed, ChangeRefused, Order
from gateway.continuity.running import write_running
from gateway.continuity.translate import Translation
from gateway.parts import Parts
from gateway.texts import TextImage

_log = logging.getLogger(__name__)
_LEFT_ROWS: Final = 1 << 24
_TOLD: Final = 100
"""Changes that the event names one by one."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    site: Site
    engine: Engine
    roster: Roster
    texts: TextImage


class Changer:
    """Applies configurations to the parts of one gateway, one at a time, on the drivers' loop."""

    def __init__(self, parts: Parts, file: Path, tasks: asyncio.TaskGroup) -> None:
        """Take what runs, the file that it was started with, and where sessions are tasks."""
        self._parts, self._file, self._tasks = parts, file, tasks
        self._turn = asyncio.Lock()

    async def apply(self, order: Order) -> Changed:
        """Apply what the file holds now.

        Raises:
            ChangeRefused: it is wrong, another than was reviewed, or needs a restart.
        """
        async with self._turn:
            parts = self._parts
            prepared = await asyncio.to_thread(self._prepare, order)
            try:
                renewed = parts.acquisition.renewed(prepared.site)
            except DriverError as error:
                raise ChangeRefused(str(error)) from error
            changed = await self._switch(order, prepared, renewed)
            await asyncio.to_thread(write_running, changed.after, parts.data)
            parts.stream.change(changed.after, parts.engine, parts.texts, changed)
            _log.info(
                "configuration %s applied, %s before, by %s: %d change(s), %d loops go on, gap %.1f ms",
                changed.after.fingerprint,
                changed.before.fingerprint,
                order.user,
                len(changed.changes),
                changed.carried.same[Axis.LOOP],
                changed.gap_s * 1e3,
            )
            return changed

    def _prepare(self, order: Order) -> _Prepared:
        """Make everything new that can fail; blocks."""
        try:
            site = load(self._file).site
        except ConfigError as error:
            listed = "; ".join(str(problem) for problem in error.problems[:5])
            raise ChangeRefused(f"{len(error.problems)} mistake(s) in the configuration: {listed}") from error
        except OSError as error:
            raise ChangeRefused(f"the configuration cannot be read: {error}") from error
        if site.fingerprint != order.fingerprint:
            raise ChangeRefused(
                f"the file on the gateway's machine has fingerprint {site.fingerprint}, "
                f"not {order.fingerprint} as reviewed"
            )
        runs = self._parts.site
        secrets = changed_secrets(runs, site)
        if site.fingerprint == runs.fingerprint and not secrets:
            raise ChangeRefused(f"{site.fingerprint} runs already")
        restart = needs_restart(runs, site)
        restart += [path for path in secrets if path.split(".")[0] not in ONLINE]
        if restart:
            raise ChangeRefused(f"takes effect after a restart only: {', '.join(restart)}")
        try:
            engine = Engine(build(site))
        except TablesError as error:
            raise ChangeRefused(f"the engine cannot run this: {error}") from error
        engine.prepare()
        for driver in {device.driver for device in site.devices.values()}:
            registry.prepare(driver)
        roster = call_roll(site, engine.tables.state, engine.tables.expressions)
        return _Prepared(site, engine, roster, TextImage(site))

    async def _switch(self, order: Order, prepared: _Prepared, renewed: Mapping[str, Planned]) -> Changed:
        """Let the new engine go on. From the end of the old one on, nothing else of this loop runs."""
        parts, before = self._parts, self._parts.site
        old, new, site = parts.engine, prepared.engine, prepared.site
        old_roster = call_roll(before, old.tables.state, old.tables.expressions)
        translation = Translation(before, site)
        await asyncio.to_thread(self._record_anew, prepared)
        await asyncio.to_thread(old.hand_over)
        ended = time.monotonic()
        parts.actuation.collect()
        left = translation.samples(old.inbox.pop(_LEFT_ROWS))
        carried = carry_over(
            Held(old_roster, old.tables.arena.arrays()),
            Held(prepared.roster, new.tables.arena.arrays()),
            new.tables.state,
            Transfer.CHANGE,
            offset_ns=0,
            now_ns=time.monotonic_ns(),
        )
        prepared.texts.go_on_from(parts.texts, translation.tags)
        over = parts.acquisition.change(site, new.inbox, prepared.texts, renewed, translation.tags)
        new.inbox.push(left)
        parts.actuation.change(site, new.outputs, new.tables.to_raw_value, over)
        parts.devices.change(site, new, renewed)
        new.start()
        gap_s = time.monotonic() - ended
        parts.site, parts.engine, parts.texts = site, new, prepared.texts
        for name in over:
            parts.device_tasks.pop(name).cancel()
        for name in renewed:
            parts.begin_session(self._tasks, name)
        told = [f"{change.effect} {change.kind} {change.name}" for change in changes(before, site)]
        told += [f"changed secret {path}" for path in changed_secrets(before, site)]
        sessions = tuple(sorted({*over, *renewed}))
        return Changed(before, site, order, tuple(told[:_TOLD]), carried, sessions, gap_s)

    def _record_anew(self, prepared: _Prepared) -> None:
        """Let snapshots and recording follow the new engine; both wait until it scans."""
        if self._parts.recorder is not None:
            self._parts.recorder.follow(prepared.site, prepared.engine, prepared.roster)
        self._parts.keeper.follow(prepared.engine, prepared.roster)
