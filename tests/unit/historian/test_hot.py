"""The hot table: stored once, watermark in the same transaction, nothing silently lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.incoming import Arrival
from gateway.historian.points import Source
from gateway.stream.events import GapEvent, to_json, with_header
from tests import messages
from tests.messages import EPOCH, START_NS, arrival

GW1 = Source("gw1", EPOCH, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hot.sqlite"


@pytest.fixture
def hot(path: Path) -> Iterator[HotTable]:
    table = HotTable(path, "historian", "0123456789abcdef")
    yield table
    table.close()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(path)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def test_messages_and_watermark_are_stored_together(hot: HotTable, path: Path) -> None:
    done = hot.commit([arrival(1), arrival(2)])
    assert (done.messages, done.points, done.watermarks) == (2, 6, {GW1: 2})
    assert rows(path, "SELECT sequence, points FROM message ORDER BY id") == [(1, 3), (2, 3)]
    assert rows(path, "SELECT watermark FROM source") == [(2,)]


def test_a_double_is_discarded_in_the_same_batch_and_across_restarts(hot: HotTable, path: Path) -> None:
    assert hot.commit([arrival(1), arrival(1), arrival(3)]).duplicates == 1
    hot.close()
    again = HotTable(path, "historian", "")
    done = again.commit([arrival(1), arrival(3), arrival(2)])
    again.close()
    assert (done.messages, done.duplicates, done.watermarks) == (1, 2, {GW1: 3})
    assert rows(path, "SELECT count(*) FROM message") == [(3,)]


def test_doubles_are_known_after_their_messages_have_left(hot: HotTable, path: Path) -> None:
    hot.commit([arrival(1), arrival(2), arrival(5)])
    queue = HotQueue(path, "store")
    queue.taken(3, [], START_NS)
    assert queue.purge(START_NS) == 3
    queue.close()
    assert hot.commit([arrival(2), arrival(5)]).duplicates == 2


def test_a_new_epoch_has_a_watermark_of_its_own(hot: HotTable) -> None:
    hot.commit([arrival(1), arrival(2)])
    done = hot.commit([arrival(1, epoch=EPOCH + 1)])
    newest = Source("gw1", EPOCH + 1, 0)
    assert done.watermarks == {newest: 1}
    assert hot.watermarks() == {newest: 1}
    assert hot.gaps() == {}


def test_what_is_given_up_is_recorded_and_noted(hot: HotTable, path: Path) -> None:
    hot.commit([arrival(8), arrival(9)])
    assert hot.gaps() == {GW1: [(1, 7)]}
    assert hot.give_up(GW1, 1, 7, "trimmed") == 7
    assert hot.watermarks() == {GW1: 9}
    assert rows(path, "SELECT first, last, reason FROM gap") == [(1, 7, "trimmed")]
    notes = rows(path, "SELECT data FROM message WHERE unit = '_historian'")
    assert len(notes) == 1
    assert b'"given_up"' in notes[0][0]  # type: ignore[operator]


def test_the_gateways_own_word_of_a_gap_is_taken(hot: HotTable) -> None:
    hot.commit([arrival(1)])
    gap = GapEvent(
        gateway="gw1", unit="_gateway", config="", time_ns=START_NS, first=2, last=9, reason="dropped"
    )
    where = "cellgate/v1/site1/_gateway/gw1/event/0"
    done = hot.commit([Arrival(where, with_header(to_json(gap), EPOCH, 0, 10), START_NS)])
    assert (done.given_up, done.watermarks) == (8, {GW1: 10})


def damaged(sequence: int) -> Arrival:
    good = arrival(sequence)
    return good._replace(payload=good.payload.replace(b"value=", b"value=9", 1))


def test_a_damaged_message_goes_to_quarantine_and_is_asked_for_again(hot: HotTable, path: Path) -> None:
    hot.commit([arrival(1)])
    done = hot.commit([damaged(2)])
    assert (done.quarantined, done.watermarks) == (1, {GW1: 1})
    assert hot.gaps() == {GW1: [(2, 2)]}
    assert hot.commit([arrival(2)]).watermarks == {GW1: 2}
    ((gateway, sequence, reason),) = rows(path, "SELECT gateway, sequence, reason FROM quarantine")
    assert (gateway, sequence) == ("gw1", 2)
    assert "checksum" in str(reason)


def test_a_message_that_is_always_damaged_blocks_nothing_for_ever(hot: HotTable, path: Path) -> None:
    hot.commit([arrival(1), arrival(3)])
    given_up = [hot.commit([damaged(2)]).given_up for _ in range(3)]
    assert given_up == [0, 0, 1]
    assert hot.watermarks() == {GW1: 3}
    assert rows(path, "SELECT count(*) FROM quarantine") == [(3,)]


GOOD = messages.payload(messages.ramp(1), 1)


@pytest.mark.parametrize(
    ("where", "data", "reason"),
    [
        ("cellgate/v1/site1/a/c/br1/pv/gw1/0", b"hello", "no header"),
        ("some/other/topic", b"", "not a topic"),
        ("cellgate/v1/site1/a/c/br1/event/gw1/0", b"{", "not an event"),
        ("cellgate/v1/site1/a/c/br1/event/gw1/0", b"[]", "not an event"),
        ("cellgate/v1/site1/a/c/br1/pv/gw2/0", GOOD, "on the topic of gw2"),
        (
            "cellgate/v1/site1/a/c/br1/pv/gw1/1",
            messages.payload(messages.ramp(1), 1),
            "on the topic of gw1/1",
        ),
        ("cellgate/v1/site1/a/c/br1/pv/gw1/0", messages.payload(messages.ramp(1), 0), "cannot be"),
    ],
)
def test_what_is_no_message_is_set_aside(
    hot: HotTable, path: Path, where: str, data: bytes, reason: str
) -> None:
    done = hot.commit([Arrival(where, data, START_NS)])
    assert (done.messages, done.quarantined) == (0, 1)
    ((kept, why),) = rows(path, "SELECT data, reason FROM quarantine")
    assert kept == data
    assert reason in str(why)


def test_a_failed_commit_changes_nothing(hot: HotTable, path: Path) -> None:
    hot.commit([arrival(1)])
    hot._database.execute(
        "CREATE TEMP TRIGGER no BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        hot.commit([arrival(2)])
    hot._database.execute("DROP TRIGGER no")
    done = hot.commit([arrival(2)])
    assert (done.messages, done.duplicates, done.watermarks) == (1, 0, {GW1: 2})


def test_partitions_and_gateways_are_apart(hot: HotTable) -> None:
    done = hot.commit([arrival(1), arrival(1, partition=1), arrival(1, gateway="gw2")])
    assert (done.messages, done.duplicates) == (3, 0)
    assert set(done.watermarks.values()) == {1}
    assert len(done.watermarks) == 3


def test_a_group_s_watermark_stands_below_what_waits_for_the_store(path: Path) -> None:
    hot, queue = HotTable(path, "line-a", "", grouped=True), HotQueue(path, "store")
    hot.commit([arrival(1), arrival(2), arrival(3), arrival(5)])
    assert hot.settled() == {GW1: 0}
    queue.taken(2, [], START_NS)
    assert hot.settled() == {GW1: 0}, "written, but a store may forget: it counts when it is purged"
    queue.purge(START_NS)
    assert hot.settled() == {GW1: 2}
    queue.taken(4, [], START_NS)
    queue.purge(START_NS)
    assert hot.settled() == {GW1: 3}, "4 is missing"
    queue.close()
    hot.close()


def test_what_another_member_has_stored_is_not_awaited_and_is_a_double(hot: HotTable, path: Path) -> None:
    hot.commit([arrival(2), arrival(9)])
    assert hot.adopt(GW1, 7)
    assert not hot.adopt(GW1, 6)
    assert (hot.watermarks(), hot.gaps()) == ({GW1: 7}, {GW1: [(8, 8)]})
    hot.close()
    again = HotTable(path, "historian", "")
    done = again.commit([arrival(5), arrival(8)])
    again.close()
    assert (done.messages, done.duplicates, done.watermarks) == (1, 1, {GW1: 9})
    assert rows(path, "SELECT count(*) FROM gap") == [(0,)], "nothing was lost"
