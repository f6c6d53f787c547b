"""Trends: the address keeps the view, every spike and gap is drawn."""

from __future__ import annotations

import math
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest

from control.signal import BAD, GOOD
from gateway.historian.buckets import Buckets, Grid, Summaries, summarise
from gateway.hmi.chart_options import points
from gateway.hmi.trend_view import TrendView, parse

KNOWN = frozenset(("u/a", "u/b"))
NOW = 1_800_000_000_000


def buckets(rows: list[tuple[float, float, int]], count: int, width_s: float = 1.0) -> Buckets:
    """Return buckets from (time in s, value, quality)."""
    times, values, qualities = (list(column) for column in zip(*rows, strict=True))
    grid = Grid(0, int(width_s * 1e9), count)
    columns = (np.array([int(t * 1e9) for t in times]), np.array(values, float))
    return summarise(grid, [Summaries.of_points(*columns, np.array(qualities, np.uint32))])


def test_the_address_reopens_the_view() -> None:
    view = TrendView(("u/a", "u/b"), 3600.0, NOW)
    assert parse(dict(parse_qsl(urlsplit(view.to_path()).query)), KNOWN) == view


def test_what_makes_no_sense_in_an_address_is_left_out() -> None:
    assert parse({"tags": "u/a,no/such", "span": "x", "end": "y"}, KNOWN) == TrendView(("u/a",))


def test_zooming_into_the_past_stops_following_the_present() -> None:
    view = TrendView(("u/a",), 600.0).zoomed(NOW - 300_000, NOW - 200_000, NOW)
    assert (view.span_s, view.end_ms) == (100.0, NOW - 200_000)


def test_zooming_at_the_present_keeps_following_it() -> None:
    view = TrendView(("u/a",), 600.0).zoomed(NOW - 60_000, NOW, NOW)
    assert view.live
    assert view.span_s == 60.0


def test_moving_to_the_present_follows_it_again() -> None:
    earlier = TrendView(("u/a",), 600.0).moved(-0.5, NOW)
    assert earlier.end_ms == NOW - 300_000
    assert earlier.moved(0.5, NOW).live


def test_a_spike_of_one_sample_is_drawn() -> None:
    rows = [(0.01 * n, 1.0, GOOD) for n in range(100)]
    rows[50] = (0.5, 99.0, GOOD)
    assert 99.0 in [value for _, value in points(buckets(rows, 1), gap_s=10)]


def test_an_empty_bucket_between_reports_is_no_gap() -> None:
    """A tag is reported when it changes: in between it holds."""
    line = points(buckets([(0.5, 1.0, GOOD), (5.5, 2.0, GOOD)], 10), gap_s=10)
    assert [value for _, value in line] == [1.0, 2.0]


def test_silence_longer_than_the_heartbeat_allows_is_a_gap() -> None:
    line = points(buckets([(0.5, 1.0, GOOD), (50.5, 2.0, GOOD)], 60), gap_s=10)
    assert [value for _, value in line] == [1.0, None, 2.0]


def test_bad_quality_breaks_the_line() -> None:
    line = points(buckets([(0.5, 1.0, GOOD), (1.5, math.nan, BAD), (2.5, 2.0, GOOD)], 4), gap_s=10)
    assert [value for _, value in line] == [1.0, None, 2.0]


def test_a_bad_value_in_a_bucket_is_drawn_apart() -> None:
    line = points(buckets([(0.5, 1.0, GOOD), (1.5, 7.0, BAD), (2.5, 2.0, GOOD)], 4), gap_s=10)
    assert [value for _, value in line] == [1.0, None, 7.0, None, 2.0]


@pytest.mark.parametrize("span_s", [0.0, -5.0, 1e12])
def test_a_span_stays_within_what_can_be_drawn(span_s: float) -> None:
    start, end = TrendView().with_span(span_s).window_ms(NOW)
    assert 0 < start < end
