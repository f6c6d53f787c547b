"""The hot table: every message is on this disk, with the watermark, before anybody hears of it.

One SQLite file per historian. A commit stores what arrived and moves the watermarks in the same
transaction, so a historian that is killed at any moment knows on its return exactly what it holds.
Arrivals ahead of a gap are stored too, and told apart from doubles by the spans kept with the source.

The stream of a (gateway, epoch) begins at sequence 1. A sequence that nobody has any more is given up
by a record in the table `gap`, never silently: then the watermark passes it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.historian.database import open_for_writing, transaction
from gateway.historian.hot_schema import ADD_QUARANTINE, GROUP_INDEX, SCHEMA
from gateway.historian.incoming import Arrival, Examined, Unfit, examine
from gateway.historian.notes import HISTORIAN_UNIT, What, note
from gateway.historian.packed import pack
from gateway.historian.points import Source
from gateway.historian.spans import Arrivals, Span, Spans
from gateway.stream.events import to_json, with_header
from gateway.stream.records import Kind

_log = logging.getLogger(__name__)

TRIES: Final = 3
"""Damaged copies of one message until it is given up."""
_OWN_EPOCH: Final = 1
_ADD_MESSAGE: Final = """
INSERT INTO message (source, sequence, kind, unit, points, received_ns, data) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_ADD_SOURCE: Final = """
INSERT INTO source (gateway, epoch, partition, watermark, stored, lost) VALUES (?, ?, ?, ?, ?, ?)
"""
_SET_SOURCE: Final = "UPDATE source SET watermark = ?2, stored = ?3, lost = ?4 WHERE id = ?1"
_FIRST_WAITING: Final = "SELECT min(sequence) FROM message WHERE source = ?"
_ADD_GAP: Final = "INSERT INTO gap VALUES (?, ?, ?, ?, ?)"


@dataclass(slots=True)
class Committed:
    """What a commit did."""

    messages: int = 0
    points: int = 0
    duplicates: int = 0
    quarantined: int = 0
    given_up: int = 0
    touched: set[Source] = field(default_factory=set)
    """The sources that something arrived from."""
    watermarks: dict[Source, int] = field(default_factory=dict)
    """Theirs, also when they did not move."""


