"""The books of alarms and interlocks, made of events in whatever order they come."""

from __future__ import annotations

from typing import Any

from gateway.alarms.book import AlarmBook, counts
from gateway.hmi.interlock_book import InterlockBook


def alarm(name: str, after: str, time_ns: int, *, priority: str = "high", **more: Any) -> dict[str, Any]:
    seen = {"name": name, "unit": name.partition("/")[0], "tag": f"{name}.pv", "occurrence": 2**60 + 1}
    what = {"alarm_type": "high", "priority": priority, "after": after, "value": 1.0, "limit": 0.5}
    what |= {"active": after in "BC"}
    return {"type": "alarm", **seen, **what, "onset_ns": time_ns, "time_ns": time_ns, **more}


STARTED = {"type": "gateway", "state": "started"}


def test_unacknowledged_come_first_then_priority_then_the_newest() -> None:
    book = AlarmBook()
    for event in (
        alarm("u/acknowledged", "C", 9, priority="critical"),
        alarm("u/old", "B", 1),
        alarm("u/returned", "D", 3, priority="critical"),
        alarm("u/new", "B", 2),
        alarm("u/normal", "A", 4),
    ):
        book.take(event)
    assert [line.name for line in book.lines()] == ["u/returned", "u/new", "u/old", "u/acknowledged"]
    assert counts(book.lines()) == (4, 3)


def test_the_newest_event_of_an_alarm_counts_however_they_come() -> None:
    book = AlarmBook()
    book.take(alarm("u/x", "C", 20))
    book.take(alarm("u/x", "B", 10))
    assert [line.state for line in book.lines()] == ["C"]


def test_an_occurrence_is_kept_to_the_last_digit() -> None:
    book = AlarmBook()
    book.take(alarm("u/x", "B", 1))
    assert book.lines()[0].occurrence == 2**60 + 1


def test_a_started_gateway_has_no_alarms_of_before() -> None:
    book = AlarmBook()
    book.take(alarm("u/before", "B", 10))
    book.take({**STARTED, "time_ns": 20})
    book.take(alarm("u/late", "B", 15))
    book.take(alarm("u/after", "B", 25))
    assert [line.name for line in book.lines()] == ["u/after"]
    book.take({**STARTED, "time_ns": 20})
    assert [line.name for line in book.lines()] == ["u/after"]


def test_alarms_of_units_that_may_not_be_seen_are_left_out() -> None:
    book = AlarmBook()
    book.take(alarm("br1/x", "B", 1))
    book.take(alarm("br2/x", "B", 2))
    assert [line.name for line in book.lines(("br1",))] == ["br1/x"]


def test_a_tag_has_the_mark_of_its_worst_alarm() -> None:
    book = AlarmBook()
    book.take(alarm("u/warning", "B", 1, priority="low", tag="u/t"))
    book.take(alarm("u/danger", "B", 2, priority="critical", tag="u/t"))
    assert book.by_tag()["u/t"].name == "u/danger"


def test_what_is_not_annunciated_stands_apart() -> None:
    book = AlarmBook()
    book.take(alarm("u/shelved", "G", 1, active=True, shelved_until_ns=99, user="ann"))
    book.take(alarm("u/suppressed", "H", 2))
    book.take(alarm("u/standing", "B", 3))
    assert [line.name for line in book.lines()] == ["u/standing"]
    assert [line.name for line in book.silent()] == ["u/shelved", "u/suppressed"]
    shelved = book.silent(("u",))[0]
    assert (shelved.active, shelved.shelved_until_ns, shelved.changed_by) == (True, 99, "ann")


def interlock(active: bool, time_ns: int) -> dict[str, Any]:
    return {"type": "interlock", "name": "u/i", "active": active, "time_ns": time_ns}


def test_an_interlock_acts_until_it_ends_or_the_gateway_starts_anew() -> None:
    book = InterlockBook()
    assert not book.is_active("u/i")
    book.take(interlock(True, 10))
    book.take(interlock(False, 5))
    assert book.is_active("u/i")
    book.take({**STARTED, "time_ns": 20})
    assert not book.is_active("u/i")
    book.take(interlock(True, 21))
    assert book.is_active("u/i")
    book.take(interlock(False, 22))
    assert not book.is_active("u/i")


def bypass(until_ns: int | None, time_ns: int) -> dict[str, Any]:
    return {"type": "bypass", "name": "u/i", "until_ns": until_ns, "time_ns": time_ns}


def test_a_bypass_is_shown_until_it_ends() -> None:
    book = InterlockBook()
    assert book.bypassed_until_ns("u/i", 0) is None
    book.take(bypass(50, 10))
    assert (book.bypassed_until_ns("u/i", 49), book.bypassed_until_ns("u/i", 50)) == (50, None)
    book.take(bypass(None, 20))
    book.take(bypass(50, 10))
    assert book.bypassed_until_ns("u/i", 30) is None
    book.take(bypass(60, 30))
    book.take({**STARTED, "time_ns": 35})
    assert book.bypassed_until_ns("u/i", 40) == 60


def test_an_interlock_keeps_what_came_first() -> None:
    book = InterlockBook()
    assert book.first_out("u/i") is None
    book.take({**interlock(True, 10), "first_out": "stopped"})
    assert book.first_out("u/i") == "stopped"
