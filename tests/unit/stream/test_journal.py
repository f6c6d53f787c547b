"""The journal: on the disk, in order, numbered without a hole, kept until it is safe elsewhere."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from config.streams import Streams
from gateway.batch.context import Context
from gateway.stream import journal as journal_module
from gateway.stream.journal import Journal
from gateway.stream.journal_reader import JournalReader
from gateway.stream.journal_schema import JournalError
from gateway.stream.records import Kind
from gateway.stream.watermarks import Verdict
from tests.unit.stream.journals import DICTIONARY, draft, notices_of, number_of, opened, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite"


async def test_what_was_flushed_is_on_the_disk_in_order(path: Path) -> None:
    async with opened(path) as journal:
        for number in range(1, 51):
            await journal.append([draft(number)])
        await journal.flush()
        with JournalReader(path) as reader:  # as another process sees it
            assert [number_of(record) for record in reader.read(0, 0, 100)] == list(range(1, 51))
            assert reader.epoch == journal.epoch
        assert (journal.heads, journal.appended, journal.committed) == ({0: 50}, 50, 50)


async def test_a_record_comes_back_as_it_was(path: Path) -> None:
    context = Context("c-1", "b-1", "p")
    async with opened(path) as journal:
        made = draft(7, context=context)
        await journal.append([made, draft(8)])
        await journal.flush()
        first, second = await journal.read(0, 0, 10)
        assert (first.partition, first.sequence, first.kind, first.unit) == (0, 1, Kind.TELEMETRY, "u0")
        assert (first.context, first.count, first.data) == (context, 1, made.data)
        assert first.created_ns == made.created_ns
        assert second.context == Context()
        assert await journal.dictionary(first.dictionary) == DICTIONARY


async def test_partitions_count_for_themselves(path: Path) -> None:
    async with opened(path, telemetry={"partitions": 3}) as journal:
        await journal.append([draft(n, partition=n % 3) for n in range(9)])
        await journal.flush()
        assert journal.heads == {0: 3, 1: 3, 2: 3}
        assert [number_of(record) for record in await journal.read(2, 0, 10)] == [2, 5, 8]
        assert [record.sequence for record in await journal.read(2, 1, 1)] == [2]


async def test_sequences_and_epoch_go_on_after_a_restart_also_of_an_empty_journal(path: Path) -> None:
    async with opened(path) as journal:
        epoch = journal.epoch
        await journal.append([draft(n) for n in range(5)])
        await journal.flush()
        assert journal.acknowledge("historian", epoch, 0, 5, 5) is Verdict.ADVANCED
    async with opened(path) as journal:
        assert (journal.epoch, journal.heads) == (epoch, {0: 5})
        assert journal.watermarks.positions == {("historian", 0): 5}
        assert await journal.read(0, 0, 10) == []
        await journal.append([draft(5)])
        await journal.flush()
        assert [record.sequence for record in await journal.read(0, 0, 10)] == [6]


async def test_closing_commits_what_waits(path: Path) -> None:
    async with opened(path, journal={"commit_period": "30 s"}) as journal:
        await journal.append([draft(1)])
    with JournalReader(path) as reader:
        assert reader.heads() == {0: 1}


async def test_a_new_file_is_a_new_epoch(path: Path) -> None:
    async with opened(path) as journal:
        epoch = journal.epoch
    for file in path.parent.iterdir():
        file.unlink()
    async with opened(path) as journal:
        assert journal.epoch > epoch


async def test_records_stay_until_every_required_consumer_has_them(path: Path) -> None:
    consumers = [{"name": "h1"}, {"name": "h2"}]
    async with opened(path, consumers=consumers) as journal:
        await journal.append([draft(n) for n in range(10)])
        await journal.flush()
        journal.acknowledge("h1", journal.epoch, 0, 8, 10)
        await asyncio.sleep(0.7)
        assert len(await journal.read(0, 0, 100)) == 10
        journal.acknowledge("h2", journal.epoch, 0, 6, 10)
        async with asyncio.timeout(5):
            while (left := await journal.read(0, 0, 100))[0].sequence != 7:
                await asyncio.sleep(0.05)
        assert [record.sequence for record in left] == [7, 8, 9, 10]


async def test_a_claim_that_cannot_be_right_trims_nothing(path: Path) -> None:
    async with opened(path) as journal:
        await journal.append([draft(n) for n in range(10)])
        await journal.flush()
        assert journal.acknowledge("historian", journal.epoch, 0, 11, 10) is Verdict.AHEAD
        assert journal.acknowledge("historian", journal.epoch - 1, 0, 5, 10) is Verdict.EPOCH
        assert journal.acknowledge("other", journal.epoch, 0, 5, 10) is Verdict.STRANGER
        await asyncio.sleep(0.7)
        assert len(await journal.read(0, 0, 100)) == 10


async def test_what_arrives_in_a_period_is_one_commit(path: Path) -> None:
    commits = []
    async with opened(path, journal={"commit_period": "200 ms"}) as journal:
        journal.on_commit.append(lambda: commits.append(journal.committed))
        for number in range(20):
            await journal.append([draft(number)])
            await asyncio.sleep(0.001)
        await until(lambda: journal.committed == 20)
    assert len([count for count in commits if count]) <= 2


async def test_appending_waits_while_too_much_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_WAITING_BYTES", 10_000)
    async with opened(path) as journal:
        for number in range(200):
            await journal.append([draft(number, size=5000)])
            assert journal.appended - journal.committed <= 4
        await journal.flush()
        assert journal.heads == {0: 200}


async def test_a_record_that_is_set_aside_can_still_be_looked_at(path: Path) -> None:
    async with opened(path) as journal:
        told = notices_of(journal)
        await journal.append([draft(n) for n in (1, 2, 3)])
        await journal.flush()
        journal.quarantine(0, 2, "nobody takes it")
        await until(lambda: told)
        assert [number_of(record) for record in await journal.read(0, 0, 10)] == [1, 3]
        assert [(n.what, n.detail, n.spans[0].first) for n in told] == [("quarantined", "nobody takes it", 2)]
    with JournalReader(path) as reader:
        ((record, reason, _),) = reader.quarantined()
        assert (number_of(record), reason) == (2, "nobody takes it")


async def test_the_tap_keeps_what_is_trimmed(path: Path, tmp_path: Path) -> None:
    tap = tmp_path / "tap"
    context = Context("c", "", "")
    for start in (0, 5):
        async with opened(path, tap=tap) as journal:
            epoch = journal.epoch
            await journal.append([draft(n, context=context) for n in range(start, start + 5)])
            await journal.flush()
            head = journal.heads[0]
            journal.acknowledge("historian", journal.epoch, 0, head, head)
    with JournalReader(tap / f"tap-{epoch}.sqlite") as reader:
        records = reader.read(0, 0, 100)
        assert [(record.sequence, number_of(record)) for record in records] == [(n + 1, n) for n in range(10)]
        assert {record.context for record in records} == {context}
        assert reader.dictionary(records[0].dictionary) == DICTIONARY
        assert reader.epoch == epoch


async def test_the_tap_forgets_what_the_journal_never_committed(path: Path, tmp_path: Path) -> None:
    tap = tmp_path / "tap"
    async with opened(path, tap=tap) as journal:
        await journal.append([draft(1)])
        await journal.flush()
        epoch = journal.epoch
    database = sqlite3.connect(tap / f"tap-{epoch}.sqlite")  # as after a kill between the two commits
    database.execute(
        "INSERT INTO record SELECT partition, 2, kind, unit, context, dictionary, 9, 9, data FROM record"
    )
    database.commit()
    database.close()
    async with opened(path, tap=tap) as journal:
        await journal.append([draft(2)])
        await journal.flush()
    with JournalReader(tap / f"tap-{epoch}.sqlite") as reader:
        assert [number_of(record) for record in reader.read(0, 0, 10)] == [1, 2]


async def test_two_gateways_cannot_have_one_journal(path: Path) -> None:
    async with opened(path):
        with pytest.raises(JournalError, match="in use"):
            await Journal.open(path, Streams(), DICTIONARY)


async def test_another_programs_file_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE theirs (x)")
    database.commit()
    database.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="no journal"):
        await Journal.open(path, Streams(), DICTIONARY)
    database = sqlite3.connect(path)
    assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    database.close()
    assert len(before) == path.stat().st_size


async def test_a_dead_thread_is_no_silent_loss(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(path) as journal:

        def broken(*_: object) -> None:
            raise ZeroDivisionError("a mistake of ours")

        monkeypatch.setattr("gateway.stream.journal_file.JournalFile.commit", broken)
        await journal.append([draft(1)])
        with pytest.raises(RuntimeError, match="has died"):
            await journal.flush()
        with pytest.raises(RuntimeError, match="has died"):
            await journal.append([draft(2)])


async def test_reading_does_not_wait_for_the_writer(path: Path) -> None:
    async with opened(path) as journal:
        await journal.append([draft(n, size=20_000) for n in range(500)])
        began = time.monotonic()
        await journal.read(0, 0, 10)
        assert time.monotonic() - began < 5
