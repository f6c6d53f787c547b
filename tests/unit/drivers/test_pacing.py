"""Deadlines are absolute, back-off doubles with jitter, and states follow the table."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.tags import Tag
from drivers.api import TagRef
from drivers.pacing import SHORTEST_PERIOD_S, Backoff, Ticker, poll_period_s
from drivers.states import Event, State, next_state


def test_ticker_keeps_its_phase() -> None:
    ticker = Ticker(1.0, 10.0)
    assert ticker.next == 10.0
    assert ticker.advance(10.4) == 0
    assert ticker.next == 11.0
    assert ticker.advance(13.2) == 2
    assert ticker.next == 14.0


@given(period=st.floats(0.001, 10), late=st.floats(0, 1000))
def test_ticker_always_ends_up_in_the_future_and_on_its_grid(period: float, late: float) -> None:
    ticker = Ticker(period, 0.0)
    missed = ticker.advance(late)
    assert ticker.next > late or ticker.next == pytest.approx(late)
    assert ticker.next == pytest.approx((missed + 1) * period)
    assert ticker.next - late <= period * (1 + 1e-9)


def test_backoff_doubles_to_the_most_and_starts_again() -> None:
    backoff = Backoff(0.5, 4.0, draw=lambda: 0.0)
    assert [backoff.next_delay_s() for _ in range(5)] == [0.5, 1.0, 2.0, 4.0, 4.0]
    backoff.reset()
    assert backoff.next_delay_s() == 0.5
    backoff.exhaust()
    assert backoff.next_delay_s() == 4.0


@given(draw=st.floats(0, 1, exclude_max=True))
def test_jitter_takes_away_at_most_half(draw: float) -> None:
    assert 0.5 <= Backoff(1.0, 1.0, draw=lambda: draw).next_delay_s() <= 1.0


def test_the_poll_period_is_the_fastest_tags() -> None:
    tags = [TagRef(0, "u/a", Tag(period=0.5)), TagRef(1, "u/b", Tag())]
    assert poll_period_s(2.0, tags) == 0.5
    assert poll_period_s(0.2, tags) == 0.2
    assert poll_period_s(2.0, []) == 2.0
    assert poll_period_s(0.0, []) == SHORTEST_PERIOD_S


def test_every_state_can_be_left_and_only_stop_stops() -> None:
    for state, event in itertools.product(State, Event):
        after = next_state(state, event)
        if event is Event.STOP:
            assert after is State.STOPPED
        elif event is Event.DISABLE:
            assert after is State.DISABLED
        else:
            assert after is not State.STOPPED or state is State.STOPPED
            assert after is not State.DISABLED or state is State.DISABLED
    for state in State:
        assert {next_state(state, event) for event in Event} - {state}


@pytest.mark.parametrize("state", [State.STOPPED, State.DISABLED])
def test_answers_do_not_wake_the_dead(state: State) -> None:
    for event in (Event.GOOD, Event.ANSWER, Event.TROUBLE, Event.FADED, Event.DEAD):
        assert next_state(state, event) is state
