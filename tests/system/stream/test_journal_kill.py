"""A journal whose process is killed, or whose last writes are torn, holds all it had answered for."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from config.streams import Journal as Settings
from gateway.stream.journal_file import JournalFile
from gateway.stream.journal_keeper import JournalKeeper, Work
from gateway.stream.journal_reader import JournalReader
from gateway.stream.records import Record
from tests.servers.process import ROOT
from tests.unit.stream.journals import DICTIONARY, draft, number_of

KILLS = 4


def write_until_killed(folder: Path, first: int, after_s: float) -> int:
    """Run the writing process, kill it some time after its first line; return what it answered for."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.journal_process", str(folder), str(first)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    with process.stdout:
        said = [process.stdout.readline()]
        killer = threading.Timer(after_s, process.kill)
        killer.start()
        said += process.stdout.readlines()
        killer.join()
    assert process.wait() == -9
    return max(int(line) for line in said if line.endswith(b"\n"))


def all_records(path: Path) -> dict[int, list[Record]]:
    with JournalReader(path) as reader:
        return {partition: reader.read(partition, 0, 1_000_000) for partition in reader.heads()}


def test_a_kill_at_any_moment_loses_nothing_that_was_answered_for(tmp_path: Path) -> None:
    chance = random.Random(7)
    first, epochs = 0, set()
    for _ in range(KILLS):
        certain = write_until_killed(tmp_path, first, chance.uniform(0.0, 0.25))
        file = JournalFile(tmp_path / "journal.sqlite", time.time_ns(), tmp_path / "tap")
        heads, epoch = dict(file.heads), file.epoch
        epochs.add(epoch)
        file.close()
        kept = all_records(tmp_path / "journal.sqlite")
        tapped = all_records(tmp_path / "tap" / f"tap-{epoch}.sqlite")
        numbers = []
        for partition, records in tapped.items():
            assert [record.sequence for record in records] == list(range(1, heads[partition] + 1))
            numbers += [number_of(record) for record in records]
            sequences = [record.sequence for record in kept[partition]]
            assert sequences == list(range(sequences[0], heads[partition] + 1)), "a hole"
            assert kept[partition] == records[sequences[0] - 1 :]
        assert sorted(numbers) == list(range(len(numbers))), "lost, doubled or out of order"
        assert len(numbers) > certain, "what was answered for is gone"
        first = len(numbers)
    assert len(epochs) == 1
    assert first > 25 * KILLS


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a journal as a power cut leaves it: everything is still in the write-ahead log."""
    folder = tmp_path_factory.mktemp("cut")
    keeper = JournalKeeper(folder / "open.sqlite", Settings(), DICTIONARY)
    keeper.file._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    keeper.file._database.execute("PRAGMA wal_autocheckpoint = 0")
    for number in range(0, 60, 2):
        keeper.carry_out(Work(drafts=[draft(number, size=2000), draft(number + 1, size=6000)]))
    for suffix in ("", "-wal"):
        shutil.copy(folder / f"open.sqlite{suffix}", folder / f"journal.sqlite{suffix}")
    keeper.close()
    return folder


def recovered(folder: Path, log: bytes) -> int:
    """Open the journal with another log; return how many records it holds, which must be the first ones."""
    shutil.copy(folder / "journal.sqlite", folder / "torn.sqlite")
    (folder / "torn.sqlite-wal").write_bytes(log)
    (folder / "torn.sqlite-shm").unlink(missing_ok=True)
    file = JournalFile(folder / "torn.sqlite", time.time_ns())
    heads = dict(file.heads)
    file.close()
    records = all_records(folder / "torn.sqlite").get(0, [])
    assert [(r.sequence, number_of(r)) for r in records] == [(n + 1, n) for n in range(len(records))]
    assert heads.get(0, 0) == len(records)
    assert len(records) % 2 == 0, "half a transaction"
    return len(records)


def test_a_log_torn_at_any_offset_gives_the_commits_before_it(unfinished: Path) -> None:
    log = (unfinished / "journal.sqlite-wal").read_bytes()
    assert recovered(unfinished, log) == 60
    chance, before = random.Random(8), 0
    for offset in sorted(chance.sample(range(len(log)), 80)):
        count = recovered(unfinished, log[:offset])
        assert count >= before
        before = count
    assert before > 50


@pytest.mark.parametrize("damage", ["zeros", "flip", "garbage"])
def test_a_damaged_log_gives_the_commits_before_the_damage(unfinished: Path, damage: str) -> None:
    log = (unfinished / "journal.sqlite-wal").read_bytes()
    chance, intact = random.Random(9), []
    for _ in range(25):
        at = chance.randrange(len(log))
        if damage == "zeros":
            torn = log[:at] + bytes(len(log) - at)
        elif damage == "flip":
            torn = log[:at] + bytes([log[at] ^ 0x10]) + log[at + 1 :]
        else:
            torn = log[:at] + chance.randbytes(len(log) - at)
        intact.append((at, recovered(unfinished, torn)))
    counts = [count for _, count in sorted(intact)]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
