"""The stream's thread: a loop of its own for journal, broker and commands, away from the devices'.

It takes reports, transitions and statistics from the engine's rings, and is the only producer of the
command ring. Blocking work (journal, audit trail) is done by threads of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from config.site import Site
from control.engine import Engine
from drivers.notices import News
from drivers.states import StateChange
from gateway.continuity.orders import Changed, ChangeRefused, Order
from gateway.continuity.start import Start
from gateway.stream.health import HealthReport, Observed
from gateway.stream.notices import Notices
from gateway.stream.session import Session
from gateway.texts import TextImage

if TYPE_CHECKING:
    from gateway.continuity.change import Changer

_log = logging.getLogger(__name__)
_RESTART_S: Final = 1.0


class _Next(NamedTuple):
    """What the stream goes on with after a change of the configuration."""

    site: Site
    engine: Engine
    texts: TextImage
    changed: Changed


class StreamService:
    """The thread. `start` and `stop` block; everything else may be called from the drivers' loop."""

    def __init__(self, site: Site, engine: Engine, texts: TextImage, data: Path, *, tap: bool) -> None:
        """Prepare; `start` opens files and connects."""
        self._site, self._engine, self._texts, self._data, self._tap = site, engine, texts, data, tap
        self._observed: Observed | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event
        self._next: _Next | None = None
        self._changed: Changed | None = None
        self._changer: Changer | None = None
        self._drivers_loop: asyncio.AbstractEventLoop
        self._start: Start
        self._notices: Notices | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._stop = threading.Event()
        self._health: HealthReport | None = None
        self.restarts = 0
        """Times that the stream ended by an error and was begun again."""
        self._thread = threading.Thread(target=self._run, name="stream")

    def health(self) -> dict[str, Any]:
        """Return what the stream last said of the gateway; any thread may ask. Empty before the first."""
        return {} if self._health is None else self._health.latest

    def watch(self, observed: Observed) -> None:
        """Take what the health report tells of besides the stream; call before `start`."""
        self._observed = observed

    def start(self, start: Start) -> None:
        """Start the thread and wait until the journal is open; `start` is how control began.

        Raises:
            Exception: journal or audit trail cannot be opened.
        """
        self._start = start
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Journal what is left, give the broker a moment to take it, end the thread. May be repeated."""
        self._stop.set()
        self._end_session()
        if self._thread.ident is not None:
            self._thread.join()

    def serve_changes(self, changer: Changer) -> None:
        """Let commands change the configuration; called on the drivers' loop, where changes are made."""
        self._changer, self._drivers_loop = changer, asyncio.get_running_loop()

    def change(self, site: Site, engine: Engine, texts: TextImage, changed: Changed) -> None:
        """Journal what is left of the old engine, and go on with the new one; returns at once."""
        self._next = _Next(site, engine, texts, changed)
        self._end_session()

    def _end_session(self) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed by itself
                loop.call_soon_threadsafe(self._ending.set)

    def device_changed(self, change: StateChange) -> None:
        """Take a device's change of state, for the event."""
        loop, notices = self._loop, self._notices
        if loop is not None and notices is not None:
            with contextlib.suppress(RuntimeError):  # between two loops: the next health report shows it
                loop.call_soon_threadsafe(notices.devices.changed, change)

    def device_announced(self, device: str, news: News) -> None:
        """Take what a device tells besides values, for the event."""
        loop, notices = self._loop, self._notices
        if loop is not None and notices is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(notices.devices.announced, device, news)

    def _run(self) -> None:
        """Live until stopped. After an error begin again: the rings hold what comes meanwhile."""
        while True:
            if self._next is not None:
                (self._site, self._engine, self._texts, self._changed), self._next = self._next, None
            try:
                asyncio.run(self._main())
            except Exception as error:  # noqa: BLE001 - the thread's boundary
                if not self._ready.is_set():
                    self._failure = error
                    self._ready.set()
                    return
                self.restarts += 1
                _log.critical("the stream ended by an error and begins again", exc_info=error)
            at_once = self._stop.is_set() or self._next is not None
            if self._stop.wait(0.0 if at_once else _RESTART_S) and self._next is None:
                return

    async def _main(self) -> None:
        self._ending = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if self._stop.is_set() or self._next is not None:
            self._ending.set()
        assert self._observed is not None
        session = Session(
            self._site, self._engine, self._texts, self._data, self._observed, self._apply, tap=self._tap
        )
        await session.run(self._begin, self._ending, self._stop.is_set)

    async def _begin(self, notices: Notices, health: HealthReport) -> None:
        """Tell what this session begins with; what the drivers' loop has to say goes to it from now on."""
        self._notices, self._health = notices, health
        if not self._ready.is_set():  # else the stream begins again, not the gateway
            await notices.started(self._start)
            await notices.compare_overrides("restart")
        if self._changed is not None:
            await notices.configured(self._changed)
            await notices.compare_overrides("configuration")
            self._changed = None
        self._ready.set()

    async def _apply(self, order: Order) -> str:
        """Have a configuration applied by the drivers' loop; return in words what was.

        Raises:
            ChangeRefused: it was not.
        """
        if self._changer is None:
            raise ChangeRefused("this gateway was not started from a file")
        work = asyncio.run_coroutine_threadsafe(self._changer.apply(order), self._drivers_loop)
        changed = await asyncio.wrap_future(work)
        return f"{len(changed.changes)} change(s)"
