"""The cursors of all partitions of a journal, and what concerns them together."""

from __future__ import annotations

import time

from config.streams import Telemetry
from gateway.stream.cursor import Cursor, Turn
from gateway.stream.journal import Journal


class Cursors:
    """One cursor for each partition. When the journal has begun a new epoch, `begin_epoch` follows it."""

    def __init__(self, journal: Journal, telemetry: Telemetry) -> None:
        """Begin with what the journal holds."""
        self._journal, self._telemetry = journal, telemetry
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Forget all: every sequence counts in the journal's present epoch."""
        self.epoch = self._journal.epoch
        self._cursors = [
            Cursor(self._head(partition), self._telemetry.ahead, self._telemetry.stall_after)
            for partition in range(self._journal.partitions)
        ]

    def __len__(self) -> int:
        """Return the number of partitions."""
        return len(self._cursors)

    def __getitem__(self, partition: int) -> Cursor:
        """Return a partition's cursor."""
        return self._cursors[partition]

    def turn(self, partition: int) -> Turn | None:
        """Return what to send of a partition now."""
        return self[partition].turn(self._head(partition), self._journal.watermarks.confirmed(partition))

    def rewind(self) -> None:
        """Begin behind what is safe, on a new connection."""
        now = time.monotonic()
        for partition, cursor in enumerate(self._cursors):
            cursor.rewind(self._journal.watermarks.safe(partition), now)

    def watch(self) -> None:
        """Look whether the watermarks move."""
        now = time.monotonic()
        for partition, cursor in enumerate(self._cursors):
            cursor.watch(self._journal.watermarks.confirmed(partition), now)

    def acknowledged(self, partition: int, sequence: int) -> None:
        """Note that the broker has a record; consumers that it satisfies have it too."""
        cursor, watermarks = self[partition], self._journal.watermarks
        cursor.acknowledged(sequence)
        for consumer in watermarks.consumers.puback[partition]:
            if cursor.taken > watermarks.positions[consumer, partition]:
                self._journal.acknowledge(consumer, self.epoch, partition, cursor.taken, cursor.sent)

    @property
    def all_taken(self) -> bool:
        """True when the broker has acknowledged everything that is in the journal."""
        return all(cursor.taken >= self._head(partition) for partition, cursor in enumerate(self._cursors))

    @property
    def held_back(self) -> bool:
        """True while records wait because a historian is too far behind."""
        confirmed = self._journal.watermarks.confirmed
        return any(c.held_back(self._head(p), confirmed(p)) for p, c in enumerate(self._cursors))

    @property
    def stalls(self) -> int:
        """Return how often a watermark stood still, in this epoch."""
        return sum(cursor.stalls for cursor in self._cursors)

    def _head(self, partition: int) -> int:
        return self._journal.heads.get(partition, 0)
