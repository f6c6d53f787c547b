"""What the alarm pages show: rows, filters, orders, and the sound."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.access import Role, User
from config.alarm_management import AlarmClass, AlarmManagement
from config.alarms import Alarm, AlarmType, Priority
from config.quantities import Quantity
from config.site import Gateway, Site, SiteIdentity
from config.tags import Tag
from config.units import Unit
from gateway.alarms.book import AlarmBook, AlarmLine, calling
from gateway.commands.alarms import why_not_service
from gateway.hmi import texts
from gateway.hmi.alarm_about import record
from gateway.hmi.alarm_journal import JournalFilter, entry
from gateway.hmi.alarm_rows import AlarmFilter, ordered, row, shelf_times_s
from gateway.stream.alarm_events import AlarmCause
from tests.unit.hmi.test_books import alarm as event

HIGH = Alarm(
    tag="br1/temp.pv", type=AlarmType.HIGH, limit=Quantity(37.5), display_name="Too hot", alarm_class="gmp",
    cause="Valve worn", action="Call the engineer", time_to_respond=600.0,
)  # fmt: skip
SITE = Site(
    site=SiteIdentity(name="s"),
    gateway=Gateway(name="gw1"),
    units={
        "br1": Unit(
            area="a", cell="c", display_name="Bioreactor 1", tags={"temp.pv": Tag(unit="degC", format=".1f")},
            alarms={"temp.high": HIGH, "temp.low": HIGH.model_copy(update={"display_name": ""})},
        ),
        "br2": Unit(area="a", cell="c"),
    },
    alarm_management=AlarmManagement(
        classes={
            "gmp": AlarmClass(max_shelve=1800.0, out_of_service=[Role.SUPERVISOR]),
            "safety": AlarmClass(max_shelve=0.0, out_of_service=[]),
        }
    ),
)  # fmt: skip


def line(name: str = "br1/temp.high", state: str = "B", **more: Any) -> AlarmLine:
    fields: dict[str, Any] = {
        "unit": name.partition("/")[0], "tag": "br1/temp.pv", "type": "high", "priority": Priority.HIGH,
        "occurrence": 2**60 + 1, "onset_ns": 10**18, "changed_ns": 10**18, "value": 38.04, "limit": 37.5,
        "active": state in "BC",
    }  # fmt: skip
    return AlarmLine(name=name, state=state, **fields | more)


def test_a_row_says_it_in_words() -> None:
    shown = row(SITE, line(), first=True)
    assert shown["state"] == "B · UNACKNOWLEDGED"
    assert (shown["alarm"], shown["unit"]) == ("Too hot", "Bioreactor 1")
    assert shown["value"] == "38.0 degC / 37.5 degC"
    assert shown["occurrence"] == str(2**60 + 1)
    assert shown["first"] == texts.FIRST
    assert "acked" in row(SITE, line(state="C"), first=False)["classes"]


def test_an_alarm_of_a_device_has_no_value() -> None:
    assert row(SITE, line("br2/lost", tag="", value=None, limit=None), first=False)["value"] == texts.NO_VALUE


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({}, ["br1/temp.high", "br1/temp.low", "br2/lost"]),
        ({"unit": "br2"}, ["br2/lost"]),
        ({"priority": "low"}, ["br1/temp.low"]),
        ({"unacknowledged": True}, ["br1/temp.high", "br2/lost"]),
        ({"text": "HOT too"}, ["br1/temp.high"]),
        ({"text": "temp.low"}, ["br1/temp.low"]),
        ({"text": "nothing"}, []),
    ],
)
def test_a_filter_leaves_what_was_asked_for(chosen: dict[str, Any], names: list[str]) -> None:
    lines = [line(), line("br1/temp.low", "C", priority=Priority.LOW), line("br2/lost", "D")]
    wanted = AlarmFilter(**chosen)
    assert [each.name for each in lines if wanted.takes(SITE, each)] == names


@given(
    st.builds(
        AlarmFilter,
        unit=st.none() | st.sampled_from(["br1", "b&r=2", "#"]),
        priority=st.none() | st.sampled_from([str(p) for p in Priority]),
        unacknowledged=st.booleans(),
        text=st.text(max_size=20),
    )
)
def test_an_address_reopens_a_filter(wanted: AlarmFilter) -> None:
    from starlette.datastructures import QueryParams

    assert AlarmFilter.parse(QueryParams(wanted.query.removeprefix("?")).items()) == wanted


@given(
    st.builds(
        JournalFilter,
        span_s=st.sampled_from([3600, 28800, 2592000]),
        until_s=st.none() | st.integers(1, 2**32),
        unit=st.none() | st.sampled_from(["br1", "é &"]),
        priority=st.none() | st.sampled_from([str(p) for p in Priority]),
        kind=st.none() | st.sampled_from(sorted(texts.ALARM_CAUSES)),
        text=st.text(max_size=20),
    )
)
def test_an_address_reopens_a_journal(wanted: JournalFilter) -> None:
    from starlette.datastructures import QueryParams

    assert JournalFilter.parse(QueryParams(wanted.path.partition("?")[2])) == wanted


@pytest.mark.parametrize("query", [{"span": "²"}, {"until": "9" * 40}, {"priority": "worst"}, {"kind": "x"}])
def test_an_address_that_means_nothing_shows_the_usual(query: dict[str, str]) -> None:
    assert JournalFilter.parse(query) == JournalFilter()


def test_tables_are_sorted_by_what_is_meant_not_by_letters() -> None:
    lines = [line("a/x", priority=Priority.LOW), line("b/x", priority=Priority.CRITICAL), line("c/x")]
    assert [each.unit for each in ordered(lines, "priority", descending=False)] == ["b", "c", "a"]
    assert [each.unit for each in ordered(lines, "alarm", descending=True)] == ["c", "b", "a"]
    assert ordered(lines, "no such column", descending=True) == lines


def test_shelf_times_end_where_the_class_ends_them() -> None:
    def of(alarm_class: str | None) -> list[float]:
        return shelf_times_s(SITE, HIGH.model_copy(update={"alarm_class": alarm_class}))

    assert of("gmp") == [300.0, 900.0, 1800.0]
    assert of("safety") == []
    assert of(None) == [300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0]


def test_only_what_stands_unacknowledged_is_heard() -> None:
    assert calling([]) == ("", 0)
    assert calling([line(state=state) for state in "CDEF"]) == ("", 0)
    both = [line(priority=Priority.LOW, changed_ns=9_000_000), line(changed_ns=5_000_000)]
    assert calling(both) == ("high", 9)


def test_a_class_says_who_takes_out_of_service() -> None:
    operator, supervisor = (User(role=role, public_key="") for role in (Role.OPERATOR, Role.SUPERVISOR))
    assert why_not_service(SITE, supervisor, HIGH, "remove_from_service") is None
    assert "supervisor may" in (why_not_service(SITE, operator, HIGH, "remove_from_service") or "")


def test_the_rationalisation_shows_what_was_written() -> None:
    assert record(HIGH) == [
        (texts.CAUSE, "Valve worn"), (texts.ACTION, "Call the engineer"), (texts.TIME_TO_RESPOND, "10 min"),
    ]  # fmt: skip


def test_every_cause_has_a_word() -> None:
    assert set(texts.ALARM_CAUSES) == {*get_args(AlarmCause), "first_out"}


def told(**more: Any) -> dict[str, Any]:
    at = {"id": "1", "time": "2026-11-22T10:00:00.123456789Z", "before": "A", "cause": "raise"}
    return {**event("br1/temp.high", "B", 5), **at, "tag": "br1/temp.pv", **more}


def test_a_journal_entry_says_what_happened() -> None:
    shown = entry(SITE, told(cause="shelve", before="B", after="G", user="ann", value=38.04))
    assert (shown["happened"], shown["state"], shown["by"]) == ("shelved", "B → G", "ann")
    assert (shown["time"], shown["value"]) == ("2026-11-22 10:00:00.123", "38.0 degC")
    group = {"type": "alarm_first_out", "name": "br1/trips", "unit": "br1", "id": "2", "time": "x" * 30}
    assert entry(SITE, {**group, "first": None, "indeterminate": True})["state"] == texts.CANNOT_BE_TOLD
    assert entry(SITE, {**group, "first": None, "indeterminate": False})["state"] == texts.GROUP_RESET
    assert (
        entry(SITE, {**group, "first": "br1/temp.high", "indeterminate": False})["state"] == "br1/temp.high"
    )


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ({"kind": "raise"}, True), ({"kind": "shelve"}, False), ({"text": "ann hot"}, True),
        ({"unit": "br2"}, False), ({"priority": "high"}, True), ({"priority": "low"}, False),
    ],
)  # fmt: skip
def test_a_journal_is_filtered(chosen: dict[str, Any], shown: bool) -> None:
    assert JournalFilter(**chosen).takes(SITE, told(user="ann")) is shown


def first_out(first: str | None, time_ns: int) -> dict[str, Any]:
    return {"type": "alarm_first_out", "name": "br1/trips", "first": first, "time_ns": time_ns}


def test_a_first_out_stands_until_its_group_is_reset() -> None:
    book = AlarmBook()
    book.take(first_out("br1/temp.high", 10))
    book.take(first_out("br1/temp.low", 5))
    assert book.came_first("br1/temp.high")
    assert not book.came_first("br1/temp.low")
    version = book.version
    book.take(first_out(None, 20))
    assert not book.came_first("br1/temp.high")
    assert book.version != version
    book.take(first_out("br1/temp.high", 30))
    book.take({"type": "gateway", "state": "started", "time_ns": 40})
    assert not book.came_first("br1/temp.high")
