"""Filters, totals and windows against closed forms and brute force."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.expressions import Operand
from config.tags import TagKind
from control import signal
from tests.expressions.oracle import BAD, UNCERTAIN, Sample
from tests.expressions.rig import Rig

_TAGS = {"v": Operand(), "flow": Operand(unit="L/h"), "r": Operand(TagKind.BOOL), "t": Operand(unit="degC")}
_LOST = Sample(math.nan, BAD, frozenset({signal.COMM}))


@pytest.mark.parametrize("steps", [[1.0] * 12, [0.1] * 120, [0.5, 3.5, 0.25, 7.75]])
def test_lag_is_exact_whatever_the_period(steps: list[float]) -> None:
    rig = Rig("lag(v, 5 s)", _TAGS)
    rig.step(v=10)
    for elapsed_s in steps:
        result = rig.step(elapsed_s, v=30)
    assert result.value == pytest.approx(30 - 20 * math.exp(-sum(steps) / 5))


def test_lag_starts_at_the_first_value_and_holds_while_it_is_bad() -> None:
    rig = Rig("lag(v, 5 s)", _TAGS)
    assert rig.step(v=_LOST).bad
    assert rig.step(1.0, v=7) == Sample(7.0)
    assert rig.step(1.0, v=_LOST).bad
    assert rig.step(1.0, v=7) == Sample(7.0)
    assert Rig("lag(v, 0 s)", _TAGS).step(v=3) == Sample(3.0)


def test_lag_recovers_from_values_too_large_to_subtract() -> None:
    rig = Rig("lag(v, 5 s)", _TAGS)
    rig.step(v=-1.7e308)
    assert rig.step(1.0, v=1.7e308) == Sample(1.7e308)
    assert math.isfinite(rig.step(1.0, v=1.0).value)


def test_rate_of_a_ramp_is_its_slope() -> None:
    rig = Rig("rate(t, 10 s) in K/min", _TAGS)
    for second in range(200):
        result = rig.step(1.0, t=20 + second * 0.05)
    assert result.value == pytest.approx(3.0)
    assert rig.step(1.0, t=_LOST).bad
    assert rig.step(60.0, t=500.0).value == pytest.approx(3.0)  # no jump over the gap


def test_rate_of_a_step_falls_off_with_its_time_constant() -> None:
    rig = Rig("rate(v, 10 s)", _TAGS)
    rig.step(v=0)
    first = rig.step(0.5, v=1).value
    assert first == pytest.approx(2 * -math.expm1(-0.05))
    assert rig.step(5.0).value == pytest.approx(first * math.exp(-0.5))


def test_total_of_a_flow() -> None:
    rig = Rig("integrate(flow, 1 h, reset=r)", _TAGS)
    rig.step(flow=0, r=0)
    for second in range(1, 3601):
        result = rig.step(1.0, flow=second / 100)
    assert result.value == pytest.approx(18.0)
    assert result.severity == 0
    assert rig.step(1.0, r=1) == Sample(0.0)
    assert rig.step(1.0, flow=36, r=0).value == pytest.approx(36 / 3600)


def test_total_with_a_part_missing_is_uncertain_until_a_reset() -> None:
    rig = Rig("integrate(flow, 1 s, reset=r)", _TAGS)
    rig.step(flow=_LOST, r=0)
    assert rig.step(1.0, flow=2) == Sample(0.0)  # before the first value nothing is missing
    assert rig.step(1.0, flow=2).value == pytest.approx(2 / 3600 * 1)
    assert rig.step(1.0, flow=_LOST).bad
    after = rig.step(1.0, flow=2)
    assert (after.severity, after.reasons) == (UNCERTAIN, frozenset({signal.INPUT}))
    assert after.value == pytest.approx(2 / 3600)
    assert rig.step(1.0, r=1) == Sample(0.0)
    assert rig.step(1.0, r=0).severity == 0


def test_total_skips_a_gap() -> None:
    rig = Rig("integrate(v, 1 s)", _TAGS)  # the rig's period is 1 s
    rig.step(v=1)
    assert rig.step(10.0) == Sample(10.0)
    late = rig.step(10.5)
    assert (late.value, late.severity) == (10.0, UNCERTAIN)
    assert rig.step(1.0).value == 11.0


def test_total_after_a_restart_is_uncertain() -> None:
    rig = Rig("integrate(v, 1 s)", _TAGS)
    rig.step(v=1)
    rig.step(1.0)
    rig.memory.restart()
    assert rig.step(500.0) == Sample(1.0, UNCERTAIN, frozenset({signal.INPUT}))


def test_highest_and_lowest_since_a_reset() -> None:
    high, low = Rig("highest(v, reset=r)", _TAGS), Rig("lowest(v, reset=r)", _TAGS)
    values: list[Sample | float] = [3, 1, 4, _LOST, -5, 2]
    got = [(high.step(v=v, r=0), low.step(v=v, r=0)) for v in values]
    assert [h.value for h, _ in got] == [3, 3, 4, 4, 4, 4]
    assert [w.value for _, w in got] == [3, 1, 1, 1, -5, -5]
    assert high.step(v=1, r=1).value == 1.0
    assert high.step(v=0, r=0).value == 1.0


def test_moving_average_of_a_constant_a_step_and_a_ramp() -> None:
    rig = Rig("moving_average(v, 60 s)", _TAGS)
    for _ in range(100):
        assert rig.step(1.0, v=5).value == pytest.approx(5)
    halfway = [rig.step(1.0, v=15).value for _ in range(62)]
    assert halfway[29] == pytest.approx(5 + 10 * 30 / 61, abs=0.2)
    assert halfway[-1] == pytest.approx(15)
    for second in range(200):
        ramp = rig.step(1.0, v=15 + second).value
    assert ramp == pytest.approx(15 + 199 - 30, abs=1.0)


@pytest.mark.parametrize(("function", "pick"), [("moving_min", min), ("moving_max", max)])
@settings(max_examples=40)
@given(seed=st.integers(0, 2**63), window_s=st.sampled_from([0.5, 6.0, 30.0]))
def test_moving_extremes_lie_between_those_of_the_window_and_one_step_more(
    function: str, pick: Callable[..., float], seed: int, window_s: float
) -> None:
    random, rig = Random(seed), Rig(f"{function}(v, {window_s} s)", _TAGS)
    history: list[tuple[float, float]] = []
    now = 0.0
    for _ in range(80):
        elapsed_s = random.choice([0.0625, 0.25, 1.0])
        now += elapsed_s
        history.append((now, round(random.uniform(-9, 9), 2)))
        got = rig.step(elapsed_s, v=history[-1][1]).value
        inside = pick(value for at, value in history if at > now - window_s)
        around = pick(value for at, value in history if at > now - window_s * (1 + 1 / 60) - 1.0)
        assert pick(inside, got) == got
        assert pick(around, got) == around
        assert got in {value for _, value in history}


def test_windows_forget_what_is_older_even_while_the_input_is_bad() -> None:
    average, highest = Rig("moving_average(v, 6 s)", _TAGS), Rig("moving_max(v, 6 s)", _TAGS)
    for rig in (average, highest):
        rig.step(v=100)
        rig.step(1.0)
        for _ in range(8):
            assert rig.step(1.0, v=_LOST).bad
        assert rig.step(1.0, v=2) == Sample(2.0)


def test_window_starts_anew_after_a_gap() -> None:
    rig = Rig("moving_average(v, 60 s)", _TAGS)
    for _ in range(5):
        rig.step(1.0, v=100)
    assert rig.step(11.0, v=4).value == pytest.approx(4)
