"""The engine: a thread of its own around the scan, with its rings as the only doors.

In the compiled form the thread runs one function that never touches the interpreter's lock, so
nothing that Python does (event loops, garbage collection, a busy main thread) delays a scan.
"""

from __future__ import annotations

import enum
import threading

import numpy as np

from config.site import Gateway, Site, SiteIdentity
from control import pacing
from control.image import Image
from control.kernels import clock, ring
from control.kernels.jit import prepare
from control.rings import Ring
from control.scan import close, scan
from control.tables import Tables, build


class Pacing(enum.Enum):
    """What calls the scan in time."""

    BEST = "best"
    """Compiled where the system has what it needs, else portable."""
    COMPILED = "compiled"
    PORTABLE = "portable"


class EngineError(Exception):
    """The engine cannot do what it was asked to."""


class Engine:
    """Runs the tables of a site. One thread pushes into, or pops from, each ring (see `rings`)."""

    def __init__(
        self, tables: Tables, scan_period_ns: int | None = None, pacing_by: Pacing = Pacing.BEST
    ) -> None:
        if pacing_by is Pacing.COMPILED and not clock.AVAILABLE:
            raise EngineError("compiled pacing needs Linux on a 64-bit processor, and compilation enabled")
        self.tables = tables
        self.scan_period_ns = tables.scan_period_ns if scan_period_ns is None else scan_period_ns
        self.compiled = clock.AVAILABLE and pacing_by is not Pacing.PORTABLE
        self._state = tables.state
        rings = tables.state.rings
        self.inbox = Ring(rings.inbox)
        self.commands = Ring(rings.commands)
        self.outputs = Ring(rings.outputs)
        self.reports = Ring(rings.reports)
        self.transitions = Ring(rings.transitions)
        self.statistics = Ring(rings.statistics)
        self._switch = np.zeros(pacing.SWITCH_WORDS, np.int64)
        self._timespec = np.zeros(2, np.int64)
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None

    @property
    def running(self) -> bool:
        """True while the engine's thread scans."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def failure(self) -> Exception | None:
        """What ended the engine's thread, where it ended by itself."""
        return self._failure

    def prepare(self) -> None:
        """Compile what the engine runs, or load it from the cache (seconds, or a moment)."""
        state = self._state
        if self.compiled:
            prepare(pacing.run, state, self._switch, self._timespec, self.scan_period_ns)
        else:
            prepare(scan, state, 0, 0)
            prepare(close, state, 0)
            prepare(pacing.record, state, 0, 0, 0, 0, 0)
        prepare(pacing.ask_to_stop, self._switch)
        words = np.zeros((1, 4), np.int64)
        prepare(ring.push, words, self._switch, words)
        prepare(ring.pop, words, self._switch, words)

    def start(self) -> None:
        """Begin to scan. Blocks while it compiles: call it outside of an event loop.

        Raises:
            EngineError: it has been started before: an engine runs once.
        """
        if self._thread is not None:
            raise EngineError("an engine runs once: build another from new tables")
        self.prepare()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> int:
        """Stop after the present scan, with every written output pushed to its safe value.

        Returns:
            How many safe values found no room in the output ring (nobody drained it).

        Raises:
            EngineError: it did not end in time.
        """
        pacing.ask_to_stop(self._switch)
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                raise EngineError(f"the engine did not stop within {timeout_s:g} s")
        return int(self._switch[pacing.LEFT])

    def snapshot(self) -> Image:
        """Return a copy of the image (see `Image` for what may not agree within it)."""
        return self._state.image.copy()

    def counters(self) -> dict[str, int]:
        """Return the engine's counters (see `layout.COUNTERS`) as they are at this moment."""
        row = self._state.counters[0]
        return {name: int(row[name]) for name in row.dtype.names}

    def refused_reports(self) -> dict[int, int]:
        """Return how many reports of each tag were refused since the start, where any were."""
        refused = self._state.tags.reported["refused_total"].copy()
        return {int(tag): int(refused[tag]) for tag in np.flatnonzero(refused)}

    def _run(self) -> None:
        try:
            if self.compiled:
                pacing.run(self._state, self._switch, self._timespec, self.scan_period_ns)
            else:
                pacing.run_portable(self._state, self._switch, self.scan_period_ns)
        except Exception as error:  # noqa: BLE001  # the thread's boundary: `failure` tells
            self._failure = error


def prime() -> None:
    """Compile the engine for this build into the cache, so that the next start is quick."""
    site = Site(site=SiteIdentity(name="none"), gateway=Gateway(name="none"))
    Engine(build(site)).prepare()
