"""Conditioning of single values."""

from __future__ import annotations

import math

import pytest

from control.kernels import filters
from control.kernels.jit import kernel
from control.kernels.ramp import approach
from control.signal import BAD, CLAMPED, GOOD, NOT_A_NUMBER, RANGE, SIMULATED, UNCERTAIN


@kernel
def clamp(value: float, low: float, high: float) -> float:
    return filters.clamp(value, low, high)


@kernel
def smooth(filtered: float, value: float, elapsed_ns: int, time_constant_ns: float) -> float:
    return filters.smooth(filtered, value, elapsed_ns, time_constant_ns)


@kernel
def qualities(value: float, quality: int) -> tuple[int, int, int]:
    clamped = filters.clamp(value, 0.0, 10.0)
    return (
        filters.clamp_quality(value, clamped, quality),
        filters.range_quality(value, 0.0, 10.0, quality),
        filters.number_quality(value, quality),
    )


@kernel
def ramp(value: float, target: float, step: float) -> float:
    return approach(value, target, step, 2.0 * step)


def test_clamp_lets_no_nan_through() -> None:
    assert [clamp(value, -1.0, 2.0) for value in (-5.0, 0.5, 9.0)] == [-1.0, 0.5, 2.0]
    assert clamp(math.nan, -1.0, 2.0) == -1.0
    assert clamp(math.inf, -1.0, math.inf) == math.inf


@pytest.mark.parametrize(
    ("value", "quality", "expected"),
    [
        (5.0, GOOD, (GOOD, GOOD, GOOD)),
        (0.0, GOOD, (GOOD, GOOD, GOOD)),
        (11.0, GOOD, (CLAMPED, UNCERTAIN | RANGE, GOOD)),
        (-1.0, SIMULATED, (SIMULATED | CLAMPED, SIMULATED | UNCERTAIN | RANGE, SIMULATED)),
        (11.0, BAD, (BAD, BAD, BAD)),
        (math.nan, UNCERTAIN, (UNCERTAIN | CLAMPED, UNCERTAIN, BAD | NOT_A_NUMBER)),
        (math.inf, GOOD, (CLAMPED, UNCERTAIN | RANGE, BAD | NOT_A_NUMBER)),
    ],
)
def test_qualities(value: float, quality: int, expected: tuple[int, int, int]) -> None:
    assert qualities(value, quality) == expected


def test_smoothing_is_the_step_response_of_a_lag() -> None:
    for elapsed_ns in (1, 10**8, 10**9, 10**12):
        expected = 3.0 + 2.0 * (1.0 - math.exp(-elapsed_ns / 2e9))
        assert smooth(3.0, 5.0, elapsed_ns, 2e9) == pytest.approx(expected, rel=1e-12)


def test_smoothing_does_not_depend_on_how_time_is_cut() -> None:
    value = 1.0
    for elapsed_ns in (1, 7_000_000, 93_000_000, 899_999_999):
        value = smooth(value, 4.0, elapsed_ns, 5e8)
    assert value == pytest.approx(smooth(1.0, 4.0, 10**9, 5e8), rel=1e-12)


def test_smoothing_begins_at_the_first_value() -> None:
    assert smooth(math.nan, 4.0, 0, 1e9) == 4.0


@pytest.mark.parametrize(
    ("value", "target", "step", "expected"),
    [(0.0, 1.0, 0.4, 0.4), (0.8, 1.0, 0.4, 1.0), (1.0, 0.0, 0.4, 1.0 - 0.8), (0.1, 0.7, math.inf, 0.7)],
)
def test_ramp(value: float, target: float, step: float, expected: float) -> None:
    assert ramp(value, target, step) == expected
