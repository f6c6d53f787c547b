"""What faceplates say of a loop: which one, its parameters, its guards, its report, its profiles."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from config.load import load
from config.profiles import Segment
from config.screens import FillingLineScreen
from config.site import Site
from gateway.batch.context import Context
from gateway.hmi.doing import doing, used_for
from gateway.hmi.interlock_book import InterlockBook
from gateway.hmi.latest_events import LatestEvents
from gateway.hmi.live import Live
from gateway.hmi.loop_guards import values_now
from gateway.hmi.loop_profiles import describe
from gateway.hmi.loop_report import figure
from gateway.hmi.loop_tuning import configured, number, relay_text, units_of
from gateway.hmi.overview import key_values
from gateway.hmi.plate import about, loop_of

PLANT = Path(__file__).parents[3] / "config" / "examples" / "cmo" / "plant.yaml"


@pytest.fixture(scope="module")
def site() -> Site:
    return load(PLANT, {}).site


@pytest.mark.parametrize(
    ("tag", "loop"),
    [
        ("br1/temp.pv", "br1/temp"),
        ("br1/jacket.valve", "br1/temp"),
        ("br1/temp.sp", "br1/temp"),
        ("br1/base.pump", "br1/ph"),  # by the split that the loop writes
        ("br1/do.split.op", "br1/do"),
        ("br1/air.sp", "br1/air"),  # its own loop, not the one that gives the set-point
        ("br1/offgas.o2", None),
        ("fill/fill.trim", "fill/weight"),
    ],
)
def test_a_value_opens_the_loop_that_it_belongs_to(site: Site, tag: str, loop: str | None) -> None:
    assert loop_of(site, tag) == loop


def test_what_is_known_of_a_tag(site: Site) -> None:
    told = about(site, "br1/antifoam.pump")
    assert "range 0 to 100 %" in told
    assert any(line.startswith("Foam: ") and line.endswith("→ 30 %") for line in told)
    assert any(line.startswith("calculated: ") for line in about(site, "fill/oee.total"))


def test_parameters_are_compared_in_the_units_of_the_topic(site: Site) -> None:
    assert configured(site, "br1/temp", "ti") == 1500.0
    assert configured(site, "br1/temp", "sp_high") == pytest.approx(40.0)
    assert configured(site, "br1/ph", "gap") == pytest.approx(0.02)
    assert configured(site, "br1/temp", "sp_rate") is None
    assert configured(site, "br1/temp", "feed_forward.gain") is None
    units = units_of(site, "br1/temp")
    assert (units["kp"], units["ti"], units["sp_rate"], units["out_low"]) == ("", "s", "degC/s", "%")
    assert (number(None, "s"), number(1500.0, "s"), number(2.0, "")) == ("none", "1500 s", "2")


def test_the_overview_shows_what_the_page_names(site: Site) -> None:
    assert key_values(site, "fill")[:2] == ["fill/speed.pv", "fill/count.good"]
    bare = site.model_copy(
        update={"units": {n: u.model_copy(update={"screen": None}) for n, u in site.units.items()}}
    )
    assert "br1/foam.pv" in key_values(bare, "br1")


def test_conditions_are_told_with_what_they_look_at(site: Site) -> None:
    text = values_now(site, {"br1/stir.speed.pv": 12.3, "br1/volume.pv": None}, lambda name: "stir" in name)
    assert text == "now br1/stir.speed.pv = 12 rpm, br1/volume.pv = – L ?"
    assert values_now(site, {}, lambda _: True) == ""


def test_which_conditions_held_when_an_interlock_began() -> None:
    book = InterlockBook()
    assert book.conditions("u/x") == []
    event = {"type": "interlock", "name": "u/x", "time_ns": 1, "active": True, "conditions": ["a", "b"]}
    book.take(event)
    assert book.conditions("u/x") == ["a", "b"]


def test_the_newest_event_of_a_thing_counts() -> None:
    latest = LatestEvents(cast("Any", None))
    for time_ns, after in ((5, "running"), (9, "held"), (7, "aborted")):
        latest.take({"type": "profile", "name": "u/p", "time_ns": time_ns, "after": after})
    latest.take({"type": "alarm", "name": "u/p", "time_ns": 10})
    event = latest.of("profile", "u/p")
    assert event is not None
    assert event["after"] == "held"
    assert latest.of("autotune", "u/p") is None


def test_figures_as_people_read_them() -> None:
    assert figure("service_percent", 99.94, "degC") == "99.9 %"
    assert figure("mean_error", -0.0134, "degC") == "-0.0134 degC"
    assert figure("oscillating", True, "degC") == "yes"
    assert figure("variability_percent", None, "degC") == "–"


def test_a_relay_test_in_a_line() -> None:
    event: dict[str, Any] = {
        "time": "2026-01-02T03:04:05.000Z",
        "state": "aborted",
        "reason": "the PV went too far",
        "cycle": None,
    }
    assert relay_text(event) == "2026-01-02T03:04:05: test aborted, the PV went too far"
    event |= {"state": "finished", "reason": "", "cycle": {"period_s": 3600.0, "ultimate_gain": 12.5}}
    assert relay_text(event) == "2026-01-02T03:04:05: test finished, period 3600 s, ultimate gain 12.5"


def test_segments_in_words() -> None:
    ramp = Segment.model_validate(
        {"name": "cool", "ramp_to": "33 degC", "rate": "0.5 degC/h", "within": "0.5 degC", "timeout": 86400.0}
    )
    assert describe(ramp) == "cool: to 33 degC at 0.5 degC/h (within 0.5 degC) [1 d at most, then hold]"
    assert describe(Segment(hold=7200.0, until="a > 1")) == "hold 2 h until a > 1"


def seen(site: Site, numbers: dict[str, float], *, holds: bool = True) -> Live:
    """Return a plant in which these numbers are known."""
    return cast(
        "Live", SimpleNamespace(site=site, number=numbers.get, holds=lambda _: holds, show=lambda _: None)
    )


def test_what_a_line_is_doing(site: Site) -> None:
    running = {"fill/packml.state": 6.0, "fill/packml.mode": 1.0, "fill/packml.stop_reason": 0.0}
    assert doing(seen(site, running), "fill") == ("EXECUTE · production", True)
    held = running | {"fill/packml.state": 11.0, "fill/packml.stop_reason": 103.0}
    assert doing(seen(site, held), "fill") == ("HELD · production · Jam at the crimper", False)
    other = held | {"fill/packml.stop_reason": 77.0, "fill/packml.mode": 3.0}
    assert doing(seen(site, other), "fill") == ("HELD · manual · reason 77", False)
    assert doing(seen(site, running, holds=False), "fill")[0].endswith("?")
    assert doing(seen(site, {}), "rooms") == ("", True)
    assert isinstance(site.units["fill"].screen, FillingLineScreen)


def test_what_a_unit_is_used_for() -> None:
    assert used_for(Context("C7", "B12", "growth")) == "campaign C7 · batch B12 · phase growth"
    assert used_for(Context()) == ""
