"""Several stores asked as one: what two of them have is one point, and a tag may have moved between them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from config.streams import Historian, InfluxStore, Streams
from gateway.historian.api import EventFilter, StoreError
from gateway.historian.drain import Drain
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.incoming import Arrival
from gateway.historian.outline import Moments, Outline
from gateway.historian.query import HOT_FILE, folder_of, open_history, open_site_history, service_name
from gateway.stream.events import to_json, with_header
from tests.messages import EPOCH, START_NS, Sample, alarm, event_topic, payload, topic

SECOND = 10**9
END = START_NS + 100 * SECOND
TAGS = ["u0/a.pv", "u1/b.pv"]


def stored(data: Path, name: str, arrivals: list[Arrival], *, flushed: bool) -> None:
    """Have a historian commit messages, and bring them into its store or not."""
    path = folder_of(data, name) / HOT_FILE
    hot = HotTable(path, name, "")
    done = hot.commit(arrivals)
    assert done.messages == len(arrivals)
    store = EmbeddedStore(path.parent)
    drain = Drain(HotQueue(path, store.name), store)
    if flushed:
        drain.step(START_NS, 0.0, flush=True)
    drain.close()
    hot.close()


def message(tag: str, values: dict[int, float], sequence: int, partition: int) -> Arrival:
    samples = [Sample(tag, value, START_NS + second * SECOND) for second, value in values.items()]
    data = payload(samples, sequence, partition=partition)
    return Arrival(topic(tag[:2], partition=partition), data, START_NS)


def test_two_shares_are_one_history(tmp_path: Path) -> None:
    streams = Streams.model_validate(
        {
            "telemetry": {"partitions": 2},
            "historians": [{"name": "one", "partitions": [0]}, {"name": "two", "partitions": [1, 0]}],
        }
    )
    event = with_header(to_json(alarm(START_NS)), EPOCH, 1, 2)
    both = message("u0/a.pv", {1: 1.0, 2: 9.0}, 1, 0)
    stored(tmp_path, "one", [both], flushed=True)
    others = [
        both,
        message("u0/a.pv", {51: 3.0}, 2, 0),
        message("u1/b.pv", {3: 4.0}, 1, 1),
        Arrival(event_topic("u1", partition=1), event, START_NS),
    ]
    stored(tmp_path, "two", others, flushed=True)
    history = open_site_history(streams, tmp_path)
    points = history.raw(TAGS, START_NS, END)
    assert points.value.tolist() == [1.0, 9.0, 3.0, 4.0]
    a, b = history.buckets(TAGS, START_NS, END, 2)
    assert (a.count.tolist(), a.greatest.tolist(), a.last.tolist()) == ([2, 1], [9.0, 3.0], [9.0, 3.0])
    assert b.count.tolist() == [1, 0]
    assert history.last(TAGS).value.tolist() == [3.0, 4.0]
    assert history.tags() == TAGS
    assert len(history.events(EventFilter(0, 2**62))) == 1
    history.close()


def test_the_hot_tables_of_a_group_are_read_together_and_each_point_once(tmp_path: Path) -> None:
    config = Historian(name="line", members=["a", "b"])
    first, again = message("u0/a.pv", {1: 1.0}, 1, 0), message("u0/a.pv", {2: 2.0}, 2, 0)
    stored(tmp_path, service_name(config, "a"), [first, again], flushed=False)
    stored(tmp_path, service_name(config, "b"), [again, message("u0/a.pv", {3: 3.0}, 3, 0)], flushed=False)
    folder_of(tmp_path, config.name).mkdir()
    history = open_history(config, tmp_path)
    assert history.raw(TAGS, START_NS, END).value.tolist() == [1.0, 2.0, 3.0]
    assert history.last(TAGS).value.tolist() == [3.0]
    history.close()


def test_a_site_without_a_historian_has_no_history(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no historian"):
        open_site_history(Streams(historians=[]), tmp_path)


def test_a_historian_of_everything_is_asked_alone(tmp_path: Path) -> None:
    store = InfluxStore(type="influxdb", url="http://127.0.0.1:9")
    streams = Streams(historians=[Historian(name="all"), Historian(name="copy", store=store)])
    folder_of(tmp_path, "all").mkdir(parents=True)
    history = open_site_history(streams, tmp_path)  # the copy's database does not even answer
    assert history.tags() == []
    history.close()


def outlined(data: Path, shares: list[list[int]]) -> Outline:
    """Return what is told of two tags by historians one and two, which have these partitions."""
    historians = [
        {"name": name, "partitions": share} for name, share in zip(("one", "two"), shares, strict=True)
    ]
    streams = Streams.model_validate({"telemetry": {"partitions": 2}, "historians": historians})
    history = open_site_history(streams, data)
    outline = history.outline(TAGS, START_NS, END, Moments([START_NS, END], [START_NS, END]))
    history.close()
    return outline


def test_shares_are_summed_up_each_by_its_store(tmp_path: Path) -> None:
    """Of three chunks of each tag, the one in the middle stands for its points by its ends."""
    for name, tag, share in (("one", "u0/a.pv", 0), ("two", "u1/b.pv", 1)):
        for number in range(3):
            seconds = range(1 + 30 * number, 31 + 30 * number)
            arrivals = [message(tag, dict.fromkeys(seconds, 1.0), 1 + number, share)]
            stored(tmp_path, name, arrivals, flushed=True)
    outline = outlined(tmp_path, [[0], [1]])
    assert outline.messages is not None
    assert {source.partition: [*spans] for source, spans in outline.messages.items()} == {
        0: [(1, 3)],
        1: [(1, 3)],
    }
    assert (len(outline.points), outline.weight.sum()) == (2 * 62, 2 * 90)


def test_a_tag_that_moved_is_read_point_by_point(tmp_path: Path) -> None:
    early = dict.fromkeys(range(1, 40), 1.0)
    late = dict.fromkeys(range(30, 80), 1.0)
    stored(tmp_path, "one", [message("u0/a.pv", early, 1, 0)], flushed=True)
    others = [message("u0/a.pv", late, 1, 1), message("u1/b.pv", late, 2, 1)]
    stored(tmp_path, "two", others, flushed=True)
    outline = outlined(tmp_path, [[0], [1]])
    tags = np.array(outline.points.tags)[outline.points.tag]
    assert (tags == "u0/a.pv").sum() == len(early) + len(late)
    assert outline.weight.sum() == len(early) + 2 * len(late)
    assert outline.messages is not None
    assert len(outline.messages) == 2


def test_stores_of_one_partition_are_read_point_by_point(tmp_path: Path) -> None:
    both = message("u0/a.pv", dict.fromkeys(range(1, 80), 1.0), 1, 0)
    stored(tmp_path, "one", [both], flushed=True)
    stored(tmp_path, "two", [both, message("u1/b.pv", {5: 1.0}, 1, 1)], flushed=True)
    outline = outlined(tmp_path, [[0], [1, 0]])
    assert outline.messages is None
    assert (len(outline.points), outline.weight.sum()) == (80, 80)
