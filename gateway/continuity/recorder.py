"""The recorder: what passes the engine's doors, and now and then its state, into files.

The threads that push and pop hand their rows over (one append, no copy); a thread of its own deflates
and writes them. Policy where the disk is too slow: what waits is bounded, rows beyond it are refused
and counted, and a new file with a fresh state begins, because a replay
cannot pass a gap. Files that are complete are packed by another thread (`packing`).
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from config.site import Recording, Site
from control import cache
from control.carry.roster import Roster
from control.carry.snapshot import Encoder
from control.engine import Engine, EngineError
from control.pacing import Moment
from control.rings import Ring, Rows
from gateway.continuity import clocks
from gateway.continuity.packing import Packer
from gateway.continuity.recording import (
    RINGS,
    SUFFIX,
    Kind,
    encode,
    encode_head,
    encode_rows,
    head_of,
    side_by_side,
)

_log = logging.getLogger(__name__)

FOLDER: Final = "recordings"
"""In the data folder."""
_WAITING_BYTES: Final = 64 << 20
_FILES: Final = 10
"""No file is larger than this share of all that may be kept."""


class Recorder:
    """Records one engine after the other, from `follow` on, while it runs."""

    def __init__(self, data: Path, limits: Recording, *, period_s: float = 0.5) -> None:
        """Prepare; `start` begins, and what waits is written each period."""
        self._folder, self._limits, self._period_s = data / FOLDER, limits, period_s
        self._waiting: deque[tuple[Kind, int, Rows]] = deque()
        self._taken = dict.fromkeys(RINGS, 0)
        self._released = 0
        self._broken = False
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="recorder")
        self._packer = Packer(self._folder)
        self._source: tuple[Site, Engine, Encoder, int] | None = None
        self._file: BinaryIO | None = None
        self._due = 0.0
        self.refused = 0
        """Rows that found no room and are in no file."""
        self.removed = 0
        """Files that went for size or age."""
        self.failures = 0
        """Times that the disk did not take what was to be written."""

    def follow(self, site: Site, engine: Engine, roster: Roster) -> None:
        """Record this engine from now on; call before it starts, and between two engines."""
        encoder = Encoder(site.gateway.name, cache.fingerprint(), clocks.boot(), roster, engine.tables.arena)
        with self._turn:
            self._write_waiting()
            self._close()
            run = time.time_ns()
            self._source = (site, engine, encoder, run)
            for kind, name in RINGS.items():
                ring: Ring = getattr(engine, name)
                ring.tape = self._taker(kind, run)

    def counters(self) -> dict[str, int]:
        """Return what was lost and what went, since the start."""
        return {
            "refused": self.refused,
            "failures": self.failures,
            "removed": self.removed,
            "unpacked": self._packer.unpacked,
        }

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._packer.start()

    def stop(self) -> None:
        """Write what waits, and end. May be repeated."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._packer.stop()

    def _taker(self, kind: Kind, run: int) -> Callable[[int, Rows], None]:
        def take(first: int, rows: Rows) -> None:
            if self._source is None or self._source[3] != run:
                return  # the last rows of an engine that handed over: its recording has ended
            if sum(self._taken.values()) - self._released > _WAITING_BYTES:
                self.refused += len(rows)
                self._broken = True
                return
            self._taken[kind] += rows.nbytes  # each kind passes in one thread only
            self._waiting.append((kind, first, rows))

        return take

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            with self._turn:
                self._step()
        with self._turn:
            self._write_waiting()
            self._close()

    def _step(self) -> None:
        if self._file is None or self._broken or self._is_full():
            with contextlib.suppress(EngineError):  # between two engines
                self._begin_file()
        self._write_waiting()

    def _is_full(self) -> bool:
        assert self._file is not None
        too_long = self._file.tell() > self._limits.max_bytes // _FILES
        return too_long or time.monotonic() >= self._due

    def _begin_file(self) -> None:
        """End one file and begin the next with the state of now."""
        assert self._source is not None
        site, engine, encoder, run = self._source
        copy = engine.copy_state()
        later = self._write_waiting(copy.moment)
        self._close()
        self._broken = False
        began_ns = time.time_ns()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / f"{began_ns}{SUFFIX}").open("xb")
            self._file.write(encode_head(head_of(site, run, began_ns)))
            self._file.write(encode(Kind.SNAPSHOT, 0, 1, encoder.encode(copy.block, copy.moment)))
            self._file.write(later)
            self._file.flush()
        except OSError as error:
            self._failed(error)
        self._due = time.monotonic() + self._limits.segment_period
        self._remove_old()
        self._packer.look()

    def _write_waiting(self, moment: Moment | None = None) -> bytes:
        """Write what waits into the present file; return as frames what belongs behind the moment."""
        runs: dict[Kind, list[tuple[int, Rows]]] = {kind: [] for kind in RINGS}
        while self._waiting:
            kind, first, rows = self._waiting.popleft()
            self._released += rows.nbytes
            runs[kind].append((first, rows))
        now, later = [], []
        for kind, waiting in runs.items():
            for first, rows in side_by_side(waiting):
                split = len(rows) if moment is None else getattr(moment, RINGS[kind]) - first
                split = min(max(split, 0), len(rows))
                if split:
                    now.append(encode_rows(kind, first, rows[:split]))
                if split < len(rows):
                    later.append(encode_rows(kind, first + split, rows[split:]))
        if self._file is not None and now:
            try:
                self._file.write(b"".join(now))
                self._file.flush()
            except OSError as error:
                self._failed(error)
        return b"".join(later)

    def _failed(self, error: OSError) -> None:
        """Give the file up; the next step begins another."""
        if not self.failures:
            _log.error("the recording cannot be written: %s", error)
        self.failures += 1
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # what could not be written was counted
                self._file.close()
            self._file = None

    def _remove_old(self) -> None:
        """Remove the oldest files beyond size or age; the one being written stays."""
        with contextlib.suppress(OSError):  # the next time will do
            files = sorted(self._folder.glob(f"*{SUFFIX}"))
            sizes = {path: path.stat().st_size for path in files}
            total = sum(sizes.values())
            too_old_ns = time.time_ns() - int(self._limits.max_age * 1e9)
            for path in files[:-1]:
                if total <= self._limits.max_bytes and int(path.stem) >= too_old_ns:
                    break
                path.unlink()
                total -= sizes[path]
                self.removed += 1
