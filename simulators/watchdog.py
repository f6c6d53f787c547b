"""The equipment's own watchdog: safe positions when the controller's counter stops."""

from __future__ import annotations

from simulators.signals import Value


class Watchdog:
    """Watches a counter; times are monotonic wall-clock seconds."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._counter: Value | None = None
        self._changed_s: float | None = None
        """Time of the last change; None until the first (before it nothing is expected)."""

    @property
    def armed(self) -> bool:
        """True once the counter has changed for the first time."""
        return self._changed_s is not None

    def feed(self, counter: Value, now_s: float) -> None:
        """Take a written counter; only a change counts."""
        if self._counter is None:
            self._counter = 0
        if counter != self._counter:
            self._counter = counter
            self._changed_s = now_s

    def expired(self, now_s: float) -> bool:
        """Return True while the counter has stood still for longer than the timeout."""
        return self._changed_s is not None and now_s - self._changed_s > self.timeout_s

    def reset(self) -> None:
        """Forget everything, as a device that starts anew."""
        self._counter = self._changed_s = None
