"""Pure parts of the pages: cascade and grades, states of a line, its history, what charts draw."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.load import load
from config.phases import PACKML_STATES
from config.quantities import Quantity
from config.screens import OUTSIDE, CleanRoomsScreen, FillingLineScreen, Grade, Room
from config.site import Site
from config.tag_names import NumberName
from control.signal import BAD
from gateway.historian.buckets import Buckets, Grid, Summaries, summarise
from gateway.historian.points import StoredPoints
from gateway.hmi.cascade_picture import cascade_picture, plan
from gateway.hmi.grades import Flow, columns, flow, particle_limits, share_of_limit
from gateway.hmi.line_charts import histogram_options, pareto_options, run_options
from gateway.hmi.line_history import design_speed_per_s, line_history, trace_of, weighings
from gateway.hmi.line_page import capability_text, effectiveness_bars, effectiveness_text
from gateway.hmi.looks import Looks
from gateway.hmi.packml_picture import states_picture
from gateway.hmi.rooms_page import limit_bar
from gateway.hmi.stored import Stored
from gateway.packml.effectiveness import Effectiveness
from gateway.packml.weights import Limits, capability, histogram

PLANT = Path(__file__).parents[3] / "config" / "examples" / "cmo" / "plant.yaml"
S = 1_000_000_000


@pytest.fixture(scope="module")
def site() -> Site:
    return load(PLANT, {}).site


def room(over: str, grade: str = "B", **more: Any) -> Room:
    return Room(grade=Grade(grade), over=over, differential=NumberName("u/dp"), **more)


def test_limits_are_those_of_the_grade_unless_given() -> None:
    assert particle_limits(room(OUTSIDE, "A")) == (3520.0, 29.0)
    assert particle_limits(room(OUTSIDE, "C")) == (3_520_000.0, 29_300.0)
    assert particle_limits(room(OUTSIDE, "D")) == (None, None)
    own = room(OUTSIDE, "D", limit_05=Quantity(3.5, "1/cm^3"), limit_5=Quantity(100.0, "1/m^3"))
    small, large = particle_limits(own)
    assert small == pytest.approx(3.5e6)
    assert large == 100.0


@pytest.mark.parametrize(
    ("differential", "way"),
    [(15.0, Flow.OUTWARDS), (10.0, Flow.OUTWARDS), (9.9, Flow.WEAK), (0.0, Flow.WEAK), (-0.1, Flow.INWARDS),
     (None, Flow.UNKNOWN), (math.nan, Flow.UNKNOWN)],
)  # fmt: skip
def test_which_way_air_goes(differential: float | None, way: Flow) -> None:
    assert flow(differential, 10.0) is way


def test_rooms_stand_by_their_way_to_the_outside() -> None:
    rooms = {"a": room("b"), "b": room("c"), "lock": room("c"), "c": room(OUTSIDE), "d": room(OUTSIDE)}
    assert columns(rooms) == [["c", "d"], ["b", "lock"], ["a"]]
    drawn = plan(rooms)
    places = {box.name: box for box in drawn.boxes}
    assert places["a"].left > places["b"].left > places["c"].left > places[OUTSIDE].left
    assert places["b"].top != places["lock"].top
    assert all(0 <= box.top <= drawn.height - 96 and box.left <= drawn.width - 128 for box in drawn.boxes)
    assert [box.name for box in drawn.values] == ["c", "d", "b", "lock", "a"]


def test_air_that_flows_inwards_is_drawn_the_other_way() -> None:
    rooms = {"a": room("b", "A", display_name="Core"), "b": room(OUTSIDE)}
    flows = {"a": Flow.INWARDS, "b": Flow.OUTWARDS}
    drawing = ET.fromstring(cascade_picture(plan(rooms), rooms, flows, {"a": True, "b": None}))
    arrows = {each.get("class"): each for each in drawing.iter() if "air" in (each.get("class") or "")}
    assert "marker-start" in arrows["air inwards"].attrib
    assert "marker-end" in arrows["air outwards"].attrib
    doors = [each.get("class") for each in drawing.iter() if "door" in (each.get("class") or "")]
    assert doors == ["door open", "door unknown"]
    words = [each.text for each in drawing.iter() if each.text]
    assert {"Core", "Grade A", "outside"} <= set(words)


@given(st.floats(0, 1e12), st.floats(0, 1e12), st.floats(0.1, 1e8))
@example(0.0, 5e-324, 2.0)
def test_more_particles_are_a_longer_bar(one: float, two: float, limit: float) -> None:
    low, high = sorted((share_of_limit(one, limit), share_of_limit(two, limit)))
    assert 0.0 <= low <= high <= 1.0
    assert (share_of_limit(one, limit) <= share_of_limit(two, limit)) == (one <= two) or low == high
    assert share_of_limit(limit, limit) == pytest.approx(0.75)
    assert ('over"' in limit_bar(one, limit)) == (one > limit)


def test_every_packml_state_is_drawn_and_the_present_one_filled() -> None:
    for name, number in PACKML_STATES.items():
        drawing = ET.fromstring(states_picture(number))
        rectangles = [each for each in drawing.iter() if (each.get("class") or "").startswith("state")]
        here = [each.text for each in rectangles if "here" in (each.get("class") or "") and each.text]
        assert here == [name.capitalize()]
        assert len(rectangles) == 2 * len(PACKML_STATES)
    assert "here" not in states_picture(None)


def test_charts_show_weights_with_their_limits() -> None:
    limits = Limits.around(5.0, 2.0)
    weights = np.array([4.99, 5.0, 5.01])
    drawn = histogram_options(histogram(weights, limits), limits, "g", looks=Looks())
    assert sum(count for _, count in drawn["series"][0]["data"]) == 3
    lines = [line["xAxis"] for line in drawn["series"][0]["markLine"]["data"]]
    assert lines == [5.0, 4.9, 5.1]
    run = run_options([(1.0, 5.0), (2.0, 5.3)], limits, "g", looks=Looks(dark=True))
    assert run["yAxis"]["max"] > 5.3
    assert run["yAxis"]["min"] < 4.9
    assert histogram_options(None, limits, "g", looks=Looks()) == {}
    assert run_options([], None, "g", looks=Looks())["series"][0]["markLine"]["data"] == []


def test_a_pareto_chart_has_counts_and_shares() -> None:
    drawn = pareto_options([("crimp", 6, 0.6), ("visual", 4, 1.0)], "vial", looks=Looks())
    assert [series["data"] for series in drawn["series"]] == [[6, 4], [60.0, 100.0]]
    assert drawn["xAxis"]["data"] == ["crimp", "visual"]


def test_effectiveness_in_words() -> None:
    figures = Effectiveness(3600.0, 1800.0, 60.0, 100.0, 99.0, 18.0)
    assert effectiveness_text(figures) == (
        "99 good of 100; ran 30 min of 1 h planned; nothing known of 1 min"
    )
    assert "50.0 %" in effectiveness_bars(figures)
    fast = Effectiveness(3600.0, 1800.0, 0.0, 110.0, 110.0, 18.0)
    assert effectiveness_text(fast).endswith("is that right?")
    assert effectiveness_bars(Effectiveness(0, 0, 0, 0, 0, 1)).count("–") == 4


def test_capability_in_words() -> None:
    limits = Limits.around(5.0, 2.0)
    assert capability_text(capability(np.array([]), limits), limits, "g").startswith("No weights")
    text = capability_text(capability(np.array([4.99, 5.0, 5.01]), limits), limits, "g")
    assert text == "Last 3 weights: mean 5 g, deviation 0.01 g, limits 4.9 to 5.1 g, Cpk 3.33, 0 outside"


class Kept:
    """A store that has a line in it: 100 s in Execute, then held; a counter that was reset."""

    def __init__(self, page: FillingLineScreen) -> None:
        counts = np.array([0.0, 50.0, 100.0, 0.0, 30.0])
        self.points = {
            page.state: [(0, 6.0), (100, 11.0)],
            page.mode: [(0, 1.0)],
            str(page.stop_reason): [(0, 0.0), (100, 103.0)],
            page.counters.processed: list(zip(range(0, 100, 20), counts.tolist(), strict=True)),
            page.counters.defective: [(0, 0.0), (50, 3.0)],
        }

    async def buckets(self, tags: list[str], from_ns: int, to_ns: int, count: int) -> list[Buckets]:
        grid = Grid.over(from_ns, to_ns, count)
        return [summarise(grid, [Summaries.of_points(*self.columns(tag))]) for tag in tags]

    async def raw(self, tags: list[str], from_ns: int, to_ns: int) -> StoredPoints:
        found = []
        for number, tag in enumerate(tags):
            times, values, quality = self.columns(tag)
            found.append((np.full(len(times), number), times, values, quality))
        numbers, times, values, quality = (np.concatenate(column) for column in zip(*found, strict=True))
        return StoredPoints.of(tags, tag=numbers, source_ns=times, value=values, quality=quality)

    def columns(self, tag: str) -> tuple[Any, Any, Any]:
        rows = self.points.get(tag, [])
        times = np.array([time_s * S for time_s, _ in rows], np.int64)
        return times, np.array([value for _, value in rows], float), np.zeros(len(rows), np.uint32)


async def test_what_a_line_did(site: Site) -> None:
    page = site.units["fill"].screen
    assert isinstance(page, FillingLineScreen)
    assert design_speed_per_s(site, page) == pytest.approx(200 / 60)
    bare = page.model_copy(update={"design_speed": Quantity(200.0, "")})
    assert design_speed_per_s(site, bare) == pytest.approx(200 / 60)
    found = await line_history(cast("Stored", Kept(page)), site, page, 0, 150 * S)
    speed = site.speed_of_tag(page.state)
    assert found.figures.total == 130.0
    assert found.figures.good == 127.0
    assert found.figures.run_s == pytest.approx(100 * speed)
    assert found.figures.unknown_s == 0.0
    assert [(stop.start_ns, stop.reason) for stop in found.stops] == [(100 * S, 103)]
    assert found.rejects == dict.fromkeys(page.rejects, 0.0)


async def test_weights_that_are_bad_or_nothing_are_left_out() -> None:
    points = StoredPoints.of(
        ("u/w",), tag=[0] * 4, source_ns=[1 * S, 2 * S, 3 * S, 4 * S], value=[5.0, 0.0, 5.1, 5.2],
        quality=[0, 0, BAD, 0]
    )  # fmt: skip

    class Store:
        async def raw(self, *_: Any) -> StoredPoints:
            return points

    assert await weighings(cast("Stored", Store()), "u/w", 5 * S) == [(1000.0, 5.0), (4000.0, 5.2)]
    trace = trace_of(points, 0, 10.0)
    assert np.isnan(trace.value).tolist() == [False, False, True, False]


def test_the_example_has_a_page_of_each_kind(site: Site) -> None:
    pages = {name: type(unit.screen).__name__ for name, unit in site.units.items()}
    assert pages == {
        "br1": "BioreactorScreen", "br2": "BioreactorScreen", "fill": "FillingLineScreen",
        "rooms": "CleanRoomsScreen",
    }  # fmt: skip
    rooms = site.units["rooms"].screen
    assert isinstance(rooms, CleanRoomsScreen)
    assert columns(rooms.rooms) == [["d"], ["c"], ["b"], ["a"]]
