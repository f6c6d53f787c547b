"""From the ring to the journal: every row once, in time, also at the stop and when the journal is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from control.signal import GOOD, SAMPLE, Text
from gateway.batch.context import ContextBook
from gateway.stream import journal as journal_module
from gateway.stream import report as report_module
from gateway.stream.events import GapEvent, GatewayEvent, JournalEvent, parse, with_header
from gateway.stream.grouping import partition_of
from gateway.stream.journal import Journal
from gateway.stream.journal_keeper import Notice
from gateway.stream.journal_schema import Span
from gateway.stream.records import Dictionary, Kind, unpack
from gateway.stream.report import Reporter
from tests.unit.stream.journals import until
from tests.unit.stream.sites import small_site


class Source:
    """Stands where the engine's ring and the texts are."""

    def __init__(self) -> None:
        self.rows: list[npt.NDArray[Any]] = []
        self.texts: list[Text] = []

    def put(self, first: int, last: int, tag: int = 0) -> None:
        made = np.zeros(last - first, SAMPLE)
        made["value"], made["tag"] = np.arange(first, last), tag
        made["source_ns"] = np.arange(first, last)
        self.rows.append(made)

    def pop(self, limit: int) -> npt.NDArray[Any]:
        waiting = np.concatenate([np.empty(0, SAMPLE), *self.rows])
        self.rows = [waiting[limit:]]
        return waiting[:limit]

    def drain(self) -> list[Text]:
        texts, self.texts = self.texts, []
        return texts


class Bench:
    """A reporter with a real journal."""

    def __init__(self, journal: Journal, source: Source, reporter: Reporter) -> None:
        self.journal, self.source, self.reporter = journal, source, reporter

    async def values(self, unit: str = "u0") -> list[float]:
        records = await self.journal.read(0, 0, 10_000)
        return [
            value
            for record in records
            if (record.kind, record.unit) == (Kind.TELEMETRY, unit)
            for value in unpack(record.data).value.tolist()
        ]


@asynccontextmanager
async def bench(folder: Path, **telemetry: Any) -> AsyncIterator[Bench]:
    site = small_site(streams={"telemetry": {"flush_period": "50 ms", **telemetry}})
    contexts, source = ContextBook(folder / "contexts.sqlite"), Source()
    try:
        async with await Journal.open(
            folder / "journal.sqlite", site.streams, Dictionary.of(site)
        ) as journal:
            yield Bench(journal, source, Reporter(site, journal, contexts, source.pop, source.drain))
    finally:
        contexts.close()


@asynccontextmanager
async def running(of: Bench) -> AsyncIterator[None]:
    task = asyncio.create_task(of.reporter.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_reports_are_written_within_the_period_many_to_a_record(tmp_path: Path) -> None:
    async with bench(tmp_path) as of:
        async with running(of):
            for start in range(0, 50, 10):
                of.source.put(start, start + 10)
            await until(lambda: of.reporter.points == 50)
            await of.journal.flush()
        assert await of.values() == list(range(50))
        assert of.journal.heads == {0: 1}


async def test_what_is_left_at_the_stop_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "_DRAIN_ROWS", 1000)
    async with bench(tmp_path, flush_period="60 s") as of:
        async with running(of):
            of.source.put(0, 100)
            await asyncio.sleep(0.1)
        of.source.put(100, 12_345)
        of.source.texts.append(Text(3, "end", 5, GOOD))
        await of.reporter.finish()
        assert await of.values() == list(range(12_345))
        assert of.reporter.points == 12_346


async def test_being_stopped_while_the_journal_is_slow_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, flush_period="10 ms") as of:
        monkeypatch.setattr(journal_module, "_WAITING_BYTES", -1)  # nothing may wait: every append does
        async with running(of):
            of.source.put(0, 100)
            await asyncio.sleep(0.2)
            assert of.reporter.points == 0
        monkeypatch.undo()
        of.source.put(100, 200)
        await of.reporter.finish()
        assert await of.values() == list(range(200))


async def test_an_event_goes_to_the_partition_of_its_unit(tmp_path: Path) -> None:
    async with bench(tmp_path, partitions=4) as of:
        common: dict[str, Any] = {"gateway": "gw1", "config": "x", "time_ns": 5, "program": "1"}
        for unit in ("u0", "u1", "_gateway"):
            await of.reporter.event(GatewayEvent(**common, unit=unit, state="started"))
        await of.journal.flush()
        for unit in ("u0", "u1", "_gateway"):
            records = await of.journal.read(partition_of(unit, 4), 0, 10)
            assert [record.kind for record in records if record.unit == unit] == [Kind.EVENT]
            assert all(record.created_ns > 5 for record in records), "an old event is no old record"


async def test_a_notice_becomes_events_also_for_those_who_wait(tmp_path: Path) -> None:
    async with bench(tmp_path, partitions=4) as of:
        of.reporter.take_notice(Notice("dropped", "over 5 bytes", (Span(2, 1, 10), Span(3, 4, 4))))
        of.reporter.take_notice(Notice("filling", "7 of 10"))
        await of.reporter.finish()
        events = [
            parse(with_header(record.data, 1, record.partition, record.sequence))
            for partition in range(4)
            for record in await of.journal.read(partition, 0, 10)
        ]
        about = [(e.what, e.records) for e in events if isinstance(e, JournalEvent)]
        gaps = [(e.partition, e.first, e.last, e.reason) for e in events if isinstance(e, GapEvent)]
        assert about == [("dropped", 11), ("filling", 0)]
        assert gaps == [(2, 1, 10, "dropped"), (3, 4, 4, "dropped")]
        assert of.reporter.events == 4


async def test_too_many_notices_are_counted(tmp_path: Path) -> None:
    async with bench(tmp_path) as of:
        for _ in range(1005):
            of.reporter.take_notice(Notice("filling", ""))
        assert of.reporter.notices_refused == 5
        await of.reporter.finish()
        assert of.reporter.events == 1000
