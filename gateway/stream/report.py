"""From the engine's report ring to the journal: drained often, written as records of many points.

Runs on the stream's loop and is the only reader of the ring and of the texts. It never waits for a
broker; when the journal has no room it waits, the ring fills, and the engine refuses and counts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.site import Site
from control.signal import SAMPLE, Text
from gateway.batch.context import Context
from gateway.stream.event_model import Event
from gateway.stream.events import GapEvent, JournalEvent, to_json
from gateway.stream.grouping import Contexts, Grouping, partition_of
from gateway.stream.journal import Journal
from gateway.stream.journal_keeper import Notice
from gateway.stream.records import Draft, Kind
from gateway.stream.topics import GATEWAY_LEVEL

_DRAIN_PERIOD_S: Final = 0.02
_DRAIN_ROWS: Final = 65_536
"""Rows taken from the ring at one time, and points that are written without waiting for the period."""
_NOTICES: Final = 1000


class Reporter:
    """Drains reports and texts, takes events, writes records."""

    def __init__(
        self,
        site: Site,
        journal: Journal,
        contexts: Contexts,
        pop: Callable[[int], npt.NDArray[Any]],
        texts: Callable[[], Sequence[Text]],
    ) -> None:
        """Wire the reporter.

        Args:
            site: the effective configuration.
            journal: where records go.
            contexts: which campaign, batch and phase held when.
            pop: takes the oldest SAMPLE rows from the engine's report ring, so many at the most.
            texts: takes the texts that wait.
        """
        self._site, self._journal = site, journal
        self._grouping = Grouping(site, contexts)
        self._pop, self._texts = pop, texts
        self._partitions = site.streams.telemetry.partitions
        self._rows: list[npt.NDArray[Any]] = []
        self._waiting_texts: list[Text] = []
        self._count = 0
        self._drafts: list[Draft] = []
        self._notices: list[Notice] = []
        self.points = 0
        """Points written since the start."""
        self.events = 0
        self.notices_refused = 0

    async def run(self) -> None:
        """Drain until cancelled; what is in the ring then is written by `finish`."""
        period_s = self._site.streams.telemetry.flush_period
        due = 0.0
        while True:
            await asyncio.sleep(min(_DRAIN_PERIOD_S, period_s))
            await self._announce()
            was_empty = not self._count
            full = self._drain()
            if was_empty:
                due = time.monotonic() + period_s
            if self._count and (full or time.monotonic() >= due):
                await self._write()

    async def finish(self) -> None:
        """Write everything that is left, after the engine has stopped and `run` has ended."""
        while self._drain():
            await self._write()
        await self._write()
        await self._announce()
        await self._journal.flush()

    async def event(self, event: Event) -> None:
        """Write an event, into the partition of its unit."""
        await self._journal.append([self._draft(event, partition_of(event.unit, self._partitions))])
        self.events += 1

    def take_notice(self, notice: Notice) -> None:
        """Have what the journal says written as events soon; refuses the newest when there are too many."""
        if len(self._notices) < _NOTICES:
            self._notices.append(notice)
        else:
            self.notices_refused += 1

    async def _announce(self) -> None:
        while self._notices:
            events = self._events_of(self._notices[0])
            await self._journal.append([self._draft(event, partition) for event, partition in events])
            self._notices.pop(0)
            self.events += len(events)

    def _events_of(self, notice: Notice) -> list[tuple[Event, int]]:
        """Return the event about a notice, and where records are gone one for those who wait for them."""
        common = {
            "gateway": self._site.gateway.name,
            "unit": GATEWAY_LEVEL,
            "config": self._site.fingerprint,
            "time_ns": time.time_ns(),
        }
        records = sum(len(span) for span in notice.spans)
        about = JournalEvent(**common, what=notice.what, detail=notice.detail, records=records)
        events: list[tuple[Event, int]] = [(about, partition_of(GATEWAY_LEVEL, self._partitions))]
        for span in notice.spans:
            gap = GapEvent(**common, first=span.first, last=span.last, reason=notice.what)
            events.append((gap, span.partition))
        return events

    def _drain(self) -> bool:
        """Take what waits; True when there is so much that it should be written at once."""
        rows, texts = self._pop(_DRAIN_ROWS), self._texts()
        if len(rows):
            self._rows.append(rows)
        self._waiting_texts.extend(texts)
        self._count += len(rows) + len(texts)
        return self._count >= _DRAIN_ROWS

    async def _write(self) -> None:
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, SAMPLE)
        self._drafts += self._grouping.drafts(rows, self._waiting_texts, time.time_ns())
        self._rows, self._waiting_texts, self._count = [], [], 0
        await self._journal.append(self._drafts)  # when this is cancelled, `finish` tries again
        self.points += sum(draft.count for draft in self._drafts)
        self._drafts = []

    def _draft(self, event: Event, partition: int) -> Draft:
        return Draft(Kind.EVENT, partition, event.unit, time.time_ns(), 1, to_json(event), Context())
