"""From the inbox to the image and the reports: what enters, what is news, what is stale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from control import signal as s
from tests.unit.control.plant import STEP_NS, UTC_NS, Plant, Tags, site


def plant(**pv: Any) -> Plant:
    return Plant(site({"pv": pv}))


def test_every_sample_passes_the_news_filter() -> None:
    tested = plant(report={"deadband": 1.0})
    for n, value in enumerate((10.0, 10.5, 11.5, 11.0, 14.0)):
        tested.sample("pv", value, source_ns=UTC_NS + n)
    tested.scan()
    assert tested.reported("pv")["value"].tolist() == [10.0, 11.5, 14.0]
    assert tested.value("pv") == 14.0


def test_change_of_quality_is_news() -> None:
    tested = plant(report={"deadband": 1.0})
    tested.sample("pv", 10.0)
    tested.sample("pv", 10.0, s.UNCERTAIN | s.SENSOR)
    tested.sample("pv", 10.0, s.UNCERTAIN | s.SENSOR)
    tested.sample("pv", math.nan, s.BAD | s.COMM)
    tested.sample("pv", math.nan, s.BAD | s.COMM)
    tested.scan()
    assert tested.reported("pv")["quality"].tolist() == [s.GOOD, s.UNCERTAIN | s.SENSOR, s.BAD | s.COMM]


def test_scaling_range_and_clamp() -> None:
    scaling = {"raw_low": 0, "raw_high": 4000, "low": -20, "high": 180}
    tested = plant(scaling=scaling, low=0, high=100)
    tested.sample("pv", 2000.0)
    tested.sample("pv", 4000.0)
    tested.scan()
    rows = tested.reported("pv")
    assert rows["value"].tolist() == [80.0, 180.0]
    assert rows["quality"].tolist() == [s.GOOD, s.UNCERTAIN | s.RANGE]
    tested = plant(scaling=scaling | {"clamp": True})
    tested.sample("pv", 5000.0)
    tested.sample("pv", -1.0)
    tested.scan()
    rows = tested.reported("pv")
    assert rows["value"].tolist() == [180.0, -20.0]
    assert rows["quality"].tolist() == [s.CLAMPED, s.CLAMPED]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_bad(value: float) -> None:
    tested = plant()
    tested.sample("pv", value)
    tested.scan()
    row = tested.reported("pv")[0]
    assert math.isnan(row["value"])
    assert row["quality"] == s.BAD | s.NOT_A_NUMBER


def test_the_protocols_status_travels_along() -> None:
    tested = plant()
    rows = np.zeros(1, s.SAMPLE)
    rows["value"], rows["status"], rows["quality"] = 1.0, 0x80AB0000, s.BAD | s.DEVICE
    tested.inbox.push(rows)
    tested.scan()
    assert tested.reported("pv")["status"].tolist() == [0x80AB0000]
    assert tested.state.image.status[0] == 0x80AB0000


def test_samples_of_one_source_time_are_told_apart() -> None:
    tested = plant()
    for value in (1.0, 2.0, 3.0):
        tested.sample("pv", value, source_ns=UTC_NS)
    tested.sample("pv", 4.0, source_ns=UTC_NS + 1)
    tested.scan()
    rows = tested.reported("pv")
    assert rows[["value", "ordinal"]].tolist() == [(1.0, 0), (2.0, 1), (3.0, 2), (4.0, 0)]


def test_an_older_sample_is_reported_but_does_not_enter() -> None:
    tested = plant()
    tested.scan(pv=1.0)
    newest = int(tested.state.image.source_ns[0])
    tested.sample("pv", 9.0, source_ns=newest - 5)
    tested.sample("pv", 8.0, source_ns=newest - 5)
    tested.sample("pv", 7.0, source_ns=newest)
    tested.scan()
    rows = tested.reported("pv")
    assert rows[["value", "ordinal"]].tolist() == [(1.0, 0), (9.0, 0), (8.0, 1), (7.0, 1)]
    assert tested.value("pv") == 7.0
    assert tested.counter("late") == 2


def test_a_clock_set_back_makes_no_sample_late() -> None:
    tested = plant()
    tested.scan(pv=1.0)
    tested.utc_ns -= 3600 * 10**9
    tested.scan(pv=2.0)
    assert tested.value("pv") == 2.0
    assert tested.counter("late") == 0


def test_the_first_value_after_a_lost_link_may_be_old() -> None:
    tested = plant()
    tested.scan(pv=1.0)
    source_ns = int(tested.state.image.source_ns[0])
    tested.sample("pv", math.nan, s.BAD | s.COMM, source_ns=tested.utc_ns + STEP_NS)
    tested.scan()
    tested.sample("pv", 1.0, source_ns=source_ns)
    tested.scan()
    assert (tested.value("pv"), tested.quality("pv")) == (1.0, s.GOOD)


def test_an_hour_of_history_moves_nothing() -> None:
    tags: Tags = {"pv": {"stale_after": "1 s"}, "out": {"access": "write", "low": 0, "high": 100}}
    tested = Plant(
        site(
            tags,
            loops={"l": {"pv": "u/pv", "output": "u/out", "kp": 1, "ti": "9 s", "sp": 50}},
            alarms={"a": {"tag": "u/pv", "type": "high", "limit": 80}},
            calculations={"twice": {"expression": "2 * u/pv"}},
        )
    )
    tested.scan(5, pv=50.0)
    tested.outputs.pop(1000)
    tested.transitions.pop(100)
    image = tested.state.image.copy()
    reported = 0
    for start in range(0, 3600, 200):
        for second in range(start, start + 200):
            source_ns = UTC_NS - (3600 - second) * 10**9
            tested.sample("pv", 99.0, s.HISTORY, source_ns=source_ns)
        tested.sample("pv", 50.0)
        tested.scan()
        rows = tested.reports.pop(1000)
        reported += int((rows["quality"] == s.HISTORY).sum())
    assert reported == 3600
    assert tested.written("out") == []
    assert len(tested.transitions.pop(100)) == 0
    assert tested.value("twice") == 100.0
    assert (tested.state.image.value == image.value).all()


def test_rows_of_no_tag_are_counted() -> None:
    tested = Plant(site({"pv": {}, "name": {"kind": "text"}, "inner": {"device": None}}))
    rows = np.zeros(5, s.SAMPLE)
    rows["tag"] = [1, 2, 3, -2, 10_000]
    tested.inbox.push(rows)
    tested.scan()
    assert tested.counter("unknown") == 5
    assert len(tested.reports.pop(10)) == 0


def test_filter_follows_plant_time() -> None:
    simulation = {"speed": 10, "devices": {"d": {"model": "bioreactor"}}}
    tested = Plant(site({"pv": {"filter_time": "5 s"}}, simulation=simulation))
    tested.scan(pv=0.0)
    tested.scan(5, pv=1.0)
    assert tested.value("pv") == pytest.approx(1.0 - math.exp(-1.0))


def test_filter_counts_the_time_between_samples_of_one_scan() -> None:
    tested = plant(filter_time="400 ms")
    tested.scan(pv=0.0)
    first = tested.utc_ns
    for n in range(1, 11):
        tested.sample("pv", 1.0, source_ns=first + n * STEP_NS // 10)
    tested.scan()
    assert tested.value("pv") == pytest.approx(1.0 - math.exp(-0.25))


def test_filter_starts_again_where_it_was_after_a_bad_value() -> None:
    tested = plant(filter_time="1 s")
    tested.scan(3, pv=4.0)
    tested.sample("pv", math.nan, s.BAD | s.SENSOR)
    tested.scan()
    assert math.isnan(tested.value("pv"))
    tested.scan(pv=4.0)
    assert tested.value("pv") == pytest.approx(4.0)
