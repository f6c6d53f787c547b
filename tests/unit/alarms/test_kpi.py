"""Measures of alarm management, against counts made by hand and against a plain second computation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.alarms import Priority
from gateway.alarms.kpi import DAY_NS, HOUR_NS, SECOND_NS, TEN_MINUTES_NS, chatter_index, measure
from gateway.alarms.record import read_record
from gateway.alarms.targets import TARGETS, Verdict, is_enough

MINUTE_NS = 60 * SECOND_NS


class Story:
    """Events of alarms, told in the order of their time."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._occurrence = 0

    def event(self, time_ns: int, name: str, after: str, cause: str, **more: Any) -> None:
        common = {"type": "alarm", "unit": name.split("/", maxsplit=1)[0], "name": name, "time_ns": time_ns}
        about = {"priority": "low", "active": after in "BC", "occurrence": self._occurrence}
        called = {"annunciated_ns": None, "after": after, "cause": cause}
        self.events.append(common | about | called | more)

    def call(self, time_ns: int, name: str = "u/a", **more: Any) -> None:
        """Raise an alarm."""
        self._occurrence += 1
        self.event(time_ns, name, "B", "raise", annunciated_ns=time_ns, **more)

    def end(self, time_ns: int, name: str = "u/a") -> None:
        self.event(time_ns, name, "D", "clear")

    def measured(self, span_ns: int, units: list[str] | None = None) -> Any:
        ordered = sorted(self.events, key=lambda event: event["time_ns"])
        return measure(read_record(ordered), units, 0, span_ns)


def test_rates_are_per_time() -> None:
    story = Story()
    for n in range(144 * 2):
        story.call(n * 10 * MINUTE_NS, f"u/{n % 20}")
    got = story.measured(2 * DAY_NS)
    assert (got.count, got.per_day, got.per_hour, got.per_ten_minutes) == (288, 144.0, 6.0, 1.0)
    assert (got.most_in_ten_minutes, got.floods, got.in_flood) == (1, (), 0.0)
    assert len(got.top) == 10
    assert got.top_share == pytest.approx(0.5, abs=0.03)
    verdicts = {target.name: target.judge(got) for target in TARGETS}
    assert verdicts["alarms a day"] is Verdict.GOOD
    assert verdicts["share of the ten most frequent"] is Verdict.BAD
    assert not is_enough(got)


def test_a_flood_begins_above_ten_and_ends_below_five() -> None:
    story = Story()
    for period, count in enumerate([3, 11, 7, 5, 4, 10]):
        for n in range(count):
            story.call(period * TEN_MINUTES_NS + n * MINUTE_NS // 2)
    got = story.measured(HOUR_NS)
    (flood,) = got.floods
    assert (flood.begin_ns, flood.end_ns, flood.count) == (TEN_MINUTES_NS, 4 * TEN_MINUTES_NS, 23)
    assert got.in_flood == 0.5
    assert got.most_in_ten_minutes == 11
    assert got.busy_ten_minutes == pytest.approx(1 / 6)
    assert got.busy_hours == 1.0


def test_chattering_fleeting_and_stale_are_told_apart() -> None:
    story = Story()
    for n in range(3):
        story.call(n * 20 * SECOND_NS, "u/chatters")
        story.end(n * 20 * SECOND_NS + 5 * SECOND_NS, "u/chatters")
    story.call(HOUR_NS, "u/fleets")
    story.end(HOUR_NS + 4 * SECOND_NS, "u/fleets")
    story.call(2 * HOUR_NS, "u/stale")
    story.call(3 * HOUR_NS, "u/fine")
    story.end(4 * HOUR_NS, "u/fine")
    got = story.measured(27 * HOUR_NS)
    assert list(got.chattering) == ["u/chatters"]
    assert got.chattering["u/chatters"] == pytest.approx(1 / 20)
    assert (got.fleeting, got.stale) == (("u/fleets",), ("u/stale",))


def test_the_chatter_index_is_the_mean_of_inverse_runs() -> None:
    assert chatter_index([]) == chatter_index([5]) == 0.0
    assert chatter_index([0, SECOND_NS, 2 * SECOND_NS]) == 1.0
    assert chatter_index([0, 10 * SECOND_NS, 110 * SECOND_NS]) == pytest.approx((1 / 10 + 1 / 100) / 2)


def test_priorities_consoles_and_silences() -> None:
    story = Story()
    for n, priority in enumerate(["low"] * 8 + ["high"] * 2):
        story.call(n * MINUTE_NS, "br1/a", priority=priority)
    story.call(0, "fill/a", priority="critical")
    story.event(MINUTE_NS, "fill/a", "G", "shelve")
    story.event(MINUTE_NS, "br1/a", "I", "remove")
    story.event(-MINUTE_NS, "br1/a", "I", "remove")
    upstream = story.measured(HOUR_NS, ["br1"])
    assert upstream.priorities == {
        Priority.LOW: 0.8, Priority.MEDIUM: 0.0, Priority.HIGH: 0.2, Priority.CRITICAL: 0.0,
    }  # fmt: skip
    assert (upstream.count, upstream.silenced) == (10, {"remove": 1})
    assert story.measured(HOUR_NS, ["fill"]).silenced == {"shelve": 1}
    assert story.measured(HOUR_NS).count == 11


def test_an_occurrence_counts_once_and_what_is_only_logged_does_not() -> None:
    story = Story()
    story.call(MINUTE_NS)
    story.event(2 * MINUTE_NS, "u/a", "C", "acknowledge", annunciated_ns=MINUTE_NS)
    story.event(3 * MINUTE_NS, "u/b", "G", "raise", active=True)
    got = story.measured(HOUR_NS)
    assert got.count == 1


def test_a_cold_start_ends_what_stood() -> None:
    story = Story()
    story.call(0)
    start = {"type": "gateway", "state": "started", "time_ns": HOUR_NS}
    warm = read_record([*story.events, start | {"start": "warm"}])
    cold = read_record([*story.events, start | {"start": "cold"}])
    assert [one.ended_ns for one in warm.standings] == [None]
    assert [one.ended_ns for one in cold.standings] == [HOUR_NS]


def test_no_alarms_are_good_ones() -> None:
    got = Story().measured(31 * DAY_NS)
    assert all(target.judge(got) is Verdict.GOOD for target in TARGETS)
    assert is_enough(got)
    with pytest.raises(ValueError, match="empty"):
        Story().measured(0)


@settings(max_examples=60)
@given(seconds=st.lists(st.integers(0, 7199), max_size=120))
def test_counts_are_those_of_a_plain_computation(seconds: list[int]) -> None:
    story = Story()
    for second in sorted(seconds):
        story.call(second * SECOND_NS, f"u/{second % 13}")
    got = story.measured(2 * HOUR_NS)
    tens = [sum(1 for s in seconds if s // 600 == n) for n in range(12)]
    assert got.count == len(seconds)
    assert got.most_in_ten_minutes == max(tens)
    assert got.busy_ten_minutes == sum(t > 10 for t in tens) / 12
    inside, covered = False, 0
    for t in tens:
        inside = t > 10 if not inside else t >= 5
        covered += inside
    assert got.in_flood == pytest.approx(covered / 12)
    assert sum(one.count for one in got.top) <= len(seconds)
    assert got.top_share <= 1.0
    assert sum(got.priorities.values()) == pytest.approx(1.0 if seconds else 0.0)
