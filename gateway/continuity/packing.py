"""Packing recordings that are complete: the same rows, each kind together and in columns, in fewer bytes.

While a file is written its frames are rows of half a second each. In a file that nobody writes any more the
rows of about a minute are put together: of each kind the first bytes of all rows, then the second bytes, and
so on. Bytes that mean the same lie side by side and deflate far better, and inflate as quickly as before. By
the minute, so that a place that a disk damages later costs the file from that minute on, and not all of it.
The thread that does it works for nobody: it is in no hurry, and a stop ends it between two frames.

For a while both files are there. Where the disk has no room for that beside what others need of it, files
stay as they are, the log says so once, and they are looked at again with each file that is completed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.continuity.recording import (
    ROWS,
    SUFFIX,
    Frame,
    encode_columns,
    frames,
    is_packed,
    rows_of,
    side_by_side,
)

_log = logging.getLogger(__name__)

_FRAMES: Final = 600
"""Frames that are put together: half a second has one of each kind that something passed of."""
_UNFINISHED: Final = ".packing"
_LEFT_FREE_BYTES: Final = 500_000_000
"""Of the disk, for the journal, snapshots and the recording itself: nothing is packed into that."""


class Packer:
    """Packs the files of a folder but the newest, which is being written."""

    def __init__(self, folder: Path) -> None:
        """Prepare; `start` begins, and `look` has it look for files again."""
        self._folder = folder
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recording packer")
        self._looked_at: set[Path] = set()
        self._failures = 0
        self._waiting = 0

    @property
    def unpacked(self) -> int:
        """Complete files that stay as they are: they could not be packed, or the disk has no room for it."""
        return self._failures + self._waiting

    def start(self) -> None:
        """Begin with what a run before left unpacked."""
        self._wake.set()
        self._thread.start()

    def look(self) -> None:
        """Say that a file has been completed."""
        self._wake.set()

    def stop(self) -> None:
        """End; a file that is half packed is begun anew some other time. May be repeated."""
        self._stop.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        for path in self._folder.glob(f"*{_UNFINISHED}"):
            path.unlink(missing_ok=True)
        while self._wake.wait() and not self._stop.is_set():
            self._wake.clear()
            complete = sorted(self._folder.glob(f"*{SUFFIX}"))[:-1]
            new = [path for path in complete if path not in self._looked_at]
            without_room = {path for path in new if not self._stop.is_set() and not self._pack(path)}
            self._tell_room(len(without_room))
            self._looked_at = set(complete) - without_room

    def _pack(self, path: Path) -> bool:
        """Pack a file; return False where the disk has no room for it now."""
        try:
            if not has_room(path):
                return False
            pack(path, self._stop)
        except FileNotFoundError:
            pass  # it went for its age meanwhile
        except OSError as error:
            self._failures += 1
            _log.warning("%s cannot be packed and stays as it is: %s", path.name, error)
        return True

    def _tell_room(self, waiting: int) -> None:
        """Say once that the disk has no room for packing, and once that it has again."""
        before, self._waiting = self._waiting, waiting
        if waiting and not before:
            _log.warning(
                "recordings stay unpacked: packing would leave less than %d MB free on the disk of %s; "
                "make room, or give gateway.recording less (max_bytes, max_age)",
                _LEFT_FREE_BYTES // 1_000_000,
                self._folder,
            )
        elif before and not waiting:
            _log.info("recordings are packed again: the disk of %s has room", self._folder)


def has_room(path: Path) -> bool:
    """Return whether the disk can hold a file twice for a while: packed or not, it is not larger.

    Raises:
        OSError: it cannot be read.
    """
    if is_packed(path):
        return True
    return shutil.disk_usage(path.parent).free - path.stat().st_size >= _LEFT_FREE_BYTES


def pack(path: Path, stop: threading.Event | None = None) -> bool:
    """Replace a recording by one of the same rows in fewer bytes, as a whole; return whether it was.

    One that is packed already, or has a byte that is in no whole frame, stays as it is.

    Raises:
        OSError: it cannot be read, or the packed one not be written.
    """
    if is_packed(path):
        return False
    data = path.read_bytes()
    found = list(frames(data))
    if not found or found[-1].end != len(data):
        return False
    unfinished = path.with_suffix(_UNFINISHED)
    try:
        with unfinished.open("wb") as file:
            for frame in _packed(found):
                if stop is not None and stop.is_set():
                    return False
                file.write(frame)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            unfinished.replace(path)
            return True
        return False
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _packed(found: list[Frame]) -> Iterator[bytes]:
    for frame in found:
        if frame.kind not in ROWS:
            yield encode_columns(frame.kind, frame.first, 1, frame.body)
    for begin in range(0, len(found), _FRAMES):
        for kind in ROWS:
            alike = [frame for frame in found[begin : begin + _FRAMES] if frame.kind is kind]
            for first, rows in side_by_side((frame.first, rows_of(frame)) for frame in alike):
                yield encode_columns(kind, first, len(rows), rows.tobytes())
