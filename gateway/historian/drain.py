"""From the hot table into the store: what to write next, what to do with the answer, when to forget."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import dataclass
from typing import Final

from gateway.historian.api import Store, StoreError
from gateway.historian.hot_queue import HotQueue

_log = logging.getLogger(__name__)

_IDLE_S: Final = 0.2
_FIRST_BACK_OFF_S: Final = 0.5
_LONGEST_BACK_OFF_S: Final = 10.0
_CHECK_S: Final = 5.0
"""How often a store that may forget is asked whether it was started anew."""


@dataclass(slots=True)
class DrainState:
    """How the store is doing, for health."""

    written: int = 0
    """Messages written since the start."""
    rejected: int = 0
    """Messages and lines that the store will never take."""
    replayed: int = 0
    """Messages written again because the store was started anew."""
    trouble: str = ""
    """Why nothing can be written now; empty when the store is well."""


class Drain:
    """Steps of one thread: each step writes at most one batch and says when to come again."""

    def __init__(self, queue: HotQueue, store: Store) -> None:
        self._queue = queue
        self.store = store
        self._back_off_s = _FIRST_BACK_OFF_S
        self._next_check_s = 0.0
        self.state = DrainState()

    def step(self, now_ns: int, now_s: float, *, flush: bool = False) -> float:
        """Write what is due, or whatever there is; return the seconds until there may be more to do.

        A return of 0 means that more is waiting; the store's trouble is in `state.trouble`.

        Args:
            now_ns: UTC, for what is kept on disk.
            now_s: monotonic, for waiting.
            flush: write whatever there is.
        """
        try:
            if self.store.durable_after_s and not self._same_server(now_ns, now_s):
                return self._wait(0.0)
            if not flush and not self._queue.is_due(self.store.appetite, now_s):
                return _IDLE_S
            return self._write(now_ns)
        except sqlite3.Error as error:
            self._report(f"the hot table cannot be drained: {error}")
            return self._wait(0.0)

    def close(self) -> None:
        """Close the store and the queue."""
        self.store.close()
        self._queue.close()

    def _write(self, now_ns: int) -> float:
        messages = self._queue.next(self.store.appetite.most)
        if not messages:
            return _IDLE_S
        outcome = self.store.write(messages)
        if outcome.taken:
            self._queue.taken(messages[outcome.taken - 1].id, outcome.rejected, now_ns)
            self.state.written += outcome.taken
            self.state.rejected += len(outcome.rejected)
            if not self.store.durable_after_s:
                self._queue.purge(now_ns)
        if outcome.keep:
            self._report(outcome.keep)
            return self._wait(outcome.wait_s)
        self._recovered()
        return 0.0

    def _same_server(self, now_ns: int, now_s: float) -> bool:
        """Write the tail again when the server was started anew; forget what is old enough when not."""
        if not self.state.trouble and now_s < self._next_check_s:
            return True
        try:
            generation = self.store.generation()
        except StoreError as error:
            self._report(str(error))
            return False
        self._next_check_s = now_s + _CHECK_S
        if generation == self._queue.generation():
            self._queue.purge(now_ns - round(self.store.durable_after_s * 1e9))
            return True
        again = self._queue.rewind()
        self._queue.meet(generation)
        self.state.replayed += again
        if again:
            _log.warning("the store was started anew: %d messages are written again", again)
        return True

    def _wait(self, asked_s: float) -> float:
        wait_s = max(asked_s, self._back_off_s)
        self._back_off_s = min(2 * self._back_off_s, _LONGEST_BACK_OFF_S)
        return wait_s

    def _report(self, trouble: str) -> None:
        if trouble != self.state.trouble:
            _log.warning("the store takes nothing: %s", trouble)
            self.state.trouble = trouble

    def _recovered(self) -> None:
        self._back_off_s = _FIRST_BACK_OFF_S
        if self.state.trouble:
            _log.info("the store takes messages again")
            self.state.trouble = ""
