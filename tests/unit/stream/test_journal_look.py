"""Looking into a journal from outside: what it holds, is it whole, out and in again."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import numpy as np
import orjson
import pytest
from typer.testing import CliRunner

from config.streams import Journal as Settings
from gateway.cli.journal import app
from gateway.stream.journal_file import JournalFile
from gateway.stream.journal_keeper import JournalKeeper, Work
from gateway.stream.journal_look import replay, survey, verify
from gateway.stream.journal_quarantine import export_quarantine, list_quarantine, retry_quarantine
from gateway.stream.journal_reader import JournalReader
from gateway.stream.journal_schema import JournalError
from gateway.stream.records import Draft, Kind, Points, pack
from tests.unit.stream.journals import DICTIONARY, NO_CONTEXT

NAMES = ("works", "gw1")
SITE = "site: {name: works}\ngateway: {name: gw1}\n"
SITE += "units:\n  u0: {area: area, cell: cell, tags: {a: {}, b: {}}}\n"


def telemetry(number: int, partition: int = 0) -> Draft:
    count = 3
    points = Points(
        tag=np.zeros(count, np.int32),
        value=np.arange(count, dtype=np.float64) + number / 8,
        quality=np.zeros(count, np.uint32),
        source_ns=1_700_000_000_000_000_000 + np.arange(count) + number * 1000,
        status=np.zeros(count, np.uint32),
        ordinal=np.zeros(count, np.uint32),
        texts=(),
    )
    return Draft(Kind.TELEMETRY, partition, "u0", 5, count, pack(points), NO_CONTEXT)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of two partitions with eight records each, the first two trimmed, one set aside."""
    path = tmp_path / "journal.sqlite"
    keeper = JournalKeeper(path, Settings(), DICTIONARY)
    keeper.carry_out(Work(drafts=[telemetry(n, n % 2) for n in range(16)]))
    keeper.carry_out(
        Work(
            cursors={("historian", 0): 2, ("historian", 1): 2},
            trims={0: 2, 1: 2},
            quarantines=[(1, 5, "too odd")],
        )
    )
    keeper.close()
    return path


def spoil(path: Path, statement: str) -> None:
    database = sqlite3.connect(path)
    with database:
        database.execute(statement)
    database.close()


async def test_what_it_holds_is_counted(journal: Path) -> None:
    held = survey(journal)
    first, second = held.partitions
    assert (first.first, first.head, first.records, first.points) == (3, 8, 6, 18)
    assert (second.first, second.head, second.records) == (3, 8, 5)
    assert [(c, p, s) for c, p, s, _ in held.cursors] == [("historian", 0, 2), ("historian", 1, 2)]
    assert (held.quarantined, held.configurations) == (1, ("00ff",))
    assert await verify(journal, *NAMES) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("DELETE FROM record WHERE partition = 0 AND sequence = 5", "partition 0: 5 to 5 are missing"),
        ("DELETE FROM record WHERE partition = 0 AND sequence > 6", "partition 0: 7 to 8 are missing"),
        (
            "UPDATE record SET data = x'0102' WHERE partition = 1 AND sequence = 4",
            "partition 1, sequence 4: ",
        ),
        (
            "UPDATE cursor SET sequence = 99 WHERE partition = 1",
            "historian claims 99 of partition 1, which ends at 8",
        ),
    ],
)
async def test_what_is_wrong_is_told(journal: Path, statement: str, finding: str) -> None:
    spoil(journal, statement)
    (told,) = await verify(journal, *NAMES)
    assert told.startswith(finding)


async def test_what_was_set_aside_can_be_carried_away_and_sent_again(journal: Path) -> None:
    ((partition, sequence, kind, unit, _, why),) = list_quarantine(journal)
    assert (partition, sequence, kind, unit, why) == ("1", "5", "telemetry", "u0", "too odd")
    file = io.BytesIO()
    assert await export_quarantine(journal, *NAMES, file) == 1
    (carried,) = [orjson.loads(line) for line in file.getvalue().splitlines()]
    assert carried["quarantined"] == "too odd"
    assert "name=u0/a value=1.125" in carried["payload"]
    assert retry_quarantine(journal, 1) == 1
    held = survey(journal)
    assert (held.quarantined, held.partitions[1].head) == (0, 9)
    assert await verify(journal, *NAMES) == [], "the old sequence is no hole"
    assert list_quarantine(journal) == []
    assert retry_quarantine(journal, 2) == 0
    with JournalReader(journal) as reader:
        (again,) = reader.read(1, 8, 10)
    assert again.data == telemetry(9).data


def test_nothing_is_put_back_while_a_gateway_has_the_journal(journal: Path) -> None:
    in_use = JournalFile(journal, 1)
    with pytest.raises(JournalError, match="in use"):
        retry_quarantine(journal, 2)
    in_use.close()
    assert survey(journal).quarantined == 1


async def test_everything_is_published_again_under_its_identity(journal: Path) -> None:
    sent: list[tuple[str, bytes]] = []

    async def publish(topic: str, payload: bytes) -> None:
        sent.append((topic, payload))

    assert await replay(journal, *NAMES, publish, after=6, only=0) == (2, 0)
    assert [topic for topic, _ in sent] == ["cellgate/v1/works/area/cell/u0/pv/gw1/0"] * 2
    assert [f"sequence={n}i" in payload.decode() for n, (_, payload) in zip((7, 8), sent, strict=True)] == [
        True,
        True,
    ]
    spoil(journal, "UPDATE record SET data = x'00' WHERE partition = 1 AND sequence = 4")
    assert await replay(journal, *NAMES, publish) == (10, 1)


def test_the_commands_print_it(journal: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE)
    data = ["--data", str(journal.parent)]
    shown = CliRunner().invoke(app, ["show", *data])
    assert shown.exit_code == 0
    assert "1 record(s) in quarantine" in shown.output
    assert CliRunner().invoke(app, ["verify", str(site), *data]).output == "whole\n"
    target = tmp_path / "out.jsonl"
    assert (
        CliRunner().invoke(app, ["export", str(site), *data, "-o", str(target), "--partition", "0"]).exit_code
        == 0
    )
    lines = [orjson.loads(line) for line in target.read_bytes().splitlines()]
    assert [line["sequence"] for line in lines] == [3, 4, 5, 6, 7, 8]
    spoil(journal, "DELETE FROM record WHERE partition = 0 AND sequence = 5")
    verdict = CliRunner().invoke(app, ["verify", str(site), *data])
    assert verdict.exit_code == 1
    assert "NOT WHOLE" in verdict.output
    assert (
        CliRunner().invoke(app, ["quarantine", str(site), *data, "--retry"]).output.startswith("1 record(s)")
    )
