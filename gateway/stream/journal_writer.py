"""The journal's writing thread: what arrives within `commit_period` is committed together.

So a kill loses at most what is that old, at 20 syncs a second whatever the rate. Where the file takes
no more, the thread tries again each second with all that waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.stream.journal_keeper import JournalKeeper, Notice, Work
from gateway.stream.records import Draft

log = logging.getLogger(__name__)

_COMMIT_BYTES: Final = 1 << 20
_RETRY_S: Final = 1.0
_CURSOR_PERIOD_S: Final = 0.5
"""Cursors and trims wait this long for records to be committed with."""
_IDLE_S: Final = 10.0
_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Progress:
    """What the thread reports after each piece of work."""

    epoch: int
    heads: dict[int, int]
    used_bytes: int
    committed: int
    """Drafts committed since the start."""
    committed_bytes: int
    notices: tuple[Notice, ...]


class JournalWriter:
    """The thread. Its methods may be called from any thread; only `stop` waits for the disk."""

    def __init__(
        self,
        keeper: JournalKeeper,
        commit_period_s: float,
        report: Callable[[Progress], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Take the open journal, and what the thread calls: after each piece of work, and if it dies."""
        self._keeper, self._commit_period_s = keeper, commit_period_s
        self._report, self._failed = report, failed
        self._work = Work()
        self._waiting_bytes = 0
        self._due = _NEVER
        self._committed = 0
        self._committed_bytes = 0
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="journal-write")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits, close the file, end the thread. Blocks."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def append(self, drafts: Sequence[Draft], size: int, positions: Mapping[tuple[str, int], int]) -> None:
        """Take drafts of `size` bytes, and positions that are kept in the same transaction."""
        with self._changed:
            self._work.drafts.extend(drafts)
            self._work.cursors.update(positions)
            self._waiting_bytes += size
            full = self._waiting_bytes >= _COMMIT_BYTES
            self._wake_by(0.0 if full else time.monotonic() + self._commit_period_s)

    def move(self, consumer: str, partition: int, sequence: int, trim: int) -> None:
        """Keep a consumer's position, and trim the partition up to `trim`."""
        with self._changed:
            self._work.cursors[consumer, partition] = sequence
            self._work.trims[partition] = trim
            self._wake_by(time.monotonic() + _CURSOR_PERIOD_S)

    def quarantine(self, partition: int, sequence: int, reason: str) -> None:
        """Set a record aside."""
        with self._changed:
            self._work.quarantines.append((partition, sequence, reason))
            self._wake_by(0.0)

    def renounce(self, epoch: int, reason: str) -> None:
        """Set the file of an epoch aside: a reader has found it damaged."""
        with self._changed:
            self._work.damaged = (epoch, reason)
            self._wake_by(0.0)

    def hurry(self) -> None:
        """Commit what waits now, not at the end of the period."""
        with self._changed:
            self._wake_by(0.0)

    def _wake_by(self, due: float) -> None:
        if due < self._due:
            self._due = due
            self._changed.notify()

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:
            log.exception("the journal's thread has died")
            self._failed(error)
        finally:
            self._keeper.close()

    def _serve(self) -> None:
        self._report_progress(Work(), 0)  # opening may have left notices
        while (taken := self._take()) is not None:
            work, size = taken
            while not self._keeper.carry_out(work):
                self._report_progress(Work(), 0)
                if self._pause():
                    log.error("stopping without room in the journal: %d records are lost", len(work.drafts))
                    break
            else:
                self._report_progress(work, size)
            self._keeper.keep_house()

    def _take(self) -> tuple[Work, int] | None:
        """Wait until something is due and take all there is; None when it is time to stop."""
        with self._changed:
            while not self._stopping and (wait_s := self._due - time.monotonic()) > 0:
                if not self._changed.wait(min(wait_s, _IDLE_S)) and self._due == _NEVER:
                    return Work(), 0  # nothing to do: time to keep house
            if self._stopping and self._due == _NEVER:
                return None
            taken = self._work, self._waiting_bytes
            self._work, self._waiting_bytes, self._due = Work(), 0, _NEVER
            return taken

    def _pause(self) -> bool:
        """Wait before the next attempt; True when the journal is being stopped."""
        deadline = time.monotonic() + _RETRY_S
        with self._changed:
            while not self._stopping and (wait_s := deadline - time.monotonic()) > 0:
                self._changed.wait(wait_s)
            return self._stopping

    def _report_progress(self, work: Work, size: int) -> None:
        self._committed += len(work.drafts)
        self._committed_bytes += size
        notices, self._keeper.notices = tuple(self._keeper.notices), []
        file = self._keeper.file
        self._report(
            Progress(file.epoch, file.heads, file.used_bytes, self._committed, self._committed_bytes, notices)
        )
