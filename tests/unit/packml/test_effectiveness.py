"""Effectiveness against its identities, counters with resets, intervals without gaps, stops, weights."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.historian.buckets import Grid, Summaries, summarise
from gateway.packml.effectiveness import counted, effectiveness, gained
from gateway.packml.intervals import UNKNOWN, Interval, Stop, Trace, intervals, stops
from gateway.packml.states import EXECUTE, IDLE, STOPPED, mode_name, state_name
from gateway.packml.weights import Limits, capability, histogram, pareto

S = 1_000_000_000
HELD, HOLDING, UNHOLDING = 11, 10, 12


def spell(start_s: float, end_s: float, state: int, mode: int = 1, reason: int = 0) -> Interval:
    return Interval(int(start_s * S), int(end_s * S), state, mode, reason)


def trace(*points: tuple[float, float], holds_s: float = 1e6) -> Trace:
    times, values = zip(*points, strict=True) if points else ((), ())
    return Trace((np.array(times) * S).astype(np.int64), np.array(values, float), int(holds_s * S))


def test_a_shift_by_hand() -> None:
    """8 h, of which 1 h was a planned stop, 30 min maintenance, 30 min held: a textbook example."""
    h = 3600.0
    shift = [
        spell(0, 1 * h, STOPPED, reason=501),
        spell(1 * h, 1.5 * h, EXECUTE, mode=2),
        spell(1.5 * h, 2 * h, HELD, reason=103),
        spell(2 * h, 8 * h, EXECUTE),
    ]
    found = effectiveness(shift, 60_000, 600, 200 / 60, planned_reasons=[501])
    assert (found.planned_s, found.run_s, found.unknown_s) == (6.5 * h, 6 * h, 0.0)
    assert found.availability == pytest.approx(6 / 6.5)
    assert found.performance == pytest.approx(60_000 / 72_000)
    assert found.quality == pytest.approx(0.99)
    assert found.oee == pytest.approx(59_400 * 0.3 / (6.5 * h))


def test_what_is_unknown_counts_for_nothing_and_nothing_divides_by_zero() -> None:
    found = effectiveness([spell(0, 10, UNKNOWN), spell(10, 20, EXECUTE, mode=0)], 0, 0, 1.0)
    assert (found.planned_s, found.unknown_s) == (0.0, 20.0)
    assert (found.availability, found.performance, found.quality, found.oee) == (None, None, None, None)
    with pytest.raises(ValueError, match="design speed"):
        effectiveness([], 0, 0, 0.0)


def test_a_stop_in_idle_counts_as_planned_time_unless_its_reason_is_planned() -> None:
    idle = [spell(0, 10, IDLE, reason=7)]
    assert effectiveness(idle, 0, 0, 1.0).planned_s == 10.0
    assert effectiveness(idle, 0, 0, 1.0, planned_reasons=[7]).planned_s == 0.0
    held = [spell(0, 10, HELD, reason=7)]
    assert effectiveness(held, 0, 0, 1.0, planned_reasons=[7]).planned_s == 10.0


@given(
    st.lists(
        st.tuples(st.floats(0.001, 1e5), st.integers(0, 17), st.integers(0, 3), st.sampled_from([0, 501])),
        max_size=20,
    ),
    st.floats(0, 1e6), st.floats(0, 1), st.floats(0.01, 1e3), st.floats(0.1, 100),
)  # fmt: skip
def test_availability_performance_and_quality_multiply_to_oee(
    spells: list[tuple[float, int, int, int]], total: float, share: float, design: float, speed: float
) -> None:
    at, found = 0.0, []
    for length, state, mode, reason in spells:
        found.append(spell(at, at + length, state, mode, reason))
        at += length
    result = effectiveness(found, total, share * total, design, planned_reasons=[501], speed=speed)
    assert result.run_s <= result.planned_s * (1 + 1e-12)
    assert result.planned_s + result.unknown_s <= speed * at * (1 + 1e-9) + 1e-6
    a, p, q = result.availability, result.performance, result.quality
    if a is not None and p is not None and q is not None:
        assert result.oee is not None
        assert math.isclose(a * p * q, result.oee, rel_tol=1e-12)
        assert 0.0 <= q <= 1.0
        assert 0.0 <= a <= 1.0 + 1e-12
    # Twice as fast a plant makes the same of twice the time.
    again = effectiveness(found, 2 * total, 2 * share * total, design, planned_reasons=[501], speed=2 * speed)
    assert (again.availability is None) == (a is None)
    if result.oee is not None and again.oee is not None:
        assert again.oee == pytest.approx(result.oee, rel=1e-9)


@given(st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=5), min_size=1, max_size=6))
def test_a_reset_takes_nothing_away(runs: list[list[int]]) -> None:
    """Between resets, which are reported as 0, a counter gains what it counted."""
    values: list[float] = []
    wanted = 0
    for run in runs:
        values += [0.0, *np.cumsum(run).tolist()]
        wanted += sum(run)
    assert gained(np.array(values)) == wanted
    assert gained(np.array([math.nan, 5.0, math.nan, 7.0, 2.0, 3.0])) == 3.0
    assert gained(np.array([])) == 0.0


@given(st.lists(st.integers(0, 50), min_size=2, max_size=80), st.integers(0, 79), st.integers(1, 12))
def test_buckets_of_a_counter_with_one_reset_tell_the_same(steps: list[int], reset: int, count: int) -> None:
    values = np.cumsum(steps).astype(float)
    if reset < len(values):
        values[reset:] -= values[reset]
    times = np.arange(len(values), dtype=np.int64) * S
    grid = Grid.over(0, len(values) * S, count)
    quality = np.zeros(len(values), np.uint32)
    buckets = summarise(grid, [Summaries.of_points(times, values, quality)])
    told = gained(counted(buckets))
    assert told <= gained(values)
    hidden = [bucket for bucket in range(grid.count) if buckets.greatest[bucket] == buckets.last[bucket]]
    if not any(buckets.least[bucket] < buckets.first[bucket] for bucket in hidden):
        assert told == gained(values)


def test_intervals_follow_the_reports_and_end_where_nobody_knows() -> None:
    state = trace((0, IDLE), (10, EXECUTE), (30, math.nan), (40, EXECUTE), holds_s=25)
    found = intervals(state, trace((0, 1)), trace((0, 0), (10, 9), (12, 0)), 5 * S, 80 * S)
    assert [(e.start_ns // S, e.end_ns // S, e.state, e.reason) for e in found] == [
        (5, 10, IDLE, 0),
        (10, 12, EXECUTE, 9),
        (12, 30, EXECUTE, 0),
        (30, 40, UNKNOWN, 0),
        (40, 65, EXECUTE, 0),
        (65, 80, UNKNOWN, 0),
    ]
    assert intervals(state, trace((0, 1)), None, 5, 5) == []
    assert [e.state for e in intervals(trace(), trace(), None, 0, 7)] == [UNKNOWN]


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 17)), max_size=12),
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 3)), max_size=6),
    st.integers(1, 60), st.integers(0, 50), st.integers(1, 60),
)  # fmt: skip
def test_intervals_cover_the_stretch_without_gaps(
    states: list[tuple[int, int]], modes: list[tuple[int, int]], holds: int, start: int, length: int
) -> None:
    state, mode = (trace(*sorted(dict(each).items()), holds_s=holds) for each in (states, modes))
    found = intervals(state, mode, None, start * S, (start + length) * S)
    assert found[0].start_ns == start * S
    assert found[-1].end_ns == (start + length) * S
    assert all(one.end_ns == two.start_ns for one, two in itertools.pairwise(found))
    for second in range(start, start + length):
        (inside,) = [e for e in found if e.start_ns <= second * S < e.end_ns]
        for trace_, number in ((state, inside.state), (mode, inside.mode)):
            value = trace_.at(np.array([second * S]))[0]
            assert number == (0 if math.isnan(value) else value)


def test_states_of_one_stop_are_one_stop() -> None:
    found = [
        spell(0, 10, EXECUTE),
        spell(10, 11, HOLDING, reason=0),
        spell(11, 40, HELD, reason=103),
        spell(40, 41, UNHOLDING, reason=103),
        spell(41, 50, EXECUTE),
        spell(50, 60, STOPPED, reason=401),
    ]
    assert stops(found) == [Stop(10 * S, 41 * S, HELD, 103), Stop(50 * S, 60 * S, STOPPED, 401)]
    assert stops([]) == []


def test_names_of_states_and_modes() -> None:
    assert [state_name(n) for n in (6.0, 17.0, 0.0, 18.0, 2.5, None)] == ["execute", "complete", *[None] * 4]
    assert [mode_name(n) for n in (1.0, 3.0, 5.0, 0.0, None)] == [
        "production",
        "manual",
        "mode 5",
        None,
        None,
    ]


def test_weights_within_their_limits() -> None:
    limits = Limits.around(5.0, 2.0)
    assert limits.low == pytest.approx(4.9)
    assert limits.high == pytest.approx(5.1)
    weights = np.array([4.95, 5.0, 5.05, 5.2, math.nan])
    found = capability(weights, limits)
    assert (found.count, found.outside) == (4, 1)
    assert found.mean == pytest.approx(5.05)
    deviation = np.std([4.95, 5.0, 5.05, 5.2], ddof=1)
    assert found.cpk == pytest.approx((5.1 - 5.05) / (3 * deviation))
    assert capability(np.array([5.0, 5.0]), limits).cpk is None
    assert capability(np.array([]), limits).mean is None


@given(st.lists(st.floats(-10, 20), min_size=1, max_size=60), st.integers(3, 40))
def test_a_histogram_loses_no_weight(weights: list[float], bins: int) -> None:
    for limits in (Limits.around(5.0, 2.0), None):
        found = histogram(np.array(weights), limits, bins)
        assert found is not None
        assert sum(found.counts) == len(weights)
        assert len(found.counts) == bins == len(found.middles())
    assert histogram(np.array([math.nan]), None, bins) is None


def test_causes_by_their_count() -> None:
    assert pareto({"visual": 2, "crimp": 6, "stopper": 2}) == [
        ("crimp", 6, 0.6), ("stopper", 2, 0.8), ("visual", 2, 1.0),
    ]  # fmt: skip
    assert pareto({"visual": 0}) == [("visual", 0, 0.0)]
