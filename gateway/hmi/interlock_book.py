"""Which interlocks force their outputs now, from their events."""

from __future__ import annotations

from typing import Any


class InterlockBook:
    """Present states of the interlocks. Events may come twice or late: the newest of each counts."""

    def __init__(self) -> None:
        """Begin with none acting."""
        self._states: dict[str, tuple[int, bool]] = {}
        self._started_ns = 0

    def take(self, event: dict[str, Any]) -> None:
        """Take an event: interlocks begin and end, a gateway's start makes all begin anew."""
        time_ns = int(event["time_ns"])
        if event["type"] == "gateway" and event["state"] == "started":
            self._started_ns = max(self._started_ns, time_ns)
        elif event["type"] == "interlock" and time_ns >= self._states.get(event["name"], (0, False))[0]:
            self._states[event["name"]] = (time_ns, bool(event["active"]))

    def is_active(self, name: str) -> bool:
        """Return whether an interlock acts."""
        time_ns, active = self._states.get(name, (0, False))
        return active and time_ns >= self._started_ns
