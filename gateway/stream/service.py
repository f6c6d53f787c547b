"""The stream's thread: a loop of its own for journal, broker and commands, away from the devices'.

It takes reports, transitions and statistics from the engine's rings, and is the only producer of the
command ring. Blocking work (journal, audit trail) is done by threads of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from config.site import Site
from control.engine import Engine
from drivers.states import StateChange
from gateway.batch.context import ContextBook
from gateway.commands.door import CommandDoor
from gateway.gxp.audit import AuditTrail
from gateway.stream import presence
from gateway.stream.command_line import CommandLine
from gateway.stream.forward import Forward
from gateway.stream.health import HealthReport, Observed, Streamed
from gateway.stream.journal import Journal
from gateway.stream.mqtt import MqttClient
from gateway.stream.mqtt_options import Options
from gateway.stream.notices import Notices
from gateway.stream.records import Dictionary
from gateway.stream.report import Reporter
from gateway.texts import TextImage
from gateway.version import VERSION

_log = logging.getLogger(__name__)
_RESTART_S: Final = 1.0
_LAST_REPORTS_WITHIN_S: Final = 5.0
"""At the stop: how long the broker may take to acknowledge what is left. The rest stays journalled."""


class StreamService:
    """The thread. `start` and `stop` block; everything else may be called from the drivers' loop."""

    def __init__(self, site: Site, engine: Engine, texts: TextImage, data: Path, *, tap: bool) -> None:
        """Prepare; `start` opens files and connects."""
        self._site, self._engine, self._texts, self._data, self._tap = site, engine, texts, data, tap
        self._observed: Observed | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event
        self._notices: Notices | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._stop = threading.Event()
        self.restarts = 0
        """Times that the stream ended by an error and was begun again."""
        self._thread = threading.Thread(target=self._run, name="stream")

    def watch(self, observed: Observed) -> None:
        """Take what the health report tells of besides the stream; call before `start`."""
        self._observed = observed

    def start(self) -> None:
        """Start the thread and wait until the journal is open.

        Raises:
            Exception: journal or audit trail cannot be opened.
        """
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Journal what is left, give the broker a moment to take it, end the thread. May be repeated."""
        self._stop.set()
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed by itself
                loop.call_soon_threadsafe(self._stopping.set)
        if self._thread.ident is not None:
            self._thread.join()

    def device_changed(self, change: StateChange) -> None:
        """Take a device's change of state, for the event."""
        loop, notices = self._loop, self._notices
        if loop is not None and notices is not None:
            with contextlib.suppress(RuntimeError):  # between two loops: the next health report shows it
                loop.call_soon_threadsafe(notices.device, change)

    def _run(self) -> None:
        """Live until stopped. After an error begin again: the rings hold what comes meanwhile."""
        while True:
            try:
                asyncio.run(self._main())
            except Exception as error:  # noqa: BLE001 - the thread's boundary
                if not self._ready.is_set():
                    self._failure = error
                    self._ready.set()
                    return
                self.restarts += 1
                _log.critical("the stream ended by an error and begins again", exc_info=error)
            if self._stop.wait(_RESTART_S if not self._stop.is_set() else 0.0):
                return

    async def _main(self) -> None:
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if self._stop.is_set():
            self._stopping.set()
        site = self._site
        with ThreadPoolExecutor(1, thread_name_prefix="audit") as disk:
            audit = await self._loop.run_in_executor(disk, self._open_audit)
            contexts = await self._loop.run_in_executor(disk, ContextBook, self._data / "contexts.sqlite")
            try:
                journal = await Journal.open(
                    self._data / "journal.sqlite",
                    site.streams,
                    Dictionary.of(site),
                    tap=self._data / "tap" if self._tap else None,
                )
                async with journal:
                    await self._stream(journal, audit, contexts, disk)
            finally:
                await self._loop.run_in_executor(disk, audit.close)
                await self._loop.run_in_executor(disk, contexts.close)

    def _open_audit(self) -> AuditTrail:
        site = self._site
        path = self._data / "audit.sqlite"
        return AuditTrail(path, gateway=site.gateway.name, software=VERSION, config=site.fingerprint)

    async def _stream(
        self, journal: Journal, audit: AuditTrail, contexts: ContextBook, disk: ThreadPoolExecutor
    ) -> None:
        site, engine = self._site, self._engine
        reporter = Reporter(site, journal, contexts, engine.reports.pop, self._texts.drain)
        client = MqttClient(
            Options(
                site.streams.broker,
                f"cellgate-{site.site.name}-{site.gateway.name}",
                will=presence.will(site),
                window=site.streams.telemetry.window,
            )
        )
        forward = Forward(site, journal, client, reporter.take_notice)
        journal.on_notice.append(reporter.take_notice)
        door = CommandDoor(site, engine.commands, audit, contexts, disk, self._value_of)
        notices = self._notices = Notices(site, engine, reporter, door)
        door.on_command.append(notices.command)
        line = CommandLine(site, client, door)
        assert self._observed is not None
        streamed = Streamed(notices, journal, forward, reporter, door, audit)
        health = HealthReport(site, client, self._observed, streamed)
        await notices.gateway("started")
        self._ready.set()
        async with asyncio.TaskGroup() as tasks:
            draining = [
                tasks.create_task(reporter.run(), name="report"),
                tasks.create_task(notices.run(), name="notices"),
                tasks.create_task(self._tick_texts(), name="texts"),
            ]
            serving = [
                tasks.create_task(client.run(), name="mqtt"),
                tasks.create_task(forward.run(), name="forward"),
                tasks.create_task(line.run(), name="commands"),
                tasks.create_task(health.run(), name="health"),
            ]
            await self._stopping.wait()
            for task in draining:
                task.cancel()
            await asyncio.gather(*draining, return_exceptions=True)
            await notices.drain()
            await notices.gateway("stopped")
            await reporter.finish()
            await forward.settle(_LAST_REPORTS_WITHIN_S)
            for task in reversed(serving):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def _value_of(self, tag: str) -> float:
        return float(self._engine.snapshot().value[self._site.tag_index[tag]])

    async def _tick_texts(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._texts.tick()
