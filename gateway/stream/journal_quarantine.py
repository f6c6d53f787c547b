"""Records that no broker would take: look at them, carry them away, have them sent again."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gateway.stream.journal_file import JournalFile
from gateway.stream.journal_look import as_json
from gateway.stream.journal_reader import JournalReader
from gateway.stream.outgoing import MessageMaker, Unsendable
from gateway.stream.records import Dictionary


def list_quarantine(path: Path) -> list[tuple[str, str, str, str, str, str]]:
    """Return what was set aside: partition, sequence, kind, unit, when (UTC), why.

    Raises:
        sqlite3.Error: the journal cannot be read.
    """
    with JournalReader(path) as reader:
        return list(_told(reader))


def _told(reader: JournalReader) -> Iterator[tuple[str, str, str, str, str, str]]:
    for record, reason, when_ns in reader.quarantined():
        when = datetime.datetime.fromtimestamp(when_ns / 1e9, datetime.UTC)
        identity = str(record.partition), str(record.sequence), record.kind.name.lower()
        yield *identity, record.unit, f"{when:%Y-%m-%d %H:%M:%S}", reason


async def export_quarantine(path: Path, site: str, gateway: str, file: BinaryIO) -> int:
    """Write what was set aside as lines of JSON; return how many.

    Raises:
        sqlite3.Error: the journal cannot be read.
    """
    with JournalReader(path) as reader:

        async def dictionary(number: int) -> Dictionary:
            return reader.dictionary(number)

        maker, aside = MessageMaker(site, gateway, dictionary), reader.quarantined()
        for record, reason, _ in aside:
            topic, payload = "", b""
            try:
                topic, payload = await maker.message(record, reader.epoch)
            except Unsendable as error:
                file.write(as_json(record, topic, error, reason))
            else:
                file.write(as_json(record, topic, payload, reason))
        return len(aside)


def retry_quarantine(path: Path, now_ns: int) -> int:
    """Put what was set aside back behind the newest records, under new sequences; return how many.

    Their old sequences stay announced as gaps: nobody waits for them any more.

    Raises:
        JournalError: a gateway has the journal open.
        sqlite3.Error: the journal cannot be written.
    """
    file = JournalFile(path, now_ns)
    try:
        return file.retry_quarantined()
    finally:
        file.close()
