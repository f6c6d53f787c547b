"""Which interlocks force their outputs now, and which are bypassed, from their events."""

from __future__ import annotations

from typing import Any


class InterlockBook:
    """Present states of the interlocks. Events may come twice or late: the newest of each counts."""

    def __init__(self) -> None:
        """Begin with none acting."""
        self._acting: dict[str, tuple[int, dict[str, Any]]] = {}
        self._bypasses: dict[str, tuple[int, int | None]] = {}
        self._started_ns = 0

    def take(self, event: dict[str, Any]) -> None:
        """Take an event: interlocks begin and end, a gateway's cold start makes all begin anew."""
        time_ns, name = int(event["time_ns"]), event.get("name", "")
        if event["type"] == "gateway" and event["state"] == "started" and event.get("start") != "warm":
            self._started_ns = max(self._started_ns, time_ns)
        elif event["type"] == "interlock" and time_ns >= self._acting.get(name, (0,))[0]:
            self._acting[name] = (time_ns, event)
        elif event["type"] == "bypass" and time_ns >= self._bypasses.get(name, (0,))[0]:
            self._bypasses[name] = (time_ns, event["until_ns"])

    def is_active(self, name: str) -> bool:
        """Return whether an interlock acts."""
        time_ns, event = self._acting.get(name, (0, {}))
        return bool(event.get("active")) and time_ns >= self._started_ns

    def first_out(self, name: str) -> str | None:
        """Return which condition made an interlock act last; None where nobody can tell."""
        first: str | None = self._acting.get(name, (0, {}))[1].get("first_out")
        return first

    def conditions(self, name: str) -> list[str]:
        """Return the conditions that held when an interlock began to act."""
        return list(self._acting.get(name, (0, {}))[1].get("conditions", ()))

    def bypassed_until_ns(self, name: str, now_ns: int) -> int | None:
        """Return when an interlock's bypass ends (UTC); None when it is not bypassed."""
        _, until_ns = self._bypasses.get(name, (0, None))
        return until_ns if until_ns is not None and until_ns > now_ns else None
