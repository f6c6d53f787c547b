"""The address of a trend keeps everything that is shown."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hmi.trend_view import MARKS, BatchRun, TrendView, parse

KNOWN = frozenset(("u/a", "u/b", "v/a"))
NOW = 1_800_000_000_000.0
_TIMES = st.integers(-(10**15), 10**15).map(lambda us: us / 1000)
_RUNS = st.tuples(st.sampled_from("uv"), st.integers(0, 10**12), st.integers(1, 10**10)).map(
    lambda run: BatchRun(run[0], run[1], run[1] + run[2])
)


def reopened(view: TrendView) -> TrendView:
    """Return the view of a view's address."""
    return parse(dict(parse_qsl(urlsplit(view.to_path()).query, keep_blank_values=True)), KNOWN)


@given(
    st.lists(st.sampled_from(sorted(KNOWN)), unique=True),
    st.integers(1, 10**7),
    st.none() | _TIMES,
    st.lists(_TIMES, max_size=2),
    st.frozensets(st.sampled_from(MARKS)),
    st.lists(_RUNS, max_size=3, unique=True),
)
def test_the_address_reopens_the_view(
    tags: list[str],
    span_s: int,
    end_ms: float | None,
    cursors: list[float],
    marks: frozenset[str],
    over: list[BatchRun],
) -> None:
    view = TrendView(tuple(tags), float(span_s), end_ms, tuple(cursors), marks, tuple(sorted(over)))
    assert reopened(view) == view


def test_what_makes_no_sense_in_an_address_is_left_out() -> None:
    query = {
        "tags": "u/a,no/such",
        "span": "x",
        "end": "nan",
        "cursors": "1,inf,y",
        "over": "u@5-3,w@1-2,u",
        "marks": "z",
    }
    assert parse(query, KNOWN) == TrendView(("u/a",), cursors=(1.0,), marks=frozenset())


def test_zooming_into_the_past_stops_following_the_present() -> None:
    view = TrendView(("u/a",), 600.0).turned(NOW - 300_000, NOW - 200_000, NOW)
    assert (view.span_s, view.end_ms) == (100.0, NOW - 200_000)


def test_zooming_at_the_present_keeps_following_it() -> None:
    view = TrendView(("u/a",), 600.0).turned(NOW - 60_000, NOW - 300, NOW)
    assert view.live
    assert view.span_s == pytest.approx(59.7)


def test_moving_to_the_present_follows_it_again() -> None:
    earlier = TrendView(("u/a",), 600.0).moved(-0.5, NOW)
    assert earlier.end_ms == NOW - 300_000
    assert earlier.moved(0.5, NOW).live


def test_batches_are_laid_over_one_another_by_the_time_since_their_start() -> None:
    runs = (BatchRun("u", 1000, 61_000), BatchRun("v", 5000, 25_000))
    view = TrendView(("u/a",), 600.0, cursors=(NOW,)).laid_over(reversed(runs))
    assert (view.over, view.window_ms(NOW), view.cursors, view.live) == (runs, (0.0, 60_000.0), (), False)
    assert view.turned(10_000, 20_000, NOW).window_ms(NOW) == (10_000, 20_000)
    assert view.laid_over(()).live
    assert view.following().live


def test_a_link_of_a_live_trend_can_be_held_at_its_time() -> None:
    assert TrendView(("u/a",), 600.0).fixed(NOW).window_ms(NOW + 5) == (NOW - 600_000, NOW)


@pytest.mark.parametrize("span_s", [0.0, -5.0, 1e12])
def test_a_span_stays_within_what_can_be_drawn(span_s: float) -> None:
    start, end = TrendView().with_span(span_s).window_ms(NOW)
    assert 0 < start < end
