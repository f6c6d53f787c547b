"""Several stores asked as one: what two of them have is one point, and a tag may have moved between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.streams import Historian, InfluxStore, Streams
from gateway.historian.api import EventFilter, StoreError
from gateway.historian.drain import Drain
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.incoming import Arrival
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
