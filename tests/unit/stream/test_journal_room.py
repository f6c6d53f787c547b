"""When room runs out: an alarm first, then the oldest go, counted and announced; nothing fails silently."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from config.streams import Journal as Settings
from gateway.stream.journal_keeper import JournalKeeper, Notice, Work
from gateway.stream.journal_reader import JournalReader
from gateway.stream.journal_schema import Span
from gateway.stream.records import Record
from tests.unit.stream.journals import DICTIONARY, draft, notices_of, number_of, opened, until

SIZE = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def keeper(path: Path, **settings: float | str) -> JournalKeeper:
    return JournalKeeper(path, Settings.model_validate({"max_bytes": 1_000_000, **settings}), DICTIONARY)


def work(numbers: Sequence[int], partition: int = 0) -> Work:
    return Work(drafts=[draft(number, size=SIZE, partition=partition) for number in numbers])


def sequences(path: Path, partition: int = 0) -> list[int]:
    with JournalReader(path) as reader:
        return [record.sequence for record in reader.read(partition, 0, 10_000)]


def whats(notices: Sequence[Notice]) -> list[str]:
    return [notice.what for notice in notices]


def test_it_says_that_it_fills_before_anything_is_lost_and_when_it_has_room_again(path: Path) -> None:
    of = keeper(path)
    for number in range(40):
        of.carry_out(work([number]))
    assert whats(of.notices) == ["filling"]
    assert len(sequences(path)) == 40
    of.carry_out(Work(trims={0: 35}))
    assert whats(of.notices) == ["filling", "relieved"]
    of.close()


def test_beyond_its_bytes_the_oldest_go_and_are_announced(path: Path) -> None:
    of = keeper(path)
    for number in range(200):
        of.carry_out(work([number]))
        assert of.file.used_bytes <= 1_000_000
    assert of.file.heads == {0: 200}
    left = sequences(path)
    assert left == list(range(left[0], 201))
    assert len(left) >= 35, "no more is dropped than needed"
    spans = [span for notice in of.notices if notice.what == "dropped" for span in notice.spans]
    assert spans == [Span(0, 1, left[0] - 1)]
    of.close()


def test_the_oldest_go_whatever_their_partition(path: Path) -> None:
    of = keeper(path)
    of.carry_out(work(range(20), partition=1))
    time.sleep(0.001)
    for number in range(60):
        of.carry_out(work([number], partition=0))
    assert sequences(path, 1) == []
    assert sequences(path, 0)[-1] == 60
    dropped = {span for notice in of.notices if notice.what == "dropped" for span in notice.spans}
    assert Span(1, 1, 20) in dropped
    of.close()


def test_what_is_too_old_goes_and_the_rest_stays(path: Path) -> None:
    of = keeper(path, max_age="1 h")
    old = time.time_ns() - 7200 * 10**9
    of.carry_out(Work(drafts=[replace(draft(n), created_ns=old) for n in range(10)] + [draft(10), draft(11)]))
    of.keep_house()
    assert sequences(path) == [11, 12]
    assert of.notices == [Notice("dropped", "older than 3600 s", (Span(0, 1, 10),))]
    of.close()


def test_setting_the_clock_forward_ages_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = keeper(path, max_age="1 h")
    of.carry_out(work([1]))
    monkeypatch.setattr(time, "time_ns", lambda real=time.time_ns: real() + 365 * 86400 * 10**9)
    of.keep_house()
    assert sequences(path) == [1]
    of.close()


def limit_pages(of: JournalKeeper, more: int) -> None:
    """Let the database grow by so many pages and no further, as a full disk would."""
    pages = of.file._database.execute("PRAGMA page_count").fetchone()[0]
    of.file._database.execute(f"PRAGMA max_page_count = {pages + more}")


def test_a_full_database_makes_room_by_dropping_the_oldest(path: Path) -> None:
    of = keeper(path, max_bytes=1_000_000_000)
    of.carry_out(work(range(100)))
    limit_pages(of, 10)
    for number in range(100, 400):
        assert of.carry_out(work([number]))
    left = sequences(path)
    assert left == list(range(left[0], 401))
    assert len(left) > 60
    assert {notice.detail for notice in of.notices} == {"no more room on the disk"}
    (notice,) = of.notices
    assert notice.spans == (Span(0, 1, left[0] - 1),)
    of.close()


def test_where_nothing_helps_nothing_is_done_and_it_says_so_once(path: Path) -> None:
    of = keeper(path, max_bytes=1_000_000_000)
    limit_pages(of, 2)
    waiting = work([1])
    for _ in range(3):
        assert not of.carry_out(waiting)
    assert whats(of.notices) == ["full"]
    assert (of.file.heads, sequences(path)) == ({}, [])
    limit_pages(of, 1000)
    assert of.carry_out(waiting)
    assert sequences(path) == [1]
    of.close()


async def test_with_a_full_disk_what_waits_is_kept_and_written_when_there_is_room(path: Path) -> None:
    async with opened(path) as journal:
        told = notices_of(journal)
        of = journal._writer._keeper
        limit_pages(of, 2)
        await journal.append([draft(n, size=SIZE) for n in range(3)])
        await until(lambda: told)
        assert (whats(told), journal.committed) == (["full"], 0)
        limit_pages(of, 1000)
        await until(lambda: journal.committed == 3)
        assert [number_of(record) for record in await journal.read(0, 0, 10)] == [0, 1, 2]


async def test_stopping_with_a_full_disk_ends(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(path) as journal:
        limit_pages(journal._writer._keeper, 2)
        await journal.append([draft(1, size=SIZE)])
        await asyncio.sleep(0.05)
    assert "1 records are lost" in caplog.text


def damage(path: Path) -> None:
    """Overwrite the middle of the file, as a bad disk would."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(size // 3)
        file.write(b"\xa5" * (size // 3))


async def test_a_damaged_file_is_set_aside_and_a_new_epoch_begun(path: Path) -> None:
    async with opened(path) as journal:
        epoch = journal.epoch
        await journal.append([draft(n, size=SIZE) for n in range(50)])
        await journal.flush()
    database = sqlite3.connect(path)
    database.execute("UPDATE meta SET value = 0 WHERE key = 'clean'")  # as after a kill
    database.commit()
    database.close()
    damage(path)
    async with opened(path) as journal:
        told = notices_of(journal)
        await journal.append([draft(99)])
        await journal.flush()
        assert whats(told) == ["replaced"]
        assert journal.epoch > epoch
        assert [(record.sequence, number_of(record)) for record in await journal.read(0, 0, 10)] == [(1, 99)]
    assert len(list(path.parent.glob("journal.sqlite.damaged-*"))) == 1


async def test_a_file_that_is_damaged_while_it_is_open_costs_no_new_record(path: Path) -> None:
    async with opened(path) as journal:
        epoch, told = journal.epoch, notices_of(journal)
        await journal.append([draft(n, size=SIZE) for n in range(200)])  # more than stays in memory
        await journal.flush()
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damage(path)
        journal.acknowledge("historian", epoch, 0, 200, 200)
        await journal.append([draft(100)])
        await journal.flush()
        assert (journal.epoch > epoch, whats(told)) == (True, ["replaced"])
        await journal.append([draft(101)])
        await journal.flush()
        assert [number_of(record) for record in await journal.read(0, 0, 100)] == [100, 101]
        assert journal.watermarks.positions == {("historian", 0): 0}


async def test_damage_that_a_reader_meets_begins_a_new_epoch(path: Path) -> None:
    async with opened(path) as journal:
        epoch, told = journal.epoch, notices_of(journal)
        await journal.append([draft(n, size=SIZE) for n in range(200)])
        await journal.flush()
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damage(path)
        for after in range(0, 200, 50):
            await journal.read(0, after, 50)
        await until(lambda: journal.epoch > epoch)
        await journal.append([draft(7)])
        await journal.flush()
        assert whats(told) == ["replaced"]
        assert [number_of(record) for record in await journal.read(0, 0, 10)] == [7]


async def test_a_disk_that_cannot_be_read_for_a_while_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.stream.journal._RETRY_S", 0.01)
    async with opened(path) as journal:
        await journal.append([draft(7)])
        await journal.flush()
        failures = iter([sqlite3.OperationalError("disk I/O error")] * 3)
        real = journal._reader.read

        def read(*where: int) -> list[Record]:
            for failure in failures:
                raise failure
            return real(*where)

        monkeypatch.setattr(journal._reader, "read", read)
        assert [number_of(record) for record in await journal.read(0, 0, 10)] == [7]
