"""Watches whether a device answers: its state, the age of its data, and the log at the edges.

The watch is a timer of the loop and belongs to no task, so it notices silence whatever the session
is waiting for. Lost is logged once, with the last frames; restored once, with duration and count.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from drivers.states import Event, State, StateChange, next_state

_log = logging.getLogger("drivers.session")

FAILURES_KNOWN = 3
"""So many failed calls in a row are no accident."""


class Watch:
    """The state of one device, moved by what the session tells it and by time."""

    def __init__(
        self,
        device: str,
        silence_s: float,
        dead_after_s: float,
        *,
        frames: Callable[[], Sequence[str]],
        dead: Callable[[], None],
        changed: Callable[[StateChange], None] | None,
        utc_ns: Callable[[], int],
    ) -> None:
        """`dead` is called on the edge to lost, after the state has changed.

        Args:
            device: Name for the log.
            silence_s: How long no answer may come when nothing is known to have failed.
            dead_after_s: How long when calls have failed; shorter where polls are seldom.
            frames: Gives the last frames for the log.
            dead: Told that the device is lost.
            changed: Told every change of state.
            utc_ns: The clock of the stamps.
        """
        self.device = device
        self.state = State.STOPPED
        self.reason = ""
        """Why the state is what it is; empty when all is well."""
        self.last_answer = self.last_good = self._since = time.monotonic()
        self.has_been_good = False
        self._silence_s, self._dead_after_s = silence_s, min(silence_s, dead_after_s)
        self._frames, self._dead, self._changed, self._utc_ns = frames, dead, changed, utc_ns
        self._troubles = self._failed_calls = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def age_s(self) -> float | None:
        """Seconds since the last good sample; None when there has been none."""
        return time.monotonic() - self.last_good if self.has_been_good else None

    def start(self) -> None:
        """Begin to watch; silence counts from now."""
        self.last_answer = self.last_good = time.monotonic()
        self._move(Event.START, "")
        self._arm(self._silence_s)

    def stop(self) -> None:
        """Stop watching. May be repeated."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._move(Event.STOP, "stopped")

    def disable(self) -> None:
        """The device is taken out of service."""
        self._move(Event.DISABLE, "disabled")

    def enable(self) -> None:
        """The device is back in service; silence counts from now."""
        self.last_answer = self.last_good = time.monotonic()
        self._move(Event.STOP if self._timer is None else Event.ENABLE, "")

    def answer(self, *, good: bool) -> None:
        """The device answered, with at least one good sample or without."""
        now = time.monotonic()
        self.last_answer = now
        self._failed_calls = 0
        if good:
            self.last_good = now
            self.has_been_good = True
        if not good or self.state is not State.CONNECTED:
            self._move(Event.GOOD if good else Event.ANSWER, "" if good else "no good sample")

    def trouble(self, reason: str) -> None:
        """A call failed."""
        self._troubles += 1
        if self.state is State.LOST:
            self.reason = reason
        self._move(Event.TROUBLE, reason)
        self._failed_calls += 1
        if self._failed_calls == FAILURES_KNOWN and self._timer is not None:
            self._timer.cancel()
            self._look()

    def _arm(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._look)

    def _look(self) -> None:
        now = time.monotonic()
        silent_s, faded_s = now - self.last_answer, now - self.last_good
        silence_s = self._dead_after_s if self._failed_calls >= FAILURES_KNOWN else self._silence_s
        if silent_s >= silence_s:
            self._move(Event.DEAD, self.reason or f"no answer for {silent_s:.1f} s")
        elif faded_s >= self._silence_s:
            self._move(Event.FADED, f"no good sample for {faded_s:.1f} s")
        waits = [
            limit - age for age, limit in ((silent_s, silence_s), (faded_s, self._silence_s)) if age < limit
        ]
        self._arm(max(min(waits, default=self._silence_s), 0.001))

    def _move(self, event: Event, reason: str) -> None:
        before, after = self.state, next_state(self.state, event)
        if after is before:
            return
        now = time.monotonic()
        lasted_s, self._since = now - self._since, now
        self.state, self.reason = after, reason
        self._tell(before, after, lasted_s)
        if self._changed is not None:
            self._changed(StateChange(self.device, before, after, reason, self._utc_ns(), lasted_s))
        if after is State.LOST:
            self._dead()
        if after is State.CONNECTED:
            self._troubles = 0

    def _tell(self, before: State, after: State, lasted_s: float) -> None:
        if after is State.LOST:
            frames = "; ".join(self._frames()) or "none"
            _log.warning("device lost: device=%s reason=%s last_frames=%s", self.device, self.reason, frames)
        elif before is State.LOST and after in (State.CONNECTED, State.DEGRADED):
            _log.warning(
                "device restored: device=%s after_s=%.1f failures=%d", self.device, lasted_s, self._troubles
            )
        elif before is State.CONNECTING and after is State.DEGRADED:
            _log.warning("device not answering yet: device=%s reason=%s", self.device, self.reason)
        else:
            _log.debug(
                "device state: device=%s before=%s after=%s reason=%s",
                *(self.device, before, after, self.reason),
            )
