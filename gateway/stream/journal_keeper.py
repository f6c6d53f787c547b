"""Keeping the journal within its bounds, and what is done when there is no room. Synchronous.

In this order:

1. Over `alarm_at` of `max_bytes`: what is kept only for a rewind goes, and a notice comes, once, well
   before anything is lost.
2. Over `max_bytes`, or older than `max_age`: the oldest records are dropped and announced.
3. The disk or the database takes no more: the same, at once, to make room in the file.
4. Nothing helps: the caller keeps what it has in memory and tries again.

A damaged file is set aside and a new one begun, which is a new epoch.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from config.streams import Journal as Settings
from gateway.stream.events import JournalMatter
from gateway.stream.journal_file import JournalFile
from gateway.stream.journal_schema import JournalDamaged, Span, is_damage, set_aside
from gateway.stream.records import Dictionary, Draft
from gateway.stream.retention import Retention

_HOUSEKEEPING_S: Final = 60.0
_DROP_AT_ONCE: Final = 256
_ROOM_BYTES: Final = 1 << 18
"""Made at least when the file is full."""
_RELIEVED: Final = 0.9
"""Share of a limit down to which dropping goes, and under which an alarm ends."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that somebody should hear of."""

    what: JournalMatter
    detail: str
    spans: tuple[Span, ...] = ()
    """Records that are gone from the stream."""


@dataclass(slots=True)
class Work:
    """What is to be done in one transaction."""

    drafts: list[Draft] = field(default_factory=list)
    cursors: dict[tuple[str, int], int] = field(default_factory=dict)
    trims: dict[int, int] = field(default_factory=dict)
    quarantines: list[tuple[int, int, str]] = field(default_factory=list)
    """Partition, sequence and reason."""
    damaged: tuple[int, str] | None = None
    """An epoch whose file a reader found damaged, and how."""


