"""The engine: a thread of its own around the scan, with its rings as the only doors.

In the compiled form the thread runs one function that never touches the interpreter's lock, so
nothing that Python does (event loops, garbage collection, a busy main thread) delays a scan.
"""

from __future__ import annotations

import enum
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from config.site import Gateway, Site, SiteIdentity
from control import course, pacing, portable
from control.actuation_signal import OVERRIDE_NONE
from control.image import Image
from control.kernels import clock, ring
from control.kernels.atomic import Words
from control.kernels.jit import prepare
from control.pacing import Moment
from control.rings import Ring, Row, Rows
from control.scan import close
from control.scheduling import schedule_this_thread
from control.state import Performance
from control.tables import Tables, build


class Pacing(enum.Enum):
    """What calls the scan in time."""

    BEST = "best"
    """Compiled where the system has what it needs, else portable."""
    COMPILED = "compiled"
    PORTABLE = "portable"


class EngineError(Exception):
    """The engine cannot do what it was asked to."""


@dataclass(frozen=True, slots=True)
class StateCopy:
    """The engine's state between two scans."""

    block: Words
    """As `Tables.arena.block`."""
    moment: Moment


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
        self._live, self._copy = tables.arena.block, np.zeros_like(tables.arena.block)
        self._copying = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None
        self.scheduling_refused: tuple[str, ...] = ()
        """What the operating system refused of the priority and processors asked for, in words."""

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
            prepare(course.run, state, self._pace(), course.by_the_clock(), 0)
        else:
            prepare(course.run, state, course.NO_PACE, course.by_the_clock(), 0)
            prepare(close, state, 0)
            prepare(pacing.record, state, 0, 0, 0, 0, 0)
            prepare(pacing.copy_between_scans, state, self._switch, self._live, self._copy, 0)
        prepare(pacing.set_word, self._switch, 0, 0)
        prepare(pacing.read_word, self._switch, 0)
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
        self._end(pacing.STOP_SAFELY, timeout_s)
        return int(self._switch[pacing.LEFT])

    def hand_over(self, timeout_s: float = 5.0) -> None:
        """Stop after the present scan and leave the outputs as they are: another engine goes on.

        Raises:
            EngineError: it did not end in time.
        """
        self._end(pacing.STOP_AS_IS, timeout_s)

    def copy_state(self, timeout_s: float = 5.0) -> StateCopy:
        """Return the state as it was between two scans. Blocks for about a period of the scan.

        Raises:
            EngineError: the engine does not scan.
        """
        with self._copying:
            pacing.set_word(self._switch, pacing.COPY, pacing.COPY_ASKED)
            deadline = time.monotonic() + timeout_s
            while pacing.read_word(self._switch, pacing.COPY) != pacing.COPY_DONE:
                if not self.running or time.monotonic() > deadline:
                    raise EngineError("no copy of the state: the engine does not scan")
                time.sleep(min(0.01, self.scan_period_ns * 1e-9))
            moment = self._switch[pacing.MOMENT : pacing.SWITCH_WORDS].tolist()
            return StateCopy(self._copy.copy(), Moment(*moment))

    def snapshot(self) -> Image:
        """Return a copy of the image (see `Image` for what may not agree within it)."""
        return self._state.image.copy()

    def counters(self) -> dict[str, int]:
        """Return the engine's counters (see `layout.COUNTERS`) as they are at this moment."""
        row = self._state.counters[0]
        return {name: int(row[name]) for name in row.dtype.names}

    def devices(self) -> Rows:
        """Return a copy of the DEVICE rows, in the order of the site."""
        return self._state.outputs.devices.copy()

    def overrides(self) -> Rows:
        """Return a copy of the OVERRIDE rows of what is forced or simulated now."""
        rows = self._state.overrides.rows.copy()
        held: Rows = rows[(rows["kind"] != OVERRIDE_NONE) & (rows["ended"] == 0)]
        return held

    def relay(self, loop: int) -> Row:
        """Return a copy of the RELAY row of a loop, by its position in the site.

        Raises:
            LookupError: the loop has no relay test.
        """
        relays = self._state.relays
        found = np.flatnonzero(relays["id"] == loop)
        if not len(found):
            raise LookupError(f"loop {loop} has no relay test")
        return relays[found[0]].copy()

    def performance(self) -> Performance:
        """Return the sums over the loops' performance, in the order of the site's loops.

        One loop's sums may belong to two executions in succession: they are read while it runs.
        """
        order = self._state.maps.loop_row
        columns: list[Any] = [column[order] for column in self._state.performance]
        return Performance(*columns)

    def refused_reports(self) -> dict[int, int]:
        """Return how many reports of each tag were refused since the start, where any were."""
        refused = self._state.tags.reported["refused_total"].copy()
        return {int(tag): int(refused[tag]) for tag in np.flatnonzero(refused)}

    def _end(self, how: int, timeout_s: float) -> None:
        if pacing.read_word(self._switch, pacing.STOP) == 0:
            pacing.set_word(self._switch, pacing.STOP, how)
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                raise EngineError(f"the engine did not stop within {timeout_s:g} s")

    def _pace(self) -> course.Pace:
        timespec = np.zeros(2, np.int64)
        return course.Pace(self._switch, timespec, self._live, self._copy, self.scan_period_ns)

    def _run(self) -> None:
        try:
            self.scheduling_refused = schedule_this_thread(self.tables.realtime)
            if self.compiled:
                course.run(self._state, self._pace(), course.by_the_clock(), 0)
            else:
                portable.run(self._state, self._switch, self._live, self._copy, self.scan_period_ns)
        except Exception as error:  # noqa: BLE001  # the thread's boundary: `failure` tells
            self._failure = error


def prime() -> None:
    """Compile the engine for this build into the cache, so that the next start is quick."""
    site = Site(site=SiteIdentity(name="none"), gateway=Gateway(name="none"))
    Engine(build(site)).prepare()
