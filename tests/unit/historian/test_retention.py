"""Retention of the embedded store: what is past it goes, by class, and what is left is still right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from config.streams import Retention
from gateway.historian.api import EventFilter, StoreError
from gateway.historian.buckets import Grid
from gateway.historian.embedded import EmbeddedStore, periods_in
from gateway.historian.embedded_reader import EmbeddedReader
from gateway.historian.retention import PERIOD_NS, Gone, past
from tests.messages import START_NS, Sample, alarm, stored, stored_event

DAY_S, SECOND = 86_400.0, 10**9
DAY = START_NS // PERIOD_NS
NOON = DAY * PERIOD_NS + PERIOD_NS // 2
FOREVER = (0, 2**62)
RETENTION = Retention(points=2 * DAY_S, trends=10 * DAY_S, events=20 * DAY_S)


def end_of(day: int, days_later: float) -> int:
    return (day + 1) * PERIOD_NS + round(days_later * PERIOD_NS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """Two days with a point each second of ten minutes, a spike in the first, and an alarm."""
    store = EmbeddedStore(tmp_path, RETENTION)
    for number, noon in enumerate((NOON, NOON + PERIOD_NS)):
        values = np.sin(np.arange(600) / 50)
        values[300] = 99.0 if number == 0 else 2.0
        samples = [Sample("br1/a", float(v), noon + s * SECOND) for s, v in enumerate(values)]
        store.write([stored(2 * number + 1, samples), stored_event(2 * number + 2, alarm(noon))])
    yield store
    store.close()


def expired(store: EmbeddedStore, now_ns: int) -> list[str]:
    told = []
    for expiry in store.expiring(now_ns):
        told.append(f"{expiry}: {expiry.points} points, {expiry.events} events")
        store.expire(expiry)
    return told


def bytes_of(folder: Path, day: int) -> int:
    name = periods_in(folder)[day].name
    return sum(path.stat().st_size for path in folder.glob(f"{name}*"))


def test_what_is_past_its_retention() -> None:
    assert past(Retention(), DAY, end_of(DAY, 1e6)) == Gone(0)
    assert past(RETENTION, DAY, end_of(DAY, 1.9)) == Gone(0)
    assert past(RETENTION, DAY, end_of(DAY, 2.1)) == Gone.POINTS
    assert past(RETENTION, DAY, end_of(DAY, 10.1)) == Gone.POINTS | Gone.TRENDS
    assert past(RETENTION, DAY, end_of(DAY, 20.1)) == Gone.ALL
    assert past(Retention(events=DAY_S), DAY, end_of(DAY, 2)) == Gone.EVENTS


def test_trends_are_not_kept_for_a_shorter_time_than_points() -> None:
    with pytest.raises(ValidationError, match="at least as long as points"):
        Retention(points=10.0, trends=5.0)
    with pytest.raises(ValidationError, match="at least as long as points"):
        Retention(trends=5.0)


def test_points_go_first_and_their_trend_stays(store: EmbeddedStore, tmp_path: Path) -> None:
    reader, now_ns = EmbeddedReader(tmp_path), end_of(DAY, 2.5)
    grid = Grid.over(DAY * PERIOD_NS, (DAY + 2) * PERIOD_NS, 48)
    (before,) = reader.buckets(["br1/a"], grid)
    size = bytes_of(tmp_path, DAY)
    (told,) = expired(store, now_ns)
    assert "points of store-" in told
    assert "600 points, 0 events" in told
    assert expired(store, now_ns) == [], "once"
    assert len(reader.raw(["br1/a"], NOON, NOON + PERIOD_NS // 2)) == 0
    assert len(reader.raw(["br1/a"], *FOREVER)) == 600, "the next day has all"
    (after,) = reader.buckets(["br1/a"], grid)
    for column in ("count", "least", "greatest", "mean", "first", "last", "quality"):
        np.testing.assert_array_equal(getattr(after, column), getattr(before, column))
    fine = Grid.over(NOON - 60 * SECOND, NOON + 660 * SECOND, 72)
    (coarse,) = reader.buckets(["br1/a"], fine)
    assert np.nanmax(coarse.greatest) == 99.0, "a spike is seen, at the beginning of its chunk"
    assert coarse.count.sum() == 600
    assert len(reader.events(EventFilter(*FOREVER))) == 2
    assert reader.last(["br1/a"]).source_ns.tolist() == [NOON + PERIOD_NS + 599 * SECOND]
    assert bytes_of(tmp_path, DAY) < size
    reader.close()


def test_then_trends_then_the_file(store: EmbeddedStore, tmp_path: Path) -> None:
    reader = EmbeddedReader(tmp_path)
    expired(store, end_of(DAY, 10.5))
    (empty,) = reader.buckets(["br1/a"], Grid.over(NOON, NOON + PERIOD_NS // 2, 1))
    assert empty.count.tolist() == [0]
    assert len(reader.events(EventFilter(*FOREVER))) == 2
    told = expired(store, end_of(DAY, 20.5))
    assert "is deleted" in told[0]
    assert list(periods_in(tmp_path)) == [DAY + 1]
    left = periods_in(tmp_path)[DAY + 1].name
    assert all(path.name.startswith(left) for path in tmp_path.iterdir()), "nothing of it is left behind"
    assert len(reader.events(EventFilter(*FOREVER))) == 1
    reader.close()


def test_what_comes_late_is_stored_and_taken_out_again(store: EmbeddedStore, tmp_path: Path) -> None:
    expired(store, end_of(DAY, 2.5))
    store.write([stored(9, [Sample("br1/a", 5.0, NOON + 3600 * SECOND)])])
    reader = EmbeddedReader(tmp_path)
    assert reader.last(["br1/a"]).value.tolist() == [reader.raw(["br1/a"], *FOREVER).value[-1]]
    assert reader.raw(["br1/a"], NOON, NOON + PERIOD_NS // 2).value.tolist() == [5.0]
    (told,) = expired(store, end_of(DAY, 2.5))
    assert "1 points" in told
    assert len(reader.raw(["br1/a"], NOON, NOON + PERIOD_NS // 2)) == 0
    reader.close()


def test_a_file_that_cannot_be_shortened_stays(store: EmbeddedStore, tmp_path: Path) -> None:
    (expiry,) = store.expiring(end_of(DAY, 2.5))
    store.close()
    periods_in(tmp_path)[DAY].write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot be shortened"):
        store.expire(expiry)
    assert DAY in periods_in(tmp_path)
