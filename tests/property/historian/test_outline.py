"""The ledger from summaries is the ledger from every point, whatever happened and however it was stored."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from config.site import Site
from control.signal import BAD, COMM, HISTORY
from gateway.historian.drain import Drain
from gateway.historian.embedded import EmbeddedStore
from gateway.historian.hot import HotTable
from gateway.historian.hot_queue import HotQueue
from gateway.historian.incoming import Arrival
from gateway.historian.outline import Outline
from gateway.historian.period_reader import PeriodReader
from gateway.historian.query import HOT_FILE, History, folder_of
from gateway.ledger.ledger import Ledger, keep_ledger
from gateway.ledger.spans import State
from gateway.stream import topics
from gateway.stream.events import GatewayEvent, to_json, with_header
from tests import messages
from tests.messages import EPOCH, START_NS, Sample, payload, topic

S = 10**9
TAGS = ("br1/a", "br1/b")
SITE = Site.model_validate(
    {
        "site": {"name": messages.SITE},
        "gateway": {"name": "gw1"},
        "units": {"br1": {"area": "upstream", "cell": "cell1", "tags": {"a": {}, "b": {}}}},
    }
)

Step = tuple[str, int]


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    """What happened, and what the historian did meanwhile."""
    what = ("good", "bad", "late", "quiet", "lost", "restart", "flush", "backfill")
    return draw(st.lists(st.tuples(st.sampled_from(what), st.integers(1, 40)), min_size=1, max_size=14))


class Plant:
    """A gateway that reports two tags, and a historian that stores."""

    def __init__(self, data: Path) -> None:
        folder = folder_of(data, "historian")
        self.hot = HotTable(folder / HOT_FILE, "historian", "")
        store = EmbeddedStore(folder)
        self.drain = Drain(HotQueue(folder / HOT_FILE, store.name), store)
        self.sequence, self.now_ns = 0, START_NS
        self.sent: set[int] = set()
        self.last: dict[str, int] = {}
        self.event("started")

    def play(self, step: Step) -> None:
        what, count = step
        match what:
            case "good" | "bad":
                for _ in range(count):
                    self.report(TAGS, 0 if what == "good" else BAD | COMM)
            case "quiet":
                for _ in range(count):
                    self.report(TAGS[:1], 0)
            case "late":  # of another message, in the middle of what is there
                self.send([Sample(TAGS[0], 1.0, self.now_ns - count * S + 500, BAD | COMM)])
            case "backfill":
                times = [self.now_ns - n * S - 7 for n in range(count)]
                self.send([Sample(TAGS[1], 2.0, at_ns, HISTORY) for at_ns in reversed(times)])
            case "lost":
                self.sequence += count
            case "restart":
                self.now_ns += count * S
                self.event("started")
                known = self.last or {TAGS[0]: START_NS - S}
                self.send([Sample(tag, 3.0, at_ns) for tag, at_ns in known.items()])
            case "flush":
                self.drain.step(START_NS, 0.0, flush=True)

    def report(self, tags: tuple[str, ...], quality: int) -> None:
        self.now_ns += S
        self.last |= dict.fromkeys(tags, self.now_ns)
        self.send([Sample(tag, float("nan") if quality else 1.5, self.now_ns, quality) for tag in tags])

    def send(self, samples: list[Sample]) -> None:
        self.sequence += 1
        self.sent.add(self.sequence)
        self.hot.commit([Arrival(topic(), payload(samples, self.sequence), START_NS)])

    def event(self, state: Any) -> None:
        self.sequence += 1
        self.now_ns += 1
        event = GatewayEvent(
            gateway="gw1", unit="_gateway", config="0", time_ns=self.now_ns, state=state, program="1"
        )
        data = with_header(to_json(event), EPOCH, 0, self.sequence)
        where = str(topics.GatewayEvent(messages.SITE, "gw1", 0))
        self.sent.add(self.sequence)
        self.hot.commit([Arrival(where, data, START_NS)])

    def close(self) -> None:
        self.drain.close()
        self.hot.close()


def every_point(self: History, tags: list[str], from_ns: int, to_ns: int, _: object) -> Outline:
    return Outline.of_points(self.raw(tags, from_ns, to_ns))


@settings(max_examples=15)
@given(stories(), st.integers(0, 60), st.integers(20, 200), st.sampled_from([7, 50, 1000]))
def test_the_ledger_from_summaries_is_that_of_every_point(
    story: list[Step], skip_s: int, length_s: int, interval_s: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        plant = Plant(Path(name))
        for step in story:
            plant.play(step)
        plant.close()
        from_ns = START_NS + skip_s * S

        def kept() -> Ledger:
            return keep_ledger(SITE, Path(name), TAGS, from_ns, from_ns + length_s * S, interval_s * S)

        ours = kept()
        with mock.patch.object(History, "outline", every_point):
            theirs = kept()
        assert ours.tags == theirs.tags
        assert ours.runs is not None
        assert theirs.runs is not None
        ends = [[(run.source, run.first, run.last) for run in ledger.runs or ()] for ledger in (ours, theirs)]
        assert ends[0] == ends[1]
        for (
            run
        ) in ours.runs:  # every point tells less: what a message of another time holds is not looked for
            missing = set(range(run.first, run.last + 1)) - plant.sent
            assert {n for hole in run.holes for n in range(hole.first, hole.last + 1)} == missing


def test_a_good_week_is_not_read(tmp_path: Path) -> None:
    """Of chunks in the middle nothing is opened."""
    plant = Plant(tmp_path)
    for start in range(0, 20_000, 500):
        plant.now_ns += 500 * S
        samples = [Sample(TAGS[0], float(n), START_NS + (start + n) * S + 10) for n in range(500)]
        plant.send(samples)
    plant.drain.step(START_NS, 0.0, flush=True)
    plant.close()
    read: list[int] = []
    opened = PeriodReader.open_all

    def counted(self: PeriodReader, tag: str, rows: Any) -> Any:
        read.append(sum(count for count, _ in rows))
        return opened(self, tag, rows)

    with mock.patch.object(PeriodReader, "open_all", counted):
        ledger = keep_ledger(SITE, tmp_path, TAGS, START_NS, START_NS + 20_000 * S, 10_000 * S)
    assert [account.points for account in ledger.tags[TAGS[0]]] == [10_000, 10_000]
    assert ledger.runs is not None
    assert (ledger.runs[0].stored, ledger.runs[0].holes) == (41, ())
    assert 0 < sum(read) <= 6000, "the first, the last, and what the edge of an interval cuts"
    assert np.isclose(sum(account.seconds[State.GOOD] for account in ledger.tags[TAGS[0]]), 20_000, atol=1)
