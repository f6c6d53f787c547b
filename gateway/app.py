"""The gateway, start to stop, on one page.

Two event loops: the drivers' loop (here) reads and writes equipment and does nothing else; the
stream's loop (`gateway.stream.service`, a thread of its own) takes reports to the journal and the
broker, and commands to the engine. The engine is a third thread that never runs Python.

Start: journal and audit trail, engine (outputs untouched), devices, then the broker.
A change of configuration while it runs: `gateway.continuity.change`.
Stop: outputs to their safe values, devices written and released, last reports journalled, farewell.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from config.site import Site
from control.carry.roster import call_roll
from control.engine import Engine
from control.tables import build
from drivers import registry
from drivers.session import Session
from drivers.states import State, StateChange
from gateway import supervisor
from gateway.acquire import Acquisition
from gateway.actuate import Actuation
from gateway.continuity.change import Changer
from gateway.continuity.keeper import SnapshotKeeper
from gateway.continuity.recorder import Recorder
from gateway.continuity.running import write_running
from gateway.continuity.start import Start, begin
from gateway.devices.book import RestrictionBook
from gateway.devices.keeper import DeviceKeeper
from gateway.devices.start import hold_back
from gateway.health import LoopLag
from gateway.methods import DeviceMethods
from gateway.metrics.families import gateway_families
from gateway.metrics.server import MetricsAddress, serving
from gateway.parts import Parts
from gateway.stream.health import Observed
from gateway.stream.service import StreamService
from gateway.texts import TextImage
from gateway.write_answers import WriteAnswers

_log = logging.getLogger(__name__)
_SAFE_OUTPUTS_WITHIN_S = (3.0, 10.0)
"""At least, and at most: who stops a gateway does not wait for ever."""
_OUTPUTS_POLLED_AT_MOST_S = 0.02


async def run_gateway(
    site: Site,
    data: Path,
    stop: asyncio.Event,
    *,
    file: Path | None = None,
    tap: bool = False,
    cold: bool = False,
    metrics: MetricsAddress | None = None,
) -> None:
    """Run a gateway until `stop` is set.

    Args:
        site: the effective configuration.
        data: folder for journal, audit trail and the rest.
        stop: set it to end the gateway.
        file: what the configuration was read from; without one it cannot be changed at run time.
        tap: keep an untrimmed copy of every journalled record.
        cold: forget the state of control before (modes, set-points, alarms, timers).
        metrics: where it serves its figures, or None.

    Raises:
        ConfigError: the tables cannot be built.
        sqlite3.Error: journal or audit trail cannot be opened.
        OSError: the address for the figures is taken.
    """
    engine = Engine(await asyncio.to_thread(build, site))
    lag = LoopLag()
    parts = _wire(site, data, engine, lag, tap=tap)
    await asyncio.to_thread(_compile, site, engine)
    start = await asyncio.to_thread(_begin, parts, cold)
    parts.devices.begin(parts.book.now)
    await asyncio.to_thread(parts.stream.start, start)
    try:
        await asyncio.to_thread(engine.start)
        parts.keeper.start()
        if parts.recorder is not None:
            parts.recorder.start()
        _log.info(
            "started: %d tags, %d loops, configuration %s", len(site.tags), len(site.loops), site.fingerprint
        )
        with serving(metrics, parts.stream.health, gateway_families):
            await _run_devices(parts, lag, file, stop)
    finally:
        await asyncio.to_thread(parts.keeper.stop)
        await asyncio.to_thread(parts.engine.stop)
        await asyncio.to_thread(parts.stream.stop)
        if parts.recorder is not None:
            await asyncio.to_thread(parts.recorder.stop)
        _log.info("stopped")


def _wire(site: Site, data: Path, engine: Engine, lag: LoopLag, *, tap: bool) -> Parts:
    """Make the parts and connect them; nothing runs yet."""
    texts = TextImage(site)
    stream = StreamService(site, engine, texts, data, tap=tap)

    def device_changed(change: StateChange) -> None:
        if change.after is State.CONNECTED:
            actuation.device_restored(change.device)
        stream.device_changed(change)

    acquisition = Acquisition(site, engine.inbox, texts, device_changed, stream.device_announced)
    actuation = Actuation(
        site,
        engine.outputs,
        acquisition.sessions,
        engine.tables.to_raw_value,
        numbering=acquisition.numbering,
        poll_period_s=min(_OUTPUTS_POLLED_AT_MOST_S, site.gateway.scan_period / 2),
        announced=stream.device_announced,
    )
    methods = DeviceMethods(acquisition.sessions, asyncio.get_running_loop())
    answers = WriteAnswers(actuation, asyncio.get_running_loop())
    keeper = SnapshotKeeper(site.gateway.name, data, site.gateway.snapshot_period)
    recorder = Recorder(data, site.gateway.recording) if site.gateway.recording.enabled else None
    devices = DeviceKeeper(site, engine, acquisition, actuation, stream.device_announced)
    book = RestrictionBook(data)
    stream.watch(Observed(acquisition, actuation, lag, methods, answers, keeper, devices, book, recorder))
    return Parts(site, data, engine, texts, acquisition, actuation, stream, keeper, devices, book, recorder)


def _compile(site: Site, engine: Engine) -> None:
    """Compile, or load from the cache, before anything runs: it would hold everybody up."""
    engine.prepare()
    for driver in {device.driver for device in site.devices.values()}:
        registry.prepare(driver)


def _begin(parts: Parts, cold: bool) -> Start:
    """Go on from the last snapshot, or cold; blocks, and comes last: the snapshot's age counts."""
    site, tables = parts.site, parts.engine.tables
    roster = call_roll(site, tables.state, tables.expressions)
    parts.keeper.follow(parts.engine, roster)
    if parts.recorder is not None:
        parts.recorder.follow(site, parts.engine, roster)
    write_running(site, parts.data)
    start = begin(site, tables, roster, parts.data, cold=cold)
    hold_back(site, tables.state, parts.book.now)
    return start


