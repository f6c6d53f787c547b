"""What was set aside can be looked at, carried away, and tried again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from gateway.historian.api import Appetite, Message, Outcome, Rejected
from gateway.historian.drain import Drain
from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.incoming import Arrival
from gateway.historian.influx_lines import body, event_line, split
from gateway.historian.quarantine import list_quarantine, retry_quarantine
from gateway.stream.events import to_json, with_header
from gateway.stream.records import Kind
from tests.messages import EPOCH, START_NS, Sample, alarm, arrival, event_topic


class Fussy:
    """A store that refuses, as long as it is told to, what it is told to."""

    name, durable_after_s = "fussy", 0.0
    appetite = Appetite(1, 0.0, 1000)

    def __init__(self, refused: bytes) -> None:
        self.refused, self.seen = refused, list[bytes]()

    def write(self, messages: Sequence[Message]) -> Outcome:
        """Take lines."""
        rejected = []
        for message in messages:
            is_event = message.kind is Kind.EVENT
            piece = event_line(message, orjson.loads(message.data)) if is_event else body(message)
            for line in split([(message, piece)]):
                if self.refused and self.refused in line.data:
                    rejected.append(Rejected(message, "no", line.data))
                else:
                    self.seen.append(line.data)
        return Outcome(len(messages), rejected)

    def generation(self) -> str:
        """Return nothing new."""
        return ""

    def close(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("what", [b"br1/b", b'text="a', b"cellgate_event", b"br1/a\\ x"])
def test_what_the_store_refused_it_gets_again(tmp_path: Path, what: bytes) -> None:
    path = tmp_path / "hot.sqlite"
    hot, store = HotTable(path, "historian", ""), Fussy(what)
    event = with_header(to_json(alarm(START_NS, 'br1/"high"', "x")), EPOCH, 0, 2)
    samples = [
        Sample("br1/b", 1.5, START_NS),
        Sample("br1/a x", 2.5, START_NS),
        Sample("br1/c", 'a"\nb', START_NS),
    ]
    hot.commit([arrival(1, samples), Arrival(event_topic(), event, START_NS)])
    drain = Drain(HotQueue(path, store.name), store)
    drain.step(START_NS, 0.0, flush=True)
    (aside,) = list_quarantine(path)
    assert (aside.reason, aside.source is not None, what in aside.data) == ("no", True, True)
    assert orjson.loads(aside.to_json())["data"].encode() == aside.data
    store.refused, before = b"", len(store.seen)
    assert retry_quarantine(path) == (1, [])
    drain.step(START_NS, 0.0, flush=True)
    assert store.seen[before:] == [aside.data]
    assert list_quarantine(path) == []
    drain.close()
    hot.close()


def test_what_arrived_damaged_stays(tmp_path: Path) -> None:
    path = tmp_path / "hot.sqlite"
    with contextlib.closing(HotTable(path, "historian", "")) as hot:
        whole = arrival(1)
        hot.commit([whole._replace(payload=whole.payload.replace(b"name=", b"nome=", 1)), whole])
        hot.commit([Arrival("somewhere", b"\xff", START_NS)])
    count, left = retry_quarantine(path)
    assert count == 0
    assert [why for _, why in left] == ["it arrived like this: the gateway was asked for it again"] * 2
    documents = [orjson.loads(aside.to_json()) for aside in list_quarantine(path)]
    assert [(d["sequence"], d.get("encoding")) for d in documents] == [(1, None), (0, "base64")]
