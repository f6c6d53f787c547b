"""One point deleted, one altered, one doubled: each is seen, whatever the store keeps of identities."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gateway.completeness import compare
from gateway.historian.points import NO_SOURCE, Source, StoredPoints, concatenate
from tests.messages import EPOCH, START_NS


def points() -> StoredPoints:
    """Return twenty points of two tags, one of them without a value, two at one time."""
    value = np.linspace(0.1, 2.0, 20)
    value[5] = math.nan
    times = START_NS + 10**9 * np.arange(20)
    times[11] = times[10]
    return StoredPoints.of(
        ("br1/a", "br1/b"),
        sources=[Source("gw1", EPOCH, 0)],
        texts=["on", "off"],
        tag=np.repeat([0, 1], 10),
        value=value,
        source_ns=times,
        ordinal=np.where(np.arange(20) == 11, 1, 0),
        sequence=np.repeat(np.arange(1, 6), 4),
        source=np.zeros(20),
        row=np.tile(np.arange(4), 5),
        text=np.where(np.arange(20) >= 18, np.arange(20) - 18, -1),
    )


def without_identity(stored: StoredPoints) -> StoredPoints:
    count = len(stored)
    return replace(
        stored,
        sources=(),
        source=np.full(count, NO_SOURCE, np.int32),
        sequence=np.zeros(count, np.int64),
        row=np.zeros(count, np.int32),
    )


@pytest.fixture(params=[True, False], ids=["identity", "tag and time"])
def identity(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def found(stored: StoredPoints, identity: bool) -> tuple[int, int, int]:
    verdict = compare(points(), stored if identity else without_identity(stored))
    assert verdict.whole == (verdict.missing + verdict.altered + verdict.doubled == 0)
    return verdict.missing, verdict.altered, verdict.doubled


def test_what_is_equal_is_whole_in_any_order(identity: bool) -> None:
    stored = points().take(np.random.default_rng(1).permutation(20))
    assert found(stored, identity) == (0, 0, 0)


@pytest.mark.parametrize("row", [0, 5, 11, 19])
def test_a_deleted_point_is_missing(identity: bool, row: int) -> None:
    assert found(points().take(np.arange(20) != row), identity) == (1, 0, 0)


def test_everything_deleted_is_missing(identity: bool) -> None:
    assert found(points().take(slice(0, 0)), identity) == (20, 0, 0)


@pytest.mark.parametrize("column", ["value", "quality", "status", "text"])
@pytest.mark.parametrize("row", [3, 5])
def test_an_altered_point_is_seen(identity: bool, column: str, row: int) -> None:
    stored = points()
    array = getattr(stored, column)
    array[row] = np.nextafter(array[row], 9.0) if column == "value" and row == 3 else 1
    assert found(stored, identity) == (0, 1, 0)


def test_an_altered_time_is_seen() -> None:
    stored = points()
    stored.source_ns[3] += 1
    assert found(stored, identity=True) == (0, 1, 0)
    assert found(stored, identity=False) == (1, 0, 1), "without identity it is another point"


def test_the_sign_of_zero_is_seen(identity: bool) -> None:
    journalled, stored = points(), points()
    journalled.value[0], stored.value[0] = 0.0, -0.0
    stored = stored if identity else without_identity(stored)
    assert compare(journalled, stored).altered == 1


@pytest.mark.parametrize("row", [0, 5, 11])
def test_a_doubled_point_is_seen(identity: bool, row: int) -> None:
    stored = concatenate([points(), points().take(slice(row, row + 1))])
    assert found(stored, identity) == (0, 0, 1)


def test_a_point_that_nobody_journalled_is_seen(identity: bool) -> None:
    invented = points().take(slice(0, 1))
    invented.source_ns[0] += 5
    invented.row[0] = 77
    assert found(concatenate([points(), invented]), identity) == (0, 0, 1)


def test_examples_say_which(identity: bool) -> None:
    stored = points().take(np.arange(20) != 3)
    verdict = compare(points(), stored if identity else without_identity(stored))
    assert len(verdict.examples) == 1
    assert "missing: br1/a at 2025-11-13T" in verdict.examples[0]


def test_a_store_that_rounds_is_measured_by_what_it_keeps() -> None:
    stored = without_identity(points())
    stored.value[:] = [float(f"{value:.12g}") for value in stored.value]
    stored.text[:] = -1
    stored.source_ns[:] = stored.source_ns // 10**6 * 10**6
    assert compare(points(), stored, 10**6).whole
    stored.value[3] *= 1 + 1e-9
    assert compare(points(), stored, 10**6).altered == 1


def test_a_store_of_milliseconds_keeps_one_of_two_reports_within_one() -> None:
    two = points().take(np.array([10, 11]))
    two = without_identity(
        replace(two, source_ns=START_NS + np.array([100, 900]), ordinal=np.zeros(2, np.int64))
    )
    for kept in (0, 1):
        rounded = two.take(np.array([kept]))
        rounded = replace(rounded, value=rounded.value * (1 + 1e-14), source_ns=np.array([START_NS]))
        assert compare(two, rounded, 1_000_000).whole
    gone = two.take(np.array([], np.int64))
    verdict = compare(two, gone, 1_000_000)
    assert (verdict.missing, verdict.altered) == (1, 0)
    other = replace(two.take(np.array([0])), value=np.array([77.0]))
    verdict = compare(two, other, 1_000_000)
    assert (verdict.missing, verdict.altered) == (0, 1)