async def _run_devices(parts: Parts, lag: LoopLag, file: Path | None, stop: asyncio.Event) -> None:
    actuation = parts.actuation
    async with asyncio.TaskGroup() as tasks:
        for name in parts.acquisition.sessions:
            parts.begin_session(tasks, name)
        await parts.devices.run(tasks)
        running = [
            tasks.create_task(actuation.run(tasks), name="actuate"),
            tasks.create_task(lag.run(), name="loop lag"),
            tasks.create_task(
                supervisor.stay_alive(lambda: parts.engine.counters()["scan"]), name="watchdog"
            ),
        ]
        if file is not None:
            parts.stream.serve_changes(Changer(parts, file, tasks))
        supervisor.tell(supervisor.READY)
        await stop.wait()
        supervisor.tell(supervisor.STOPPING)
        await asyncio.to_thread(parts.keeper.stop)
        _log.info("stopping: outputs to their safe values")
        await asyncio.to_thread(parts.engine.stop)
        late = await actuation.drain(_safe_outputs_within_s(parts.acquisition.sessions))
        for device, tags in late.items():
            why = "outputs did not get their safe values, the equipment's own watchdog has to act"
            _log.warning("%s: device=%s tags=%s", why, device, ", ".join(tags))
        await parts.devices.end()
        for task in (
            *running,
            *parts.devices.tasks(),
            *parts.device_tasks.values(),
            *actuation.writers.values(),
        ):
            task.cancel()


def _safe_outputs_within_s(sessions: Mapping[str, Session]) -> float:
    """Return how long safe outputs are waited for."""
    least_s, most_s = _SAFE_OUTPUTS_WITHIN_S
    return min(max((least_s, *(each.write_within_s for each in sessions.values()))), most_s)
