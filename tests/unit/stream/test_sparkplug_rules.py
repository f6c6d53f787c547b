"""The small state machines of an edge node, and what its layout and the journal's retention promise."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stream.retention import Retention
from gateway.stream.sparkplug.rules import BdSeq, HostState, PrimaryHost, RebirthGate, Rewind, SequenceNumber
from tests.unit.stream.journals import draft, opened, until


def test_bd_seq_counts_across_restarts_and_wraps(tmp_path: Path) -> None:
    first = [BdSeq(tmp_path, "G/ü", "e").advance() for _ in range(257)]
    assert first == [*range(256), 0]
    assert BdSeq(tmp_path, "G", "other").advance() == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"bdSeq": "x"}', '{"bdSeq": 256}', '{"bdSeq": null}'])
def test_a_bd_seq_that_cannot_be_read_begins_with_0(tmp_path: Path, content: str) -> None:
    BdSeq(tmp_path, "g", "e").advance()
    (tmp_path / "g.e.json").write_text(content)
    assert BdSeq(tmp_path, "g", "e").advance() == 0


def test_sequence_numbers_wrap_and_begin_with_births() -> None:
    numbers = SequenceNumber()
    assert [numbers.take() for _ in range(258)] == [*range(256), 0, 1]
    numbers.restart()
    assert numbers.take() == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=12))
def test_the_primary_host_is_what_its_newest_state_says(said: list[tuple[bool, int]]) -> None:
    host, newest, online = PrimaryHost(), -1, False
    for is_online, stamp in said:
        verdict = host.take(b'{"online":%s,"timestamp":%d}' % (b"true" if is_online else b"false", stamp))
        if stamp < newest:
            assert verdict is HostState.OUTDATED
        else:
            newest, online = stamp, is_online
        assert host.online is online


@pytest.mark.parametrize(
    "payload", [b"", b"ONLINE", b"[]", b'{"online":1,"timestamp":2}', b'{"online":true,"timestamp":"2"}']
)
def test_a_state_that_cannot_be_read_changes_nothing(payload: bytes) -> None:
    host = PrimaryHost()
    host.take(b'{"online":true,"timestamp":1}')
    assert host.take(payload) is HostState.UNREADABLE
    assert host.online


@given(st.lists(st.tuples(st.floats(0.01, 3.0), st.booleans()), max_size=30))
def test_rebirths_are_apart_and_the_last_request_is_always_answered(steps: list[tuple[float, bool]]) -> None:
    gate, now, births, asked_at = RebirthGate(5.0), 0.0, [0.0], -1.0
    gate.born(now)
    for step_s, asks in [*steps, (6.0, False), (6.0, False)]:
        now += step_s
        if asks:
            gate.ask()
            asked_at = now
        if gate.wait_s(now) == 0:
            gate.born(now)
            births.append(now)
    assert all(later - earlier >= 5.0 for earlier, later in itertools.pairwise(births))
    assert births[-1] >= asked_at


def test_a_rewind_covers_what_a_dead_connection_may_have_swallowed_and_no_more() -> None:
    rewind = Rewind(300.0, 15.0, 1_000_000_000_000)
    assert rewind.begin(1_000_000_000_000) == 700_000_000_000
    rewind.passed(1_100_000_000_000)
    assert rewind.begin(1_110_000_000_000) == 1_084_000_000_000
    assert rewind.begin(9_000_000_000_000) == 8_700_000_000_000


def test_retained_records_go_when_they_are_old_or_room_is_short() -> None:
    keep = Retention(16.0)
    assert keep.trims({0: 5}, {0: 10}, 0.0) == {}
    assert keep.trims({0: 9}, {0: 20}, 2.0) == {}
    assert keep.trims({}, {0: 30}, 16.0) == {0: 9}, "head 10 is old enough, 9 are safe"
    assert keep.trims({0: 25}, {0: 40}, 17.0) == {0: 10}
    assert keep.release() == {0: 25}
    assert keep.release() == {}
    assert Retention(0.0).trims({0: 5}, {0: 10}, 0.0) == {0: 5}


async def test_a_journal_keeps_what_an_edge_node_may_rewind_to(tmp_path: Path) -> None:
    edge: dict[str, Any] = {
        "sparkplug": [{"group": "g", "historical": "1 min"}],
        "historians": [{"name": "h"}],
    }
    async with opened(tmp_path / "kept.sqlite", **edge) as journal:
        await journal.append([draft(number) for number in range(10)])
        await journal.flush()
        journal.acknowledge("h", journal.epoch, 0, 10, 10)
        await journal.append([draft(10)])
        await journal.flush()
        records = await journal.read(0, 0, 100)
        assert len(records) == 11, "every consumer has them, and they are there"
        assert await journal.since(0, records[4].created_ns) == next(
            record.sequence - 1 for record in records if record.created_ns == records[4].created_ns
        )
        assert await journal.since(0, 2**62) == 11
        assert await journal.since(0, 0) == 0
    async with opened(tmp_path / "trimmed.sqlite", historians=[{"name": "h"}]) as journal:
        await journal.append([draft(number) for number in range(10)])
        await journal.flush()
        journal.acknowledge("h", journal.epoch, 0, 10, 10)
        await journal.append([draft(10)])
        await journal.flush()
        await until(lambda: journal.watermarks.safe(0) == 10)
        assert len(await journal.read(0, 0, 100)) == 1


async def test_what_is_retained_goes_before_anything_is_lost(tmp_path: Path) -> None:
    edge: dict[str, Any] = {"sparkplug": [{"group": "g", "historical": "1 h"}], "historians": [{"name": "h"}]}
    limits = {"commit_period": "5 ms", "max_bytes": 1_000_000}
    async with opened(tmp_path / "j.sqlite", **edge, journal=limits) as journal:
        for batch in range(12):
            await journal.append([draft(number, size=10_000) for number in range(20)])
            await journal.flush()
            head = journal.heads[0]
            journal.acknowledge("h", journal.epoch, 0, head, head)
            assert head == 20 * (batch + 1)
        assert journal.lost == 0
        assert journal.used_bytes < 1_000_000
