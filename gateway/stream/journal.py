"""The journal: durable, ordered, bounded record of reports and events, between engine and sinks.

A record is on the disk before any sink sees it. It stays until every required consumer has said that
it is safe (`acknowledge`), or until room runs out (`journal_keeper` says what happens then). Reading
and writing the disk happen in two threads; everything here is on one asyncio loop.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self

from config.streams import Streams
from gateway.stream.journal_keeper import JournalKeeper, Notice
from gateway.stream.journal_reader import JournalReader
from gateway.stream.journal_schema import is_damage
from gateway.stream.journal_writer import JournalWriter, Progress
from gateway.stream.records import Dictionary, Draft, Record
from gateway.stream.watermarks import Consumers, Verdict, Watermarks

log = logging.getLogger(__name__)

_RETRY_S: Final = 1.0
_NO_POSITIONS: Final[Mapping[tuple[str, int], int]] = {}
_WAITING_BYTES: Final = 16 << 20
"""What may wait in memory for its commit; then `append` waits."""


class Journal:
    """An open journal: `async with await Journal.open(...)`."""

    def __init__(self, path: Path, streams: Streams, keeper: JournalKeeper) -> None:
        """Use `open`."""
        self._path, self._streams = path, streams
        self._loop = asyncio.get_running_loop()
        self._writer = JournalWriter(keeper, streams.journal.commit_period, self._from_thread, self._failing)
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="journal-read")
        self._reader = JournalReader(path)
        self.on_notice: list[Callable[[Notice], None]] = []
        """Called with what somebody should hear of."""
        self.on_commit: list[Callable[[], None]] = []
        """Called after each commit."""
        self.heads: dict[int, int] = dict(keeper.file.heads)
        """Last committed sequence of each partition."""
        self.used_bytes = keeper.file.used_bytes
        self.appended = 0
        self.committed = 0
        """Drafts since the start."""
        self.lost = 0
        """Records dropped for room or age since the start: each was still wanted."""
        self.epoch = keeper.file.epoch
        self.partitions = max([streams.telemetry.partitions, *(p + 1 for p in self.heads)])
        consumers = Consumers.of(streams, self.partitions)
        self.positions = keeper.file.cursors()
        """By name and partition, how far everybody was when the file was opened."""
        self.watermarks = Watermarks(consumers, self.epoch, self.positions)
        self._appended_bytes = 0
        self._committed_bytes = 0
        self._failure: Exception | None = None
        self._progress = asyncio.Event()

    @classmethod
    async def open(
        cls, path: Path, streams: Streams, dictionary: Dictionary, *, tap: Path | None = None
    ) -> Self:
        """Open or make a journal and start its thread.

        Args:
            path: the file.
            streams: limits, partitions, consumers.
            dictionary: of the configuration that records are made under from now on.
            tap: folder for an untrimmed copy of every committed record, or None.

        Raises:
            JournalError: another program's file, of another version, or in use.
            sqlite3.Error: it cannot be opened.
        """
        retain_s = max((node.historical for node in streams.sparkplug), default=0.0)
        keeper = await asyncio.to_thread(JournalKeeper, path, streams.journal, dictionary, tap, retain_s)
        journal = cls(path, streams, keeper)
        journal._writer.start()
        return journal

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Commit what waits and close the file."""
        await asyncio.to_thread(self._writer.stop)
        await asyncio.to_thread(self._disk.shutdown)
        self._reader.close()

    async def append(
        self, drafts: Sequence[Draft], positions: Mapping[tuple[str, int], int] = _NO_POSITIONS
    ) -> None:
        """Take drafts to be committed within `commit_period`; waits while too much waits already.

        Args:
            drafts: what is to be kept.
            positions: by name and partition, how far somebody is; kept in the same transaction (`positions`).

        Raises:
            RuntimeError: the writing thread has died.
        """
        while self._appended_bytes - self._committed_bytes > _WAITING_BYTES and self._failure is None:
            self._progress.clear()
            await self._progress.wait()
        self._check()
        size = sum(len(draft.data) for draft in drafts)
        self.appended += len(drafts)
        self._appended_bytes += size
        self._writer.append(drafts, size, positions)

    async def flush(self) -> None:
        """Wait until everything appended so far is on the disk.

        Raises:
            RuntimeError: the writing thread has died.
        """
        target = self.appended
        self._writer.hurry()
        while self.committed < target:
            self._check()
            self._progress.clear()
            await self._progress.wait()

    async def read(self, partition: int, after: int, limit: int) -> list[Record]:
        """Return at most `limit` committed records of a partition behind a sequence, in order.

        Waits while the disk cannot be read. A damaged file is set aside, and a new epoch begins.
        """
        while True:
            epoch, reader = self.epoch, self._reader
            try:
                return await self._loop.run_in_executor(self._disk, reader.read, partition, after, limit)
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    self._writer.renounce(epoch, str(error))
                    return []
                log.warning("the journal cannot be read: %s", error)
                await asyncio.sleep(_RETRY_S)

    async def since(self, partition: int, created_ns: int) -> int:
        """Return the sequence behind which a partition's records are that were made since a time.

        0 where the disk cannot be read now.
        """
        try:
            return await self._loop.run_in_executor(self._disk, self._reader.since, partition, created_ns)
        except sqlite3.DatabaseError as error:
            log.warning("the journal cannot be read: %s", error)
            return 0

    async def dictionary(self, number: int) -> Dictionary:
        """Return what the numbers in a record stand for.

        Raises:
            KeyError: there is no such dictionary.
        """
        return await self._loop.run_in_executor(self._disk, self._reader.dictionary, number)

    def acknowledge(self, consumer: str, epoch: int, partition: int, sequence: int, sent: int) -> Verdict:
        """Take a consumer's word that it has a partition safe up to a sequence; trim where all have.

        `sent` is the last sequence that was ever sent. What cannot be right is not taken.
        """
        verdict = self.watermarks.claim(consumer, epoch, partition, sequence, sent)
        if verdict is Verdict.ADVANCED:
            self._writer.move(consumer, partition, sequence, self.watermarks.safe(partition))
        return verdict

    def quarantine(self, partition: int, sequence: int, reason: str) -> None:
        """Set aside a record that no broker takes, so that those behind it can pass."""
        self._writer.quarantine(partition, sequence, reason)

    def _from_thread(self, progress: Progress) -> None:
        self._loop.call_soon_threadsafe(self._advance, progress)

    def _failing(self, error: Exception) -> None:
        self._loop.call_soon_threadsafe(self._fail, error)

    def _advance(self, progress: Progress) -> None:
        if progress.epoch != self.epoch:
            self._begin_again(progress.epoch)
        self.heads, self.used_bytes = progress.heads, progress.used_bytes
        self.committed, self._committed_bytes = progress.committed, progress.committed_bytes
        for notice in progress.notices:
            if notice.what == "dropped":
                self.lost += sum(len(span) for span in notice.spans)
            log.warning("journal: %s: %s", notice.what, notice.detail)
            for listener in self.on_notice:
                listener(notice)
        self._wake()

    def _begin_again(self, epoch: int) -> None:
        """The file was damaged and there is a new one: nobody has anything of its epoch yet."""
        self.epoch, self.positions = epoch, {}
        self.watermarks = Watermarks(self.watermarks.consumers, epoch, {})
        before, self._reader = self._reader, JournalReader(self._path)
        self._disk.submit(before.close)

    def _fail(self, error: Exception) -> None:
        self._failure = error
        self._wake()

    def _check(self) -> None:
        if self._failure is not None:
            raise RuntimeError("the journal's thread has died") from self._failure

    def _wake(self) -> None:
        self._progress.set()
        for listener in self.on_commit:
            listener()
