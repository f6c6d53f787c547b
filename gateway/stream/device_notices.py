"""What devices tell, and what happens to them, on its way to becoming events.

The queue between the drivers' news and the journal is bounded: when it is full the newest is refused
and counted (a device that floods with alarms must not cost the gateway its memory).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal

from config.site import Site
from drivers.notices import Condition, News
from drivers.states import State, StateChange
from gateway.stream.device_events import ConditionEvent, DeviceEvent, DeviceNoticeEvent
from gateway.stream.event_model import Event
from gateway.stream.topics import GATEWAY_LEVEL

QUEUE_LIMIT: Final = 10_000


class DeviceNotices:
    """Makes events of what the devices' sessions tell; runs on the stream's loop."""

    def __init__(self, site: Site) -> None:
        """Nothing has been told yet."""
        self._site = site
        self._lost_at: dict[str, int] = {}
        self._waiting: deque[Event] = deque()
        self.on_change: list[Callable[[StateChange], None]] = []
        """Told of every change of state as it comes."""
        self.refused = 0
        """News that found the queue full."""

    def changed(self, change: StateChange) -> None:
        """Take a device's change of state."""
        for listener in self.on_change:
            listener(change)
        common = self._common(change.device, change.utc_ns)
        if change.after is State.LOST:
            self._lost_at[change.device] = change.utc_ns
            self._put(DeviceEvent(**common, state="lost", reason=change.reason))
        if State.DISABLED in (change.after, change.before) and change.after is not State.STOPPED:
            state: Literal["disabled", "enabled"] = (
                "disabled" if change.after is State.DISABLED else "enabled"
            )
            self._lost_at.pop(change.device, None)
            self._put(DeviceEvent(**common, state=state, reason=change.reason))
        if change.after is State.CONNECTED and change.device in self._lost_at:
            away_s = (change.utc_ns - self._lost_at.pop(change.device)) / 1e9
            self._put(DeviceEvent(**common, state="restored", duration_s=away_s))

    def announced(self, device: str, news: News) -> None:
        """Take what a device tells of itself, or a change of one of its alarms."""
        common = self._common(device, news.utc_ns)
        if not isinstance(news, Condition):
            self._put(DeviceNoticeEvent(**common, what=news.what, detail=news.detail, value=news.value))
            return
        self._put(
            ConditionEvent(
                **common,
                name=news.name,
                source=news.source,
                condition=news.identifier,
                event=news.event,
                condition_type=news.type,
                severity=news.severity,
                message=news.message,
                active=news.active,
                acknowledged=news.acknowledged,
                confirmed=news.confirmed,
                retain=news.retain,
                suppressed_or_shelved=news.suppressed_or_shelved,
                refreshed=news.refreshed,
            )
        )

    def take(self) -> list[Event]:
        """Return the events that wait, oldest first."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def _put(self, event: Event) -> None:
        if len(self._waiting) >= QUEUE_LIMIT:
            self.refused += 1
            return
        self._waiting.append(event)

    def _common(self, device: str, utc_ns: int) -> dict[str, Any]:
        return {
            "gateway": self._site.gateway.name,
            "unit": GATEWAY_LEVEL,
            "config": self._site.fingerprint,
            "time_ns": utc_ns or time.time_ns(),
            "device": device,
        }
