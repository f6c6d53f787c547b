"""The event log: filters that a link keeps, and no match overlooked however far back it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.site import Gateway, Site, SiteIdentity
from config.streams import Historian, Streams
from gateway.historian.api import EventFilter
from gateway.hmi import texts
from gateway.hmi.event_log import matching
from gateway.hmi.event_view import SPANS_S, EventView
from gateway.hmi.event_words import describe
from gateway.hmi.stored import Stored
from gateway.stream.event_schemas import schemas

UNITS = frozenset(("br1", "br2", "_gateway"))


def test_every_kind_of_event_has_a_name() -> None:
    assert texts.EVENT_KINDS.keys() == schemas().keys()


@given(
    st.frozensets(st.sampled_from(sorted(texts.EVENT_KINDS))),
    st.frozensets(st.sampled_from(sorted(UNITS))),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20),
    st.sampled_from(sorted(SPANS_S)),
    st.none() | st.integers(1, 2**32),
)
def test_the_address_reopens_the_log(
    kinds: frozenset[str], units: frozenset[str], text: str, span_s: int, until_s: int | None
) -> None:
    view = EventView(kinds, units, text, span_s, until_s)
    assert EventView.parse(dict(parse_qsl(urlsplit(view.path).query)), UNITS) == view


def test_what_makes_no_sense_in_an_address_is_left_out() -> None:
    query = {"kinds": "alarm,nonsense", "units": "br1,secret", "span": "7", "until": "tomorrow"}
    assert EventView.parse(query, UNITS) == EventView(frozenset({"alarm"}), frozenset({"br1"}))


@pytest.mark.parametrize(
    ("view", "taken"),
    [
        (EventView(), True),
        (EventView(kinds=frozenset({"mode"})), False),
        (EventView(units=frozenset({"br2"})), False),
        (EventView(text="ALARM br1 38"), True),
        (EventView(text="alarm br2"), False),
        (EventView(text="ann"), True),
    ],
)
def test_words_are_looked_for_in_all_that_is_shown(view: EventView, taken: bool) -> None:
    event = {"type": "alarm", "unit": "br1", "user": "ann"}
    assert view.takes(event, "br1/temp.high at 38.1 degC") is taken


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"type": "mode", "name": "u/l", "before": "auto", "after": "manual"}, "u/l: auto → manual"),
        ({"type": "set_point", "name": "u/l", "before": None, "after": 5.0}, "u/l: – → 5"),
        (
            {
                "type": "command",
                "kind": "set_point",
                "target": "u/l",
                "value": 5.0,
                "accepted": False,
                "reason": "no",
            },
            "u/l: set point 5: Refused: no",
        ),
        ({"type": "context", "campaign": "C", "batch": "B", "phase": ""}, "Campaign C, Batch B"),
        ({"type": "device", "device": "d", "state": "lost", "reason": "silent"}, "d: lost: silent"),
        (
            {"type": "interlock", "name": "u/i", "active": True, "forces": {"u/p": 0.0}},
            "u/i: ACTIVE, forces u/p 0",
        ),
        ({"type": "armed", "armed": True}, "armed yes"),
        (
            {"type": "gap", "first": 3, "last": 5, "reason": "quarantined"},
            "3 messages will not come: no broker takes them",
        ),
    ],
)
def test_an_event_is_told_in_words(event: dict[str, Any], words: str) -> None:
    site = Site(site=SiteIdentity(name="s"), gateway=Gateway(name="g"))
    assert describe(event, site) == words


class Kept(Stored):
    """A store with an event at each of some times, in ns."""

    def __init__(self, times: list[int]) -> None:
        super().__init__(Streams(historians=[Historian(name="h")]), Path())
        self._events: list[dict[str, Any]] = [
            {"id": f"{n:06d}", "time_ns": t, "odd": t % 2 == 1} for n, t in enumerate(sorted(times))
        ]

    async def events(self, which: EventFilter) -> list[dict[str, Any]]:
        found = [event for event in self._events if which.from_ns <= event["time_ns"] < which.to_ns]
        return found[-which.limit :]


@given(st.lists(st.integers(0, 60), unique=True, max_size=50), st.integers(2, 6))
async def test_every_match_of_a_range_is_found_or_said_to_be_further_back(
    times: list[int], limit: int
) -> None:
    stored = Kept(times)
    found, read_ns = await matching(stored, EventFilter(10, 50, limit=limit), lambda event: event["odd"])
    wanted = [t for t in sorted(times) if read_ns <= t < 50 and t >= 10 and t % 2]
    assert list(dict.fromkeys(event["time_ns"] for event in found if event["time_ns"] >= read_ns)) == wanted
    assert read_ns >= 10
    await stored.close()
