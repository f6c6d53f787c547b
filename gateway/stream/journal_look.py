"""Looking into a journal's file from outside, also while a gateway writes it: what it holds, is it whole."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.stream.journal_reader import JournalReader
from gateway.stream.journal_schema import connect_reader
from gateway.stream.outgoing import MessageMaker, Unsendable
from gateway.stream.records import Dictionary, Record

_AT_ONCE: Final = 500
Publish = Callable[[str, bytes], Awaitable[None]]
"""Takes a topic and a payload."""


@dataclass(frozen=True, slots=True)
class PartitionShare:
    """What a journal holds of one partition."""

    partition: int
    first: int | None
    """Sequence of the oldest record; None: all have been trimmed."""
    head: int
    """Last sequence ever given."""
    records: int
    points: int
    data_bytes: int
    oldest_ns: int | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a journal holds, and how far its readers are."""

    epoch: int
    partitions: tuple[PartitionShare, ...]
    cursors: tuple[tuple[str, int, int, int], ...]
    """Consumer, partition, sequence up to which it has everything, and when it said so (UTC ns)."""
    quarantined: int
    configurations: tuple[str, ...]
    """Fingerprints of the configurations that its records were made under."""


def survey(path: Path) -> Survey:
    """Return what a journal holds.

    Raises:
        sqlite3.Error: there is no such file, or it cannot be read.
    """
    database = connect_reader(path)
    try:
        shares = []
        for partition, head in database.execute("SELECT partition, sequence FROM head ORDER BY partition"):
            row = database.execute(
                "SELECT min(sequence), count(*), coalesce(sum(count), 0), coalesce(sum(length(data)), 0),"
                " min(created_ns) FROM record WHERE partition = ?",
                (partition,),
            ).fetchone()
            first, records, points, size, oldest_ns = row
            shares.append(PartitionShare(partition, first, head, records, points, size, oldest_ns))
        return Survey(
            epoch=database.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0],
            partitions=tuple(shares),
            cursors=tuple(
                database.execute("SELECT consumer, partition, sequence, updated_ns FROM cursor ORDER BY 1, 2")
            ),
            quarantined=database.execute("SELECT count(*) FROM quarantine WHERE length(data) > 0").fetchone()[
                0
            ],
            configurations=tuple(
                name for (name,) in database.execute("SELECT fingerprint FROM dictionary ORDER BY id")
            ),
        )
    finally:
        database.close()


async def verify(path: Path, site: str, gateway: str) -> list[str]:
    """Return what is wrong with a journal: its file, its sequences, its cursors, each of its records.

    Raises:
        sqlite3.Error: there is no such file, or no page of it can be read.
    """
    database = connect_reader(path)
    try:
        wrong = [text for (text,) in database.execute("PRAGMA integrity_check(20)") if text != "ok"]
    finally:
        database.close()
    if wrong:
        return [f"file: {text}" for text in wrong]
    held = survey(path)
    heads = {share.partition: share.head for share in held.partitions}
    for consumer, partition, sequence, _ in held.cursors:
        head = heads.get(partition, 0)
        if sequence > head:
            wrong.append(f"{consumer} claims {sequence} of partition {partition}, which ends at {head}")
    with JournalReader(path) as reader:
        aside = reader.set_aside()
        for share in held.partitions:
            wrong += _holes(reader, share, aside)
        async for record, _, payload in messages(reader, site, gateway):
            if isinstance(payload, Unsendable):
                wrong.append(f"partition {record.partition}, sequence {record.sequence}: {payload}")
    return wrong


def _holes(reader: JournalReader, share: PartitionShare, aside: set[tuple[int, int]]) -> Iterator[str]:
    """Yield the runs that are missing between the oldest record and the last sequence."""
    expected = share.first
    if expected is None:
        return
    for record in _records(reader, share.partition, 0):
        missing = [n for n in range(expected, record.sequence) if (share.partition, n) not in aside]
        if missing:
            yield f"partition {share.partition}: {missing[0]} to {missing[-1]} are missing"
        expected = record.sequence + 1
    tail = [n for n in range(expected, share.head + 1) if (share.partition, n) not in aside]
    if tail:
        yield f"partition {share.partition}: {tail[0]} to {tail[-1]} are missing"


def _records(reader: JournalReader, partition: int, after: int) -> Iterator[Record]:
    while records := reader.read(partition, after, _AT_ONCE):
        yield from records
        after = records[-1].sequence


async def messages(
    reader: JournalReader, site: str, gateway: str, after: int = 0, only: int | None = None
) -> AsyncIterator[tuple[Record, str, bytes | Unsendable]]:
    """Yield every record with the topic and payload it is published with, partition by partition."""

    async def dictionary(number: int) -> Dictionary:
        return reader.dictionary(number)

    maker, epoch = MessageMaker(site, gateway, dictionary), reader.epoch
    for partition in sorted(reader.heads()):
        if only in (None, partition):
            for record in _records(reader, partition, after):
                try:
                    topic, payload = await maker.message(record, epoch)
                except Unsendable as error:
                    yield record, "", error
                else:
                    yield record, topic, payload


def as_json(record: Record, topic: str, payload: bytes | Unsendable, reason: str = "") -> bytes:
    """Return a record as a line of JSON: with its message, or its raw bytes where none can be made."""
    said: dict[str, Any] = {
        "partition": record.partition,
        "sequence": record.sequence,
        "kind": record.kind.name.lower(),
        "unit": record.unit,
        "created_ns": record.created_ns,
        "points": record.count,
    }
    if reason:
        said["quarantined"] = reason
    if isinstance(payload, Unsendable):
        said |= {"unsendable": str(payload), "data": base64.b64encode(record.data).decode()}
    else:
        said |= {"topic": topic, "payload": payload.decode("utf-8", "surrogateescape")}
    return orjson.dumps(said) + b"\n"


async def replay(
    path: Path, site: str, gateway: str, publish: Publish, *, after: int = 0, only: int | None = None
) -> tuple[int, int]:
    """Publish every record again under its identity; return how many were, and how many cannot be.

    A historian that has a record discards it; one that has not, stores it.
    """
    published = unsendable = 0
    with JournalReader(path) as reader:
        async for _, topic, payload in messages(reader, site, gateway, after, only):
            if isinstance(payload, Unsendable):
                unsendable += 1
            else:
                await publish(topic, payload)
                published += 1
    return published, unsendable