class JournalKeeper:
    """Owns the open file."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        dictionary: Dictionary,
        tap: Path | None = None,
        retain_s: float = 0.0,
    ) -> None:
        """Open the file; a damaged one is set aside.

        `retain_s`: how long records stay that every consumer has.

        Raises:
            JournalError: another program's file, of another version, or in use.
            sqlite3.Error: it cannot be opened.
        """
        self._path, self._settings, self._dictionary, self._tap = path, settings, dictionary, tap
        self.notices: list[Notice] = []
        """The caller takes them out."""
        self.file: JournalFile
        self._retention = Retention(retain_s)
        self._open()
        self._filling = False
        self._refusing = False
        self._opened_ns, self._opened_at = time.time_ns(), time.monotonic()
        self._next_round = self._opened_at

    def close(self) -> None:
        """Close the file in good order."""
        self.file.close()

    def carry_out(self, work: Work) -> bool:
        """Do it all; False when there is no room or no disk, and nothing has been done.

        Raises:
            sqlite3.Error: the program's own mistake.
        """
        if work.damaged is not None and work.damaged[0] == self.file.epoch:
            self._replace(JournalDamaged(work.damaged[1]), work)
        work.trims = self._retention.trims(work.trims, self.file.heads, time.monotonic())
        while True:
            try:
                self._quarantine(work)
                self.file.commit(work.drafts, self._dictionary_id, work.cursors, work.trims, time.time_ns())
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    self._replace(error, work)
                elif not self._make_room(error, work):
                    return False
            else:
                self._refusing = False
                self._keep_bounds()
                return True

    def keep_house(self) -> None:
        """Drop what is too old; call it now and then."""
        now = time.monotonic()
        if now < self._next_round:
            return
        self._next_round = now + _HOUSEKEEPING_S
        # The wall clock as it runs on from the start: setting it forward must not age a single record.
        now_ns = self._opened_ns + int((now - self._opened_at) * 1e9)
        oldest_ns = now_ns - int(self._settings.max_age * 1e9)
        try:
            while spans := self.file.drop_oldest(_DROP_AT_ONCE, oldest_ns):
                self._dropped(f"older than {self._settings.max_age:g} s", spans)
        except sqlite3.OperationalError as error:
            self._refuse(error)

    def _open(self) -> None:
        try:
            self.file = JournalFile(self._path, time.time_ns(), self._tap)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            aside = set_aside(self._path, time.time_ns())
            self.notices.append(Notice("replaced", f"{error}; kept as {aside.name}"))
            self.file = JournalFile(self._path, time.time_ns(), self._tap)
        self._dictionary_id = self.file.dictionary_id(self._dictionary)

    def _replace(self, error: sqlite3.DatabaseError, work: Work) -> None:
        """Begin a new file; what the work says of the old one has no meaning any more."""
        work.cursors.clear()
        work.trims.clear()
        work.quarantines.clear()
        self._retention.forget()
        self.file.close(clean=False)
        aside = set_aside(self._path, time.time_ns())
        self.notices.append(Notice("replaced", f"{error}; kept as {aside.name}"))
        self._open()

    def _quarantine(self, work: Work) -> None:
        while work.quarantines:
            partition, sequence, reason = work.quarantines[-1]
            if self.file.quarantine(partition, sequence, reason, time.time_ns()):
                span = Span(partition, sequence, sequence)
                self.notices.append(Notice("quarantined", reason, (span,)))
            work.quarantines.pop()

    def _make_room(self, error: sqlite3.DatabaseError, work: Work) -> bool:
        """Drop the oldest records where the file is full; False when that is not it, or does not help."""
        if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
            needed = max(_ROOM_BYTES, 2 * sum(len(draft.data) for draft in work.drafts))
            try:
                if self._release():
                    return True
                spans = self.file.drop_oldest(self._records_in(needed))
            except sqlite3.OperationalError as again:
                error, spans = again, []
            if spans:
                self._dropped("no more room on the disk", spans)
                return True
        elif not isinstance(error, sqlite3.OperationalError):
            raise error
        self._refuse(error)
        return False

    def _refuse(self, error: sqlite3.DatabaseError) -> None:
        if not self._refusing:
            self._refusing = True
            self.notices.append(Notice("full", str(error)))

    def _keep_bounds(self) -> None:
        used, limit = self.file.used_bytes, self._settings.max_bytes
        if used > self._settings.alarm_at * limit and self._release():
            used = self.file.used_bytes
        if used > limit:
            spans: list[Span] = []
            while (excess := self.file.used_bytes - int(_RELIEVED * limit)) > 0:
                more = self.file.drop_oldest(self._records_in(excess))
                if not more:
                    break
                spans += more
            self._dropped(f"over {limit} bytes", spans)
        alarm = self._settings.alarm_at * limit
        if not self._filling and used >= alarm:
            self._filling = True
            self.notices.append(Notice("filling", f"{used} of {limit} bytes"))
        elif self._filling and used < _RELIEVED * alarm:
            self._filling = False
            self.notices.append(Notice("relieved", f"{used} of {limit} bytes"))

    def _release(self) -> bool:
        """Trim what is kept for nobody but who rewinds; whether there was such a thing."""
        trims = self._retention.release()
        if trims:
            self.file.commit([], self._dictionary_id, {}, trims, time.time_ns())
        return bool(trims)

    def _records_in(self, size: int) -> int:
        """Return about how many records take this many bytes, at least one."""
        return 1 + self.file.count() * size // self.file.used_bytes

    def _dropped(self, why: str, spans: Iterable[Span]) -> None:
        """Announce what was dropped, as few spans as possible."""
        if self.notices and (before := self.notices[-1]).what == "dropped" and before.detail == why:
            self.notices.pop()
            spans = (*before.spans, *spans)
        merged: dict[int, Span] = {}
        for span in spans:
            known = merged.get(span.partition, span)
            first, last = min(known.first, span.first), max(known.last, span.last)
            merged[span.partition] = Span(span.partition, first, last)
        self.notices.append(Notice("dropped", why, tuple(merged.values())))
