"""What the screens draw: sparklines, bars, and the process picture of whatever a page lists."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.screens import BioreactorScreen
from config.tag_names import NumberName
from gateway.historian.buckets import Grid, Summaries, summarise
from gateway.hmi.bars import Bar, bars
from gateway.hmi.picture import Now, draw
from gateway.hmi.picture_layout import LEFT, RIGHT, ROW, ROW_FOR_FINGERS, WIDTH, layout
from gateway.hmi.recent import held
from gateway.hmi.scales import Scale
from gateway.hmi.sparkline import sparkline

SCALE = Scale(0.0, 100.0, 20.0, 80.0)


def points_of(drawing: str) -> list[list[tuple[float, float]]]:
    """Return the runs of a sparkline."""
    runs = re.findall(r'polyline points="([^"]*)"', drawing)
    return [[(float(x), float(y)) for x, y in (p.split(",") for p in run.split())] for run in runs]


def test_a_sparkline_breaks_where_nothing_was_known() -> None:
    drawing = sparkline(np.array([1.0, 2.0, math.nan, 4.0, 3.0]), None)
    first, second = points_of(drawing)
    assert (len(first), len(second)) == (2, 2)
    assert first[0][1] > first[1][1]  # up is up
    assert "circle" in drawing
    assert "circle" not in sparkline(np.array([1.0, 2.0, math.nan]), None)
    assert points_of(sparkline(np.array([math.nan, math.nan]), None)) == []


@given(st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(math.nan)), min_size=1, max_size=50))
def test_a_sparkline_is_a_drawing_and_stays_inside(values: list[float]) -> None:
    for scale in (None, SCALE):
        drawing = sparkline(np.array(values), scale)
        ET.fromstring(drawing)
        assert all(0 <= x <= 120 and 0 <= y <= 24 for run in points_of(drawing) for x, y in run)


def test_noise_does_not_look_like_news() -> None:
    (run,) = points_of(sparkline(np.array([37.0, 37.01, 36.99, 37.0]), SCALE))
    heights = [y for _, y in run]
    assert max(heights) - min(heights) < 1.0
    assert 'class="band"' not in sparkline(np.array([1.0, 2.0]), Scale(0.0, 10.0, 0.0, 10.0))


def test_an_empty_bucket_repeats_what_held() -> None:
    grid = Grid(0, 10, 5)
    times, values = np.array([12, 18, 31]), np.array([1.0, 2.0, math.nan])
    found = held(summarise(grid, [Summaries.of_points(times, values, np.zeros(3, np.uint32))]))
    assert np.array_equal(found, [math.nan, 2.0, 2.0, math.nan, math.nan], equal_nan=True)


def test_bars_show_value_limits_and_set_point() -> None:
    drawing = bars([Bar("PV", 0, 100, 50, (20, 80), (95.0,), mark=60), Bar("OP", 0, math.inf, 3)])
    tree = ET.fromstring(drawing)
    classes = [each.get("class") for each in tree.iter()]
    assert classes.count("track") == 1  # without a range there is nothing to draw in
    assert {"band", "fill", "pv", "limit", "sp"} <= set(classes)
    bar = Bar("PV", 0, 100, None)
    assert bar.y(0) > bar.y(50) > bar.y(100)
    assert bar.y(-10) == bar.y(0)
    assert "fill" not in bars([bar])


def page(
    inlets: int, gases: int, probes: int, *, exhaust: bool, jacket: bool, stirrer: bool
) -> BioreactorScreen:
    names = iter(NumberName(f"u/t{number}") for number in range(100))
    given: dict[str, object] = {
        "page": "bioreactor",
        "volume": next(names),
        "foam": next(names),
        "inlets": [{"name": f"Inlet {n}", "flow": next(names), "pump": next(names)} for n in range(inlets)],
        "gases": [{"name": f"Gas {n}", "flow": next(names)} for n in range(gases)],
        "probes": [next(names) for _ in range(probes)],
    }
    if exhaust:
        given["exhaust"] = {"pressure": next(names), "valve": next(names), "analyses": [next(names)] * 1}
    if jacket:
        given["jacket"] = {"temperature": next(names), "valve": next(names)}
    if stirrer:
        given["stirrer"] = {"speed": next(names), "power": next(names)}
    return BioreactorScreen.model_validate(given)


PAGES = st.builds(
    page, st.integers(0, 6), st.integers(0, 5), st.integers(0, 6),
    exhaust=st.booleans(), jacket=st.booleans(), stirrer=st.booleans(),
)  # fmt: skip


@given(PAGES, st.sampled_from([ROW, ROW_FOR_FINGERS]))
def test_whatever_a_page_lists_stands_apart_and_inside(listed: BioreactorScreen, row: float) -> None:
    plan = layout(listed, row)
    for place in plan.places:
        assert 0 <= place.left <= WIDTH - 100
        assert 0 <= place.top <= plan.height - 22
    for one, two in combinations(plan.places, 2):
        assert abs(one.top - two.top) >= row - 3 or abs(one.left - two.left) >= 150, (one, two)
    tags = {place.tag for place in plan.places}
    assert {pump.tag for pump in plan.pumps} <= tags
    for place in plan.places:
        within = LEFT < place.left < RIGHT and place.top > 110
        assert within == (place.tag in (listed.volume, listed.foam)), place


@given(PAGES, st.floats(0, 1.5), st.floats(0, 1), st.booleans())
def test_the_picture_is_a_drawing(listed: BioreactorScreen, level: float, foam: float, stirs: bool) -> None:
    plan = layout(listed)
    moving = tuple((pump.tag, 0.5) for pump in plan.pumps)
    tree = ET.fromstring(draw(plan, Now(level, foam, stirs, moving), "Vessel"))
    (liquid,) = (each for each in tree.iter() if each.get("class") == "pic-liquid")
    assert float(liquid.get("height", "nan")) >= 0.0


@pytest.mark.parametrize(("share", "state"), [(0.0, "off"), (0.05, "on")])
def test_a_pump_that_turns_is_filled(share: float, state: str) -> None:
    plan = layout(page(1, 0, 0, exhaust=False, jacket=False, stirrer=False))
    tree = ET.fromstring(draw(plan, Now(open=((plan.pumps[0].tag, share),)), "Vessel"))
    circles = [each.get("class") for each in tree.iter() if each.tag == "circle"]
    assert circles == [f"pic-actor {state}"]
