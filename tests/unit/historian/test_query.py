"""History without a seam: the same answers while points move from the hot table into the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from config.streams import Historian
from gateway.historian.api import EventFilter
from gateway.historian.drain import Drain
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.incoming import Arrival
from gateway.historian.points import StoredPoints
from gateway.historian.query import HOT_FILE, History, folder_of, open_history
from gateway.stream.events import to_json, with_header
from tests.messages import EPOCH, START_NS, Sample, alarm, arrival, event_topic

SECOND = 10**9
END = START_NS + 1000 * SECOND


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of(tmp_path, "historian")


@pytest.fixture
def hot(folder: Path) -> Iterator[HotTable]:
    table = HotTable(folder / HOT_FILE, "historian", "")
    yield table
    table.close()


@pytest.fixture
def drain(folder: Path, hot: HotTable) -> Iterator[Drain]:
    del hot  # made before
    store = EmbeddedStore(folder)
    drain = Drain(HotQueue(folder / HOT_FILE, store.name), store)
    yield drain
    drain.close()


@pytest.fixture
def history(tmp_path: Path, drain: Drain) -> Iterator[History]:
    del drain
    history = open_history(Historian(), tmp_path)
    yield history
    history.close()


def answers(history: History) -> list[list[object]]:
    tags = ["br1/t1.pv", "br1/t2.pv"]
    points = history.raw(tags, START_NS, END)
    buckets = history.buckets(tags, START_NS, END, 7)
    last = history.last(tags)
    return [
        points.value.tolist(),
        points.sequence.tolist(),
        *[[b.count.tolist(), b.mean[b.count > 0].tolist(), b.last[b.count > 0].tolist()] for b in buckets],
        last.value.tolist(),
        list(history.tags()),
        [event["id"] for event in history.events(EventFilter(0, 2**62))],
    ]


def test_answers_do_not_depend_on_where_the_points_are(hot: HotTable, drain: Drain, history: History) -> None:
    event = Arrival(
        event_topic(), with_header(to_json(alarm(START_NS, identity="e")), EPOCH, 0, 61), START_NS
    )
    hot.commit([arrival(n) for n in range(1, 31)])
    hot.commit([*[arrival(n) for n in range(31, 61)], event])
    waiting = answers(history)
    assert waiting[0] == [n + t for t in (0.125, 0.25) for n in range(1, 61)]
    drain.step(START_NS, START_NS / SECOND, flush=True)
    assert answers(history) == waiting
    hot.commit([arrival(n) for n in range(62, 81)])
    partly = answers(history)
    drain.step(START_NS, START_NS / SECOND, flush=True)
    assert answers(history) == partly


def test_late_points_in_the_hot_table_change_their_bucket_only(
    hot: HotTable, drain: Drain, history: History
) -> None:
    hot.commit([arrival(1, [Sample("br1/a", 1.0, START_NS + n * SECOND) for n in range(1000)])])
    drain.step(START_NS, START_NS / SECOND, flush=True)
    hot.commit([arrival(2, [Sample("br1/a", 50.0, START_NS + 333 * SECOND + 1)])])
    (buckets,) = history.buckets(["br1/a"], START_NS, END, 10)
    assert buckets.greatest.tolist() == [1.0, 1.0, 1.0, 50.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert buckets.count.tolist() == [100, 100, 100, 101, *[100] * 6]


def test_a_message_seen_in_both_places_counts_once(
    folder: Path, hot: HotTable, drain: Drain, history: History
) -> None:
    """As when it moves between the two reads of one question."""
    hot.commit([arrival(n) for n in range(1, 11)])
    seen_early = history._hot.points(["br1/t1.pv"], START_NS, END)
    drain.step(START_NS, START_NS / SECOND, flush=True)

    class Early:
        def points(self, *_: object) -> StoredPoints:
            return seen_early

    assert len(seen_early) == 10
    both = History(history._store, [Early()])  # type: ignore[list-item]
    assert both.raw(["br1/t1.pv"], START_NS, END).sequence.tolist() == list(range(1, 11))
    (buckets,) = both.buckets(["br1/t1.pv"], START_NS, END, 5)
    assert buckets.count.sum() == 10
    assert np.nanmax(buckets.greatest) == 10.125


def test_nothing_is_waiting_where_there_is_no_hot_table(tmp_path: Path, hot: HotTable, drain: Drain) -> None:
    hot.commit([arrival(1)])
    drain.step(START_NS, START_NS / SECOND, flush=True)
    hot.close()
    (folder_of(tmp_path, "historian") / HOT_FILE).unlink()
    history = open_history(Historian(), tmp_path)
    assert history.raw(["br1/t1.pv"], START_NS, END).value.tolist() == [1.125]
    history.close()
