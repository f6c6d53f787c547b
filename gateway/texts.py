"""Texts, and integers that a double cannot hold: reported by exception, beside the engine.

They get what numbers get: a report when value or quality changes and at least every heartbeat,
staleness by monotonic time, source time and quality all the way. The drivers' loop puts samples in
and the stream's loop takes reports out; the queue between them is bounded, and a full one refuses
the newest, counts it and marks the tag's next report OVERFLOW.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from config.site import Site
from control.signal import BAD, HISTORY, OVERFLOW, STALE, UNCERTAIN, Text

_QUEUE_LIMIT = 10_000


@dataclass(slots=True)
class _Last:
    """What was last heard and reported of one text tag."""

    heard: Text
    heard_at: float
    reported: Text | None = None
    reported_at: float = 0.0
    overflow: bool = False


class TextImage:
    """The latest text of every text tag, and the reports that wait for the stream."""

    def __init__(self, site: Site, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare for the site's text tags (integers beyond 2^53 of number tags come as they come)."""
        self._tags = list(site.tags.values())
        self._clock = clock
        self._last: dict[int, _Last] = {}
        self._reports: deque[Text] = deque()
        self.refused = 0

    def take(self, text: Text) -> None:
        """Accept a sample; report it if it is news."""
        now = self._clock()
        last = self._last.get(text.tag)
        if text.quality & HISTORY:  # reported, and never taken for the present
            self._put(text)
            return
        if last is None:
            last = self._last[text.tag] = _Last(text, now)
        last.heard, last.heard_at = text, now
        self._report_if_news(last, now)

    def device_is_alive(self, device: str) -> None:
        """Note that a device lives: what its subscription does not mention has not changed."""
        now = self._clock()
        for index, last in self._last.items():
            if self._tags[index].device == device and last.heard.quality < BAD:
                last.heard_at = now

    def go_on_from(self, before: TextImage, places: npt.NDArray[np.int32]) -> None:
        """Take over what another configuration's image knows; `places`: where its tags are in this one.

        What waits to be reported stays there, for whoever still drains it.
        """
        for tag, last in before._last.items():
            place = int(places[tag])
            if place < 0:
                continue
            reported = None if last.reported is None else replace(last.reported, tag=place)
            self._last[place] = replace(last, heard=replace(last.heard, tag=place), reported=reported)

    def tick(self) -> None:
        """Mark what has gone stale and repeat what is due; call it about once a second."""
        now = self._clock()
        for index, last in self._last.items():
            tag = self._tags[index]
            if now - last.heard_at > tag.stale_after and last.heard.quality < BAD:
                quality = BAD | STALE | (last.heard.quality & ~(BAD | UNCERTAIN))
                last.heard = replace(last.heard, quality=quality, value=None, source_ns=time.time_ns())
            self._report_if_news(last, now)

    def drain(self) -> list[Text]:
        """Return the reports that wait, oldest first."""
        reports = []
        while self._reports:
            reports.append(self._reports.popleft())
        return reports

    def latest(self, index: int) -> Text | None:
        """Return the latest sample of a tag, or None before the first."""
        last = self._last.get(index)
        return None if last is None else last.heard

    def _report_if_news(self, last: _Last, now: float) -> None:
        heard, before = last.heard, last.reported
        due = now - last.reported_at >= self._tags[heard.tag].report.heartbeat
        alike = before is not None and (heard.value, heard.quality) == (before.value, before.quality)
        if alike and not due:
            return
        report = replace(heard, quality=heard.quality | OVERFLOW) if last.overflow else heard
        last.overflow = not self._put(report)
        if not last.overflow:
            last.reported, last.reported_at = heard, now

    def _put(self, report: Text) -> bool:
        if len(self._reports) >= _QUEUE_LIMIT:
            self.refused += 1
            return False
        self._reports.append(report)
        return True
