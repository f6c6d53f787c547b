"""Trends: every spike, gap and doubt is drawn, live goes on where history ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.signal import BAD, FORCED, GOOD, SIMULATED, UNCERTAIN
from gateway.historian.buckets import Buckets, Grid, Summaries, summarise
from gateway.hmi.tail import Mark, Tail
from gateway.hmi.traces import NO_REPORTS, Known, Reports, class_of, going_on, of_buckets, runs
from gateway.stream.records import Points

HOLD_S = 1.0


def reports(rows: list[tuple[float, float, int]]) -> Reports:
    """Return single reports from (time in s, value, quality)."""
    times, values, qualities = (list(column) for column in zip(*rows, strict=True))
    return Reports(np.array(times) * 1000.0, np.array(values, float), np.array(qualities, np.uint32))


def buckets(rows: list[tuple[float, float, int]], count: int, width_s: float = 1.0) -> Buckets:
    """Return buckets from (time in s, value, quality)."""
    single = reports(rows)
    grid = Grid(0, int(width_s * 1e9), count)
    columns = ((single.time_ms * 1e6).astype(np.int64), single.value, single.quality)
    return summarise(grid, [Summaries.of_points(*columns)])


def test_a_spike_of_one_sample_is_in_the_envelope() -> None:
    rows = [(0.01 * n, 1.0, GOOD) for n in range(100)]
    rows[50] = (0.5, 99.0, GOOD)
    (run,) = runs(of_buckets(buckets(rows, 1), stairs=False), HOLD_S, 1000.0)
    assert (run["lo"], run["hi"]) == ([1.0], [99.0])


def test_what_holds_until_it_changes_is_drawn_as_it_was_last() -> None:
    rows = [(0.1, 1.0, GOOD), (0.9, 5.0, GOOD)]
    assert runs(of_buckets(buckets(rows, 1), stairs=True), HOLD_S)[0]["v"] == [5.0]
    assert runs(of_buckets(buckets(rows, 1), stairs=False), HOLD_S)[0]["v"] == [3.0]


def test_a_value_that_was_not_reported_did_not_drift_to_the_next_one() -> None:
    (run,) = runs(reports([(0.0, 1.0, GOOD), (50.0, 2.0, GOOD)]), HOLD_S)
    assert run["v"] == [1.0, 1.0, 2.0]
    assert run["t"][1] == pytest.approx(50_000 - 1000 * HOLD_S / 3)


def test_nothing_is_drawn_while_no_gateway_ran() -> None:
    rows = [(0.0, 1.0, GOOD), (50.0, 2.0, GOOD)]
    before, after = runs(reports(rows), 100.0, known=Known(gaps_ms=((10_000.0, 49_000.0),)))
    assert (before["t"], before["v"]) == ([0.0, 10_000.0], [1.0, 1.0])
    assert (after["t"], after["j"]) == ([50_000.0], False)


def test_the_last_value_holds_as_long_as_somebody_watched() -> None:
    rows = [(0.0, 1.0, GOOD)]
    assert runs(reports(rows), HOLD_S, known=Known(to_ms=9000.0))[0]["t"] == [0.0, 9000.0]
    stopped = Known(gaps_ms=((4000.0, math.inf),), to_ms=9000.0)
    assert runs(reports(rows), HOLD_S, known=stopped)[0]["t"] == [0.0, 4000.0]


def test_each_quality_is_a_run_of_its_own() -> None:
    rows = [
        (0.0, 1.0, GOOD),
        (0.1, 1.0, FORCED),
        (0.2, 1.0, UNCERTAIN),
        (0.3, math.nan, BAD),
        (0.4, 1.0, GOOD),
    ]
    found = runs(reports(rows), HOLD_S)
    assert [(run["q"], run["v"]) for run in found] == [
        (0, [1.0]),
        (1, [1.0]),
        (2, [1.0]),
        (3, [None]),
        (0, [1.0]),
    ]
    assert [run["j"] for run in found] == [False, True, True, True, True]


def test_forced_and_simulated_are_told_from_good() -> None:
    words = np.array([GOOD, FORCED, SIMULATED, UNCERTAIN | FORCED, BAD], np.uint32)
    assert class_of(words).tolist() == [0, 1, 1, 2, 3]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 400_000),
            st.floats(-1e9, 1e9) | st.just(math.nan),
            st.sampled_from((GOOD, FORCED, UNCERTAIN, BAD)),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda row: row[0],
    ),
    st.integers(0, 40),
)
def test_history_and_what_comes_after_it_draw_the_same_as_all_of_it(
    rows: list[tuple[float, float, int]], cut: int
) -> None:
    """No seam: the browser joins later runs to earlier ones."""
    whole = reports(sorted((time / 1000, value, quality) for time, value, quality in rows))
    cut = min(cut, len(whole))
    drawn = runs(whole.part(0, cut), HOLD_S)
    last = whole.part(max(cut - 1, 0), cut)
    # Reports that are there already come again over MQTT.
    fresh, _ = (
        going_on(last, whole.part(max(cut - 2, 0)), HOLD_S) if cut else going_on(NO_REPORTS, whole, HOLD_S)
    )
    for run in fresh:
        if drawn and run["j"] and drawn[-1]["q"] == run["q"]:
            drawn[-1] = {**drawn[-1], "t": drawn[-1]["t"] + run["t"], "v": drawn[-1]["v"] + run["v"]}
        else:
            drawn.append(run)
    assert drawn == runs(whole, HOLD_S)


def points(rows: list[tuple[int, float]]) -> Points:
    """Return a message of (tag, value), a second after the epoch and later."""
    tag, value = zip(*rows, strict=True)
    zeros = np.zeros(len(rows), np.uint32)
    times = np.arange(1, len(rows) + 1, dtype=np.int64) * 10**9
    return Points(np.array(tag, np.int32), np.array(value), zeros, times, zeros, zeros)


def test_the_tail_tells_each_reader_what_is_new_to_them() -> None:
    tail = Tail()
    tail.take(points([(0, 1.0), (1, 2.0)]))
    early = tail.start()
    late = tail.end()
    tail.take(points([(0, 3.0)]))
    assert [of.value.tolist() for of in tail.since(early, [0, 1]) or []] == [[1.0, 3.0], [2.0]]
    assert [of.value.tolist() for of in tail.since(late, [0, 1, -1]) or []] == [[3.0], [], []]


def test_the_tail_says_when_it_has_forgotten() -> None:
    tail = Tail()
    tail.take(points([(0, 1.0)]))
    mark = tail.start()
    assert tail.since(mark, [0]) is not None
    tail.interrupted()
    assert tail.since(mark, [0]) is None
    for _ in range(5000):
        tail.take(points([(0, 1.0)]))
    assert tail.since(Mark(1, 0), [0]) is None
