"""The completeness ledger: every second of a tag is accounted for, every message, and every cause."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.signal import BAD, COMM, GOOD, HISTORY, SENSOR, STALE, UNCERTAIN
from gateway.historian.points import NO_SOURCE, Source, StoredPoints
from gateway.ledger.ledger import downtimes, reported_ns
from gateway.ledger.sequences import keeps_identities, runs
from gateway.ledger.spans import GATEWAY_DOWN, NO_REPORT, State, accounts, cause_of, spans_of

S = 10**9


def spans(
    reports: list[tuple[int, int]], down: list[tuple[int, int]] | None = None, to_s: int = 100
) -> list[tuple[Any, ...]]:
    """Return spans in seconds of reports (second, quality) from 0 to `to_s`."""
    times = np.array([second * S for second, _ in reports], np.int64)
    quality = np.array([q for _, q in reports], np.uint32)
    made = spans_of(times, quality, 0, to_s * S, [(a * S, b * S) for a, b in down or []])
    return [(s.start_ns // S, s.end_ns // S, s.state, s.cause) for s in made]


def test_a_report_holds_until_the_next() -> None:
    told = spans([(-5, GOOD), (20, UNCERTAIN), (40, BAD | COMM | STALE), (70, GOOD)])
    assert told == [
        (0, 20, State.GOOD, ""),
        (20, 40, State.GOOD, ""),
        (40, 70, State.BAD, "device down"),
        (70, 100, State.GOOD, ""),
    ]


def test_before_the_first_report_nothing_is_known() -> None:
    assert spans([(30, GOOD)])[0] == (0, 30, State.MISSING, NO_REPORT)
    assert spans([]) == [(0, 100, State.MISSING, NO_REPORT)]


def test_without_a_gateway_nothing_holds_until_the_first_report_after_it() -> None:
    told = spans([(-5, GOOD), (52, GOOD)], [(30, 50)])
    assert told == [(0, 30, State.GOOD, ""), (30, 52, State.MISSING, GATEWAY_DOWN), (52, 100, State.GOOD, "")]
    assert spans([(-5, GOOD)], [(30, 50)])[-1] == (30, 100, State.MISSING, GATEWAY_DOWN)


def test_what_was_read_back_is_late_not_missing() -> None:
    late = [(35, GOOD | HISTORY), (45, GOOD | HISTORY)]
    told = spans([(-5, GOOD), (30, BAD | COMM), *late, (60, GOOD)])
    states = [(start, state) for start, _, state, _ in told]
    assert states == [(0, State.GOOD), (30, State.BAD), (35, State.LATE), (45, State.BAD), (60, State.GOOD)]


@pytest.mark.parametrize(
    ("quality", "cause"),
    [(COMM | STALE, "device down"), (STALE, "stale"), (SENSOR, "sensor failure"), (0, "bad at the source")],
)
def test_the_reason_that_says_most_is_the_cause(quality: int, cause: str) -> None:
    assert cause_of(BAD | quality) == cause


QUALITIES = st.sampled_from([GOOD, UNCERTAIN, BAD | COMM, BAD | STALE, GOOD | HISTORY])


@settings(max_examples=60)
@given(
    reports=st.lists(st.tuples(st.integers(-20, 120), QUALITIES), max_size=12).map(sorted),
    down=st.lists(st.integers(-20, 120), max_size=4, unique=True).map(sorted),
    cuts=st.lists(st.integers(1, 99), max_size=3, unique=True).map(sorted),
)
def test_every_second_is_accounted_for_once(
    reports: list[tuple[int, int]], down: list[int], cuts: list[int]
) -> None:
    times = np.array([second * S for second, _ in reports], np.int64)
    quality = np.array([q for _, q in reports], np.uint32)
    pairs = [(a * S, b * S) for a, b in zip(down[::2], down[1::2], strict=False)]
    made = spans_of(times, quality, 0, 100 * S, pairs)
    assert made[0].start_ns == 0
    assert made[-1].end_ns == 100 * S
    assert all(a.end_ns == b.start_ns for a, b in itertools.pairwise(made))
    assert all(span.start_ns < span.end_ns for span in made)
    ones = np.ones(len(times), np.int64)
    pieces = accounts(made, times, quality, [0, *(cut * S for cut in cuts), 100 * S], ones)
    for piece in pieces:
        length = (piece.end_ns - piece.start_ns) / S
        assert sum(piece.seconds.values()) == pytest.approx(length)
        assert sum(piece.causes.values()) == pytest.approx(
            piece.seconds[State.BAD] + piece.seconds[State.MISSING]
        )
    assert sum(piece.points for piece in pieces) == int(((times >= 0) & (times < 100 * S)).sum())


SOURCE = Source("gw1", 5, 0)


def stored(sequences: list[int], source: Source = SOURCE) -> StoredPoints:
    return StoredPoints.of(
        ("a",),
        sources=[source],
        tag=np.zeros(len(sequences)),
        sequence=np.array(sequences),
        source=np.zeros(len(sequences)),
        source_ns=np.arange(len(sequences)) * S,
    )


def event(sequence: int, kind: str = "alarm", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "gateway": "gw1",
        "epoch": 5,
        "partition": 0,
        "sequence": sequence,
        "time_ns": 0,
        **more,
    }


def test_messages_are_counted_and_holes_have_their_cause() -> None:
    points = stored([3, 3, 4, 6, 11, 12])
    told = [event(5), event(13, "gap", first=7, last=8, reason="dropped")]
    (run,) = runs(points, told, [False] * len(points))
    assert (run.first, run.last, run.stored) == (3, 13, 7)
    assert [(h.first, h.last, h.cause) for h in run.holes] == [(7, 8, "dropped"), (9, 10, "")]
    told.append(event(14, "gap", first=9, last=10, reason="quarantined"))
    (run,) = runs(points, told, [False] * len(points))
    assert [(h.first, h.last, h.cause) for h in run.holes] == [(7, 8, "dropped"), (9, 10, "quarantined")]


def test_what_was_read_back_neither_widens_the_range_nor_leaves_a_hole() -> None:
    points = stored([3, 4, 5, 90])
    (run,) = runs(points, [], [False, True, False, True])
    assert (run.first, run.last, run.stored, run.holes) == (3, 5, 3, ())


def test_a_message_of_old_values_alone_is_no_hole() -> None:
    points = stored([3, 4, 6])
    (run,) = runs(points, [], [False] * 3, stored([1, 5]))
    assert (run.first, run.last, run.stored, run.holes) == (3, 6, 4, ())


def test_a_store_without_identities_is_told() -> None:
    points = stored([1, 2])
    assert keeps_identities(points)
    points.source[:] = NO_SOURCE
    assert not keeps_identities(points)


def gateway_event(state: str, time_s: int, sequence: int) -> dict[str, Any]:
    return event(sequence, "gateway", state=state) | {"time_ns": time_s * S}


def test_downtime_is_from_the_stop_or_the_last_sign_to_the_start() -> None:
    points = stored([1, 2, 3, 4])  # signs of life at 0, 1, 2, 3 s
    events = [gateway_event("started", 10, 5), gateway_event("stopped", 20, 6)]
    assert downtimes(events, points) == [(3 * S, 10 * S), (20 * S, 2**63 - 1)]
    events.append(gateway_event("started", 25, 7))
    assert downtimes(events, points) == [(3 * S, 10 * S), (20 * S, 25 * S)]


def test_values_older_than_the_first_start_are_no_sign_of_a_gateway_before_it() -> None:
    points = stored([2, 3])  # values of 0 and 1 s, reported after the start at 5 s
    started = [gateway_event("started", 5, 1)]
    assert downtimes(started, points) == []
    assert reported_ns(started, points).tolist() == [5 * S, 5 * S]


def test_a_quiet_tag_holds_again_from_the_start_after_which_it_was_reported() -> None:
    points = stored([1, 9])
    points.source_ns[:] = 0  # one value, reported before and after a restart
    events = [gateway_event("started", 30, 8)]
    assert reported_ns(events, points).tolist() == [0, 30 * S]
    other = stored([1, 9], Source("gw1", 5, 1))
    other.source_ns[:] = [0, 31 * S]
    assert reported_ns(events, other).tolist() == [0, 31 * S]