class HotTable:
    """The writing side. One thread at a time."""

    def __init__(self, path: Path, historian: str, config: str, *, grouped: bool = False) -> None:
        """Open or make the file; `historian` and `config` go into the notes it writes.

        `grouped`: what is `settled` will be asked for often.

        Raises:
            sqlite3.Error: it cannot be opened.
        """
        self._database = open_for_writing(path, SCHEMA + (GROUP_INDEX if grouped else ""))
        self._config = config
        self._own = Source(historian, _OWN_EPOCH, 0)
        self._damaged: dict[tuple[Source, int], int] = {}
        self._numbers: dict[Source, int] = {}
        self._arrivals: dict[Source, Arrivals] = {}
        self._load()

    def commit(self, batch: Sequence[Arrival]) -> Committed:
        """Store what is new of a batch, and everything there is to say about it; on return it is on disk.

        Raises:
            sqlite3.Error: nothing was stored; the same batch may be tried again.
        """
        done = Committed()
        try:
            with transaction(self._database):
                for arrival in batch:
                    match examine(arrival.topic, arrival.payload):
                        case Examined() as message:
                            self._store(arrival, message, done)
                        case Unfit() as unfit:
                            self._set_aside(arrival, unfit, done)
                if done.quarantined:
                    self._note("quarantined", "messages that cannot be stored", done.quarantined)
                    self._save([self._own])
                self._save(done.touched)
        except BaseException:
            self._load()
            raise
        done.watermarks = {source: self._arrivals[source].watermark for source in done.touched}
        return done

    def give_up(self, source: Source, first: int, last: int, reason: str) -> int:
        """Settle what is missing of a range that nobody has any more; return how many sequences."""
        with transaction(self._database):
            count = self._give_up(source, [(first, last)], reason)
            self._save([source])
        return count

    def watermarks(self) -> dict[Source, int]:
        """Return the watermark of every gateway's newest epoch, by partition."""
        return {source: self._arrivals[source].watermark for source in self._newest()}

    def gaps(self) -> dict[Source, list[Span]]:
        """Return what is missing of each newest epoch, as far as is known from what was heard of."""
        found = {source: self._arrivals[source].missing() for source in self._newest()}
        return {source: spans for source, spans in found.items() if spans}

    def adopt(self, source: Source, upto: int) -> bool:
        """Count everything up to a sequence as stored: another member of the group has put it there."""
        known = self._arrivals.get(source)
        if upto < 1 or (known is not None and known.stored.reach() >= upto):
            return False
        with transaction(self._database):
            self._arrivals_of(source).stored.add(1, upto)
            self._save([source])
        return True

    def settled(self) -> dict[Source, int]:
        """Return the watermarks less what still waits here for the store."""
        settled = {}
        for source in self._newest():
            first = self._database.execute(_FIRST_WAITING, (self._numbers[source],)).fetchone()[0]
            watermark = self._arrivals[source].watermark
            settled[source] = watermark if first is None else min(watermark, int(first) - 1)
        return settled

    def hear_of(self, source: Source, sequence: int) -> None:
        """Note that a message exists that was not taken, so that it shows as a gap."""
        if source in self._arrivals:
            self._arrivals[source].hear_of(sequence)

    def note(self, what: What, detail: str, records: int = 0) -> None:
        """Store an event of the historian's own."""
        with transaction(self._database):
            self._note(what, detail, records)
            self._save([self._own])

    def size(self) -> int:
        """Return the bytes in use in the file."""
        pages, free, size = (
            int(self._database.execute(pragma).fetchone()[0])
            for pragma in ("PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA page_size")
        )
        return (pages - free) * size

    def depth(self) -> int:
        """Return how many messages wait for the store."""
        query = "SELECT coalesce(max(id), 0) - coalesce((SELECT max(id) FROM cursor), 0) FROM message"
        return max(0, int(self._database.execute(query).fetchone()[0]))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _store(self, arrival: Arrival, message: Examined, done: Committed) -> None:
        arrivals = self._arrivals_of(message.source)
        done.touched.add(message.source)
        if not arrivals.accept(message.sequence):
            done.duplicates += 1
            return
        self._damaged.pop((message.source, message.sequence), None)
        self._insert(message, arrival.received_ns, arrival.payload)
        done.messages += 1
        done.points += message.points
        if message.gap is not None:
            first, last = message.gap
            span = (first, min(last, message.sequence - 1))
            done.given_up += self._give_up(message.source, [span], "the gateway has it no more")

    def _set_aside(self, arrival: Arrival, unfit: Unfit, done: Committed) -> None:
        """Keep what cannot be stored. A damaged copy is asked for again, but not for ever."""
        arrivals = self._arrivals.get(unfit.source) if unfit.source else None
        if arrivals is not None and unfit.sequence in arrivals.stored:
            done.duplicates += 1
            return
        identity = (*unfit.source, unfit.sequence) if unfit.source else (None,) * 4
        row = (arrival.received_ns, arrival.topic, *identity, unfit.reason, arrival.payload)
        self._database.execute(ADD_QUARANTINE, row)
        done.quarantined += 1
        _log.warning("message set aside: %s", unfit.reason, extra={"topic": arrival.topic})
        if unfit.source is not None and arrivals is not None:
            arrivals.hear_of(unfit.sequence)
            done.given_up += self._count_damage(unfit.source, unfit.sequence)
            done.touched.add(unfit.source)

    def _count_damage(self, source: Source, sequence: int) -> int:
        """Give a message up when it came damaged too often; return how many sequences that were."""
        key = (source, sequence)
        self._damaged[key] = self._damaged.get(key, 0) + 1
        if self._damaged[key] < TRIES:
            return 0
        del self._damaged[key]
        return self._give_up(source, [(sequence, sequence)], f"damaged {TRIES} times, see quarantine")

    def _give_up(self, source: Source, spans: Iterable[Span], reason: str) -> int:
        """Record spans as lost and note it; the caller saves the source."""
        arrivals = self._arrivals_of(source)
        given_up = [span for first, last in spans for span in arrivals.give_up(first, last)]
        now_ns = time.time_ns()
        rows = [(self._numbers[source], first, last, now_ns, reason) for first, last in given_up]
        self._database.executemany(_ADD_GAP, rows)
        count = sum(last - first + 1 for first, last in given_up)
        if count:
            where = f"{source.gateway}, epoch {source.epoch}, partition {source.partition}"
            self._note("given_up", f"{where}: {given_up}: {reason}", count)
            self._save([self._own])
        return count

    def _note(self, what: What, detail: str, records: int) -> None:
        """Insert an event of the historian's own; the caller saves its source."""
        arrivals = self._arrivals_of(self._own)
        sequence = arrivals.watermark + 1
        arrivals.accept(sequence)
        event = note(self._own.gateway, self._config, what, detail, records)
        data = with_header(to_json(event), self._own.epoch, self._own.partition, sequence)
        self._insert(Examined(self._own, sequence, Kind.EVENT, HISTORIAN_UNIT, 0, None), event.time_ns, data)

    def _insert(self, message: Examined, received_ns: int, data: bytes) -> None:
        number = self._numbers[message.source]
        kept = pack(data) if message.kind is Kind.TELEMETRY else data
        row = (number, message.sequence, message.kind, message.unit, message.points, received_ns, kept)
        self._database.execute(_ADD_MESSAGE, row)

    def _arrivals_of(self, source: Source) -> Arrivals:
        if source not in self._arrivals:
            row = (*source, 0, "[]", "[]")
            number = self._database.execute(_ADD_SOURCE, row).lastrowid
            assert number is not None
            self._numbers[source], self._arrivals[source] = number, Arrivals()
        return self._arrivals[source]

    def _save(self, sources: Iterable[Source]) -> None:
        """Write the accounts of sources."""
        for source in sources:
            account = self._arrivals[source]
            spans = (account.stored.to_json(), account.lost.to_json())
            self._database.execute(_SET_SOURCE, (self._numbers[source], account.watermark, *spans))

    def _load(self) -> None:
        """Take every source's account from the file."""
        self._numbers, self._arrivals = {}, {}
        for number, *identity, _, stored, lost in self._database.execute("SELECT * FROM source"):
            source = Source(*identity)
            self._numbers[source] = number
            self._arrivals[source] = Arrivals(Spans.of_json(stored), Spans.of_json(lost))

    def _newest(self) -> list[Source]:
        """Return each gateway's newest epoch: a watermark of an older one is of no use to anybody."""
        newest: dict[tuple[str, int], Source] = {}
        for source in sorted(self._arrivals):
            newest[source.gateway, source.partition] = source
        return [source for source in newest.values() if source != self._own]
