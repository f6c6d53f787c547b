"""The gateway, start to stop, on one page.

Two event loops: the drivers' loop (here) reads and writes equipment and does nothing else; the
stream's loop (`gateway.stream.service`, a thread of its own) takes reports to the journal and the
broker, and commands to the engine. The engine is a third thread that never runs Python.

Start: journal and audit trail, engine (outputs untouched), devices, then the broker.
Stop: outputs to their safe values, devices written and released, last reports journalled, farewell.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from config.site import Site
from control.engine import Engine
from control.tables import build
from drivers import registry
from drivers.states import State, StateChange
from gateway.acquire import Acquisition
from gateway.actuate import Actuation
from gateway.health import LoopLag
from gateway.stream.health import Observed
from gateway.stream.service import StreamService
from gateway.texts import TextImage

_log = logging.getLogger(__name__)
_SAFE_OUTPUTS_WITHIN_S = 3.0
_OUTPUTS_POLLED_AT_MOST_S = 0.02


async def run_gateway(site: Site, data: Path, stop: asyncio.Event, *, tap: bool = False) -> None:
    """Run a gateway until `stop` is set.

    Args:
        site: the effective configuration.
        data: folder for journal, audit trail and the rest.
        stop: set it to end the gateway.
        tap: keep an untrimmed copy of every journalled record.

    Raises:
        ConfigError: the tables cannot be built.
        sqlite3.Error: journal or audit trail cannot be opened.
    """
    tables = await asyncio.to_thread(build, site)
    engine = Engine(tables)
    texts = TextImage(site)
    lag = LoopLag()
    stream = StreamService(site, engine, texts, data, tap=tap)

    def device_changed(change: StateChange) -> None:
        if change.after is State.CONNECTED:
            actuation.device_restored(change.device)
        stream.device_changed(change)

    acquisition = Acquisition(site, engine.inbox, texts, device_changed)
    actuation = Actuation(
        site,
        engine.outputs,
        acquisition.sessions,
        lambda tag, value: float(tables.to_raw(tag, value)),
        poll_period_s=min(_OUTPUTS_POLLED_AT_MOST_S, site.gateway.scan_period / 2),
    )
    stream.watch(Observed(acquisition, actuation, lag))
    await asyncio.to_thread(_compile, site, engine)
    await asyncio.to_thread(stream.start)
    try:
        await asyncio.to_thread(engine.start)
        _log.info(
            "started: %d tags, %d loops, configuration %s", len(site.tags), len(site.loops), site.fingerprint
        )
        await _run_devices(acquisition, actuation, engine, lag, stop)
    finally:
        await asyncio.to_thread(engine.stop)
        await asyncio.to_thread(stream.stop)
        _log.info("stopped")


def _compile(site: Site, engine: Engine) -> None:
    """Compile, or load from the cache, before anything runs: it would hold everybody up."""
    engine.prepare()
    for driver in {device.driver for device in site.devices.values()}:
        registry.prepare(driver)


async def _run_devices(
    acquisition: Acquisition, actuation: Actuation, engine: Engine, lag: LoopLag, stop: asyncio.Event
) -> None:
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(session.run(), name=f"device {name}")
            for name, session in acquisition.sessions.items()
        ]
        running.append(tasks.create_task(actuation.run(tasks), name="actuate"))
        running.append(tasks.create_task(lag.run(), name="loop lag"))
        await stop.wait()
        _log.info("stopping: outputs to their safe values")
        await asyncio.to_thread(engine.stop)
        if not await actuation.drain(_SAFE_OUTPUTS_WITHIN_S):
            _log.warning("some safe outputs did not reach their devices; the equipment's watchdog takes over")
        for task in (*running, *actuation.writers):
            task.cancel()
