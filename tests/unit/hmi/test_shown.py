"""A value never looks better than it is."""

from __future__ import annotations

import pytest

from config.quantities import Quantity
from config.tags import Tag, TagKind
from control.signal import BAD, COMM, FORCED, GOOD, RANGE, SIMULATED, UNCERTAIN
from gateway.hmi.live import covers
from gateway.hmi.scales import Scale, indicator
from gateway.hmi.shown import State, age, show, value_text
from gateway.subscriber import LiveValue

NOW = 1_800_000_000_000_000_000
TAG = Tag(unit="degC", format=".1f", low=Quantity(0.0), high=Quantity(100.0))


@pytest.mark.parametrize(
    ("quality", "linked", "state", "mark"),
    [
        (GOOD, True, State.GOOD, ""),
        (GOOD | FORCED, True, State.GOOD, "forced"),
        (GOOD | SIMULATED, True, State.GOOD, "simulated"),
        (UNCERTAIN | RANGE, True, State.UNCERTAIN, "?"),
        (UNCERTAIN | RANGE | SIMULATED, True, State.UNCERTAIN, "simulated ?"),
        (BAD | COMM, True, State.BAD, "BAD"),
        (GOOD, False, State.STALE, "STALE 2 min"),
        (UNCERTAIN, False, State.STALE, "STALE 2 min"),
        (BAD | COMM, False, State.BAD, "BAD"),
    ],
)
def test_state_and_mark(quality: int, linked: bool, state: State, mark: str) -> None:
    shown = show(TAG, LiveValue(37.04, quality, NOW - 120_000_000_000), linked=linked, now_ns=NOW)
    assert (shown.text, shown.state, shown.mark) == ("37.0", state, mark)


def test_without_a_report_there_is_no_value() -> None:
    assert show(TAG, None, linked=True, now_ns=NOW).state is State.NONE


def test_why_a_value_is_bad_is_spelled_out() -> None:
    assert "no communication" in show(TAG, LiveValue(None, BAD | COMM, NOW), linked=True, now_ns=NOW).why


def test_texts_and_yes_or_no() -> None:
    assert value_text(Tag(kind=TagKind.TEXT), "growth") == "growth"
    assert value_text(Tag(kind=TagKind.BOOL), 1.0) == "yes"
    assert value_text(TAG, None) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (86400, "1 d")]
)
def test_age(seconds: float, text: str) -> None:
    assert age(seconds) == text


def test_the_store_covers_a_journal_when_every_partition_is_confirmed() -> None:
    assert covers({0: 5, 1: 7}, {"0": 5, "1": 6})
    assert not covers({0: 5}, {"0": 5, "1": 6})


def test_a_pointer_stays_on_its_scale() -> None:
    scale = Scale(0.0, 10.0, 4.0, 6.0)
    assert (scale.x(-5.0), scale.x(5.0), scale.x(50.0)) == (0.0, 50.0, 100.0)
    assert 'class="pv"' in indicator(scale, 5.0)
    assert 'class="pv"' not in indicator(scale, float("nan"))
