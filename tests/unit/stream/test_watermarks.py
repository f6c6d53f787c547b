"""Who may trim the journal, and what cannot be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.streams import Consumer, Historian, Streams
from gateway.stream.watermarks import BROKER, Consumers, Verdict, Watermarks

EPOCH = 17


def watermarks(streams: Streams, partitions: int = 2) -> Watermarks:
    return Watermarks(Consumers.of(streams, partitions), EPOCH, {})


@pytest.fixture
def two() -> Watermarks:
    """Two required historians, one that is not, for two partitions."""
    consumers = [Consumer(name="h1"), Consumer(name="h2"), Consumer(name="spare", required=False)]
    return watermarks(Streams(consumers=consumers))


def test_the_slowest_required_consumer_decides(two: Watermarks) -> None:
    assert two.claim("h1", EPOCH, 0, 10, 20) is Verdict.ADVANCED
    assert two.safe(0) == 0
    assert two.claim("h2", EPOCH, 0, 7, 20) is Verdict.ADVANCED
    assert two.safe(0) == two.confirmed(0) == 7
    assert two.safe(1) == 0


def test_a_consumer_that_is_not_required_never_trims(two: Watermarks) -> None:
    assert two.claim("spare", EPOCH, 0, 10, 20) is Verdict.ADVANCED
    assert two.safe(0) == 0


def test_what_cannot_be_right_is_refused_and_trims_nothing(two: Watermarks) -> None:
    for name in ("h1", "h2"):
        two.claim(name, EPOCH, 0, 10, 20)
    before = dict(two.positions)
    assert two.claim("h1", EPOCH, 0, 10, 20) is Verdict.UNCHANGED
    assert two.claim("h1", EPOCH, 0, 9, 20) is Verdict.BACKWARDS
    assert two.claim("h1", EPOCH, 0, 21, 20) is Verdict.AHEAD
    assert two.claim("h1", EPOCH + 1, 0, 11, 20) is Verdict.EPOCH
    assert two.claim("other", EPOCH, 0, 11, 20) is Verdict.STRANGER
    assert two.claim("h1", EPOCH, 2, 11, 20) is Verdict.STRANGER
    assert two.positions == before


def test_every_historian_is_required_for_the_partitions_it_takes() -> None:
    streams = Streams(historians=[Historian(name="h0", partitions=[0]), Historian(name="h1", partitions=[1])])
    marks = watermarks(streams, partitions=3)
    assert marks.claim("h0", EPOCH, 0, 5, 9) is Verdict.ADVANCED
    assert marks.safe(0) == 5
    assert marks.claim("h0", EPOCH, 1, 5, 9) is Verdict.STRANGER
    assert marks.claim("h1", EPOCH, 1, 6, 9) is Verdict.ADVANCED
    assert marks.safe(1) == 6
    assert marks.confirmed(2) is None, "a partition that no historian takes"
    assert marks.claim(BROKER, EPOCH, 2, 4, 9) is Verdict.ADVANCED
    assert marks.safe(2) == 4


def test_a_consumer_by_puback_is_no_historian() -> None:
    streams = Streams(consumers=[Consumer(name="cloud", acknowledgement="puback"), Consumer(name="h1")])
    marks = watermarks(streams)
    marks.claim("h1", EPOCH, 0, 8, 9)
    assert (marks.safe(0), marks.confirmed(0)) == (0, 8)
    marks.claim("cloud", EPOCH, 0, 9, 9)
    assert marks.safe(0) == 8


def test_without_consumers_the_broker_is_the_one_that_is_waited_for() -> None:
    marks = watermarks(Streams(consumers=[]))
    assert marks.confirmed(0) is None
    marks.claim(BROKER, EPOCH, 0, 3, 9)
    assert marks.safe(0) == 3


def test_positions_are_taken_from_the_journal() -> None:
    marks = Watermarks(Consumers.of(Streams(), 1), EPOCH, {("historian", 0): 5, ("gone", 0): 9})
    assert marks.positions == {("historian", 0): 5}


CLAIMS = st.tuples(
    st.sampled_from(["h1", "h2", "spare", "x"]),
    st.sampled_from([EPOCH, EPOCH - 1]),
    st.integers(0, 2),
    st.integers(-5, 60),
)


@given(st.lists(CLAIMS, max_size=60), st.integers(0, 50))
def test_nothing_is_trimmed_that_a_required_consumer_has_not_claimed(
    claims: list[tuple[str, int, int, int]], sent: int
) -> None:
    marks = watermarks(Streams(consumers=[Consumer(name="h1"), Consumer(name="h2")]))
    best: dict[tuple[str, int], int] = {}
    for name, epoch, partition, sequence in claims:
        before = [marks.safe(0), marks.safe(1)]
        marks.claim(name, epoch, partition, sequence, sent)
        if epoch == EPOCH and sequence <= sent:
            best[name, partition] = max(best.get((name, partition), 0), sequence)
        after = [marks.safe(0), marks.safe(1)]
        for p in (0, 1):
            assert before[p] <= after[p] <= min(best.get(("h1", p), 0), best.get(("h2", p), 0))
