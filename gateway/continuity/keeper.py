"""Keeps the last snapshot on the disk: a thread that asks the engine for a copy and writes it.

The engine copies between two scans and never waits for the disk. The file is replaced as a whole, so a
kill at any time leaves the one before; a disk that fails costs snapshots, not control.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from pathlib import Path

from control import cache
from control.carry.roster import Roster
from control.carry.snapshot import Encoder
from control.engine import Engine, EngineError
from gateway.continuity import clocks
from gateway.continuity.start import FILE

_log = logging.getLogger(__name__)


class SnapshotKeeper:
    """Writes a snapshot each period, from `start` to `stop`."""

    def __init__(self, gateway: str, data: Path, period_s: float) -> None:
        """Prepare; `start` begins."""
        self._gateway, self._path, self._period_s = gateway, data / FILE, period_s
        self._engine: Engine
        self._encoder: Encoder
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="snapshots")
        self.written = 0
        self.failures = 0
        """Snapshots that did not reach the disk."""
        self._failing = False

    def follow(self, engine: Engine, roster: Roster) -> None:
        """Take snapshots of this engine from now on."""
        encoder = Encoder(self._gateway, cache.fingerprint(), clocks.boot(), roster, engine.tables.arena)
        with self._turn:
            self._engine, self._encoder = engine, encoder

    def start(self) -> None:
        """Begin, after `follow`."""
        self._thread.start()

    def stop(self) -> None:
        """Write the last snapshot while the engine still scans, and end. May be repeated."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            self._write()
        self._write()

    def _write(self) -> None:
        with self._turn, contextlib.suppress(EngineError):  # between two engines, or at the end
            copy = self._engine.copy_state()
            try:
                replace_file(self._path, self._encoder.encode(copy.block, copy.moment))
            except OSError as error:
                self.failures += 1
                if not self._failing:
                    _log.error("the snapshot cannot be written: %s", error)
                self._failing = True
                return
            self._failing = False
            self.written += 1


def replace_file(path: Path, data: bytes) -> None:
    """Put data in the place of a file, so that whoever opens it finds the old or the new, whole.

    Raises:
        OSError: the disk does not take it.
    """
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
