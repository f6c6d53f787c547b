"""The journal read twice: the present as it is committed, and what is sent again, oldest first."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from config.site import Site
from gateway.stream.journal import Journal
from gateway.stream.records import DamagedRecord, Kind, Points, Record, unpack

_CHUNK: Final = 32


class Run(NamedTuple):
    """The points of a record, with tags as the site counts them (-1: no tag of it)."""

    created_ns: int
    points: Points


class JournalFeed:
    """One edge node's two positions in the journal; nobody waits for them."""

    def __init__(self, site: Site, journal: Journal) -> None:
        """Begin where the journal ends."""
        self._site, self._journal = site, journal
        self._places: dict[int, npt.NDArray[np.int32]] = {}
        self.unreadable = 0
        """Records that could not be understood, and were left out."""
        self._live: dict[int, int] = {}
        self._past: dict[int, tuple[int, int]] = {}
        """By partition: position, and the last sequence of the past."""
        self._waiting: dict[int, deque[Record]] = {}
        self._epoch = journal.epoch
        self.to_end()

    def to_end(self) -> None:
        """Go on with what is committed from now on; there is no past to send."""
        self._epoch = self._journal.epoch
        self._live = {p: self._journal.heads.get(p, 0) for p in range(self._journal.partitions)}
        self._past, self._waiting = {}, {}

    async def rewind(self, since_ns: int) -> None:
        """Make the past all that was made since a time, up to where the present begins."""
        for partition, end in self._live.items():
            start = await self._journal.since(partition, since_ns)
            if start < end:
                self._past[partition] = (start, end)
                self._waiting[partition] = deque()

    @property
    def has_past(self) -> bool:
        """True while something of the past is left."""
        return bool(self._past)

    async def live(self) -> list[Run]:
        """Return the next records of the present; empty when there are none."""
        if self._journal.epoch != self._epoch:  # the journal was replaced: its sequences count from 1
            self._epoch = self._journal.epoch
            self._live = dict.fromkeys(self._live, 0)
            self._past, self._waiting = {}, {}
            self._places.clear()
        runs: list[Run] = []
        for partition, after in self._live.items():
            if self._journal.heads.get(partition, 0) <= after:
                continue
            records = await self._journal.read(partition, after, _CHUNK)
            if records:
                self._live[partition] = records[-1].sequence
            else:
                self._live[partition] = self._journal.heads.get(partition, 0)
            runs += [run for record in records if (run := await self._run(record)) is not None]
        return runs

    async def past(self) -> Run | None:
        """Return the oldest record of the past, None when there is none."""
        while self._past:
            for partition, (after, end) in list(self._past.items()):
                waiting = self._waiting[partition]
                if not waiting:
                    records = await self._journal.read(partition, after, _CHUNK)
                    waiting.extend(record for record in records if record.sequence <= end)
                    if not waiting:
                        del self._past[partition], self._waiting[partition]
                        continue
                    self._past[partition] = (waiting[-1].sequence, end)
            if not self._waiting:
                return None
            oldest = min(self._waiting.values(), key=lambda waiting: waiting[0].created_ns)
            run = await self._run(oldest.popleft())
            if run is not None:
                return run
        return None

    async def _run(self, record: Record) -> Run | None:
        if record.kind is not Kind.TELEMETRY:
            return None
        try:
            points = unpack(record.data)
            places = await self._places_of(record.dictionary)
            return Run(record.created_ns, _placed(points, places))
        except (DamagedRecord, KeyError, IndexError):
            self.unreadable += 1
            return None

    async def _places_of(self, dictionary: int) -> npt.NDArray[np.int32]:
        if dictionary not in self._places:
            names = (await self._journal.dictionary(dictionary)).names
            index = self._site.tag_index
            self._places[dictionary] = np.array([index.get(name, -1) for name in names], np.int32)
        return self._places[dictionary]


def _placed(points: Points, places: npt.NDArray[np.int32]) -> Points:
    texts = tuple(
        type(text)(int(places[text.tag]), text.value, text.source_ns, text.quality, text.status, text.ordinal)
        for text in points.texts
    )
    return Points(
        places[points.tag],
        points.value,
        points.quality,
        points.source_ns,
        points.status,
        points.ordinal,
        texts,
    )
