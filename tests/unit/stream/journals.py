"""Journals and drafts for the tests of the stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from config.streams import Streams
from gateway.batch.context import Context
from gateway.stream.journal import Journal
from gateway.stream.journal_keeper import Notice
from gateway.stream.records import Dictionary, Draft, Kind, Record

DICTIONARY = Dictionary("00ff", ("u0/a", "u0/b"), {"u0": ("area", "cell")})
NO_CONTEXT = Context()


def draft(number: int, *, size: int = 100, partition: int = 0, context: Context = NO_CONTEXT) -> Draft:
    """Return a draft that knows its number."""
    data = number.to_bytes(8, "big").ljust(size, b"x")
    return Draft(Kind.TELEMETRY, partition, "u0", time.time_ns(), 1, data, context)


def number_of(record: Record) -> int:
    """Return the number of a draft that became a record."""
    return int.from_bytes(record.data[:8], "big")


@asynccontextmanager
async def opened(path: Path, *, tap: Path | None = None, **settings: Any) -> AsyncIterator[Journal]:
    """Open a journal that commits quickly; `notices` of it are kept in `journal.told`."""
    streams = Streams.model_validate({"journal": {"commit_period": "5 ms"}, **settings})
    async with await Journal.open(path, streams, DICTIONARY, tap=tap) as journal:
        yield journal


def notices_of(journal: Journal) -> list[Notice]:
    """Return a list that the journal's notices are added to."""
    told: list[Notice] = []
    journal.on_notice.append(told.append)
    return told


async def until(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait until something is true.

    Raises:
        TimeoutError: it did not become true in time.
    """
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)
