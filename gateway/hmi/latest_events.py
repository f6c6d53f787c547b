"""The newest event of a kind about a thing: how a profile stands, what a test proposed, how a loop did."""

from __future__ import annotations

import time
from typing import Any, Final

from gateway.historian.api import EventFilter, StoreError
from gateway.hmi.stored import Stored

KINDS: Final = {"profile": 60.0, "autotune": 400.0, "loop_performance": 1.0}
"""How far back each is looked for, in days."""
_DAY_NS: Final = 86_400 * 1_000_000_000


class LatestEvents:
    """Events may come twice or late: the newest of a kind and name counts."""

    def __init__(self, stored: Stored) -> None:
        """Begin with none; `look_back` reads what was before."""
        self._stored = stored
        self._found: dict[tuple[str, str], dict[str, Any]] = {}

    def take(self, event: dict[str, Any]) -> None:
        """Take an event of any type."""
        if event["type"] not in KINDS:
            return
        key = (event["type"], event["name"])
        before = self._found.get(key)
        if before is None or int(event["time_ns"]) >= int(before["time_ns"]):
            self._found[key] = event

    def of(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return the newest event of a kind about a thing."""
        return self._found.get((kind, name))

    async def look_back(self, kind: str, unit: str) -> None:
        """Read what is stored of a unit; where the store does not answer, only what comes is known."""
        now_ns = time.time_ns()
        which = EventFilter(
            now_ns - int(KINDS[kind] * _DAY_NS), now_ns, frozenset({kind}), frozenset({unit}), limit=2000
        )
        try:
            events = await self._stored.events(which)
        except StoreError:
            return
        for event in events:
            self.take(event)
