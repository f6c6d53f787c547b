"""Figures of loop performance, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from control.state import Performance
from gateway.tuning.figures import figures_of, harris_index


def sums(**given: float) -> Performance:
    return Performance(**{name: np.array([given.get(name, 0.0)]) for name in Performance._fields})


def test_figures_are_differences() -> None:
    before = sums(observed_s=100.0, in_control_s=50.0, absolute_error=7.0, error=7.0, square_error=1.0)
    after = sums(
        observed_s=1900.0, in_control_s=950.0, normal_s=1350.0, saturated_s=90.0, pv=900.0 * 40.0,
        absolute_error=7.0 + 450.0, error=7.0 + 90.0, square_error=1.0 + 900.0 * (0.01 + 0.16),
        travel=36.0, crossings=9.0, detections=12.0,
    )  # fmt: skip
    found = figures_of(before, after, 0, speed=2.0)
    assert found is not None
    assert found.duration_s == 1800.0
    assert (found.service_percent, found.normal_percent, found.saturated_percent) == (50.0, 75.0, 10.0)
    assert found.mean_error == pytest.approx(0.1)
    assert found.mean_absolute_error == pytest.approx(0.5)
    assert found.iae == pytest.approx(900.0)
    assert found.variability_percent == pytest.approx(2 * 0.4 / 40.0 * 100.0)
    assert (found.travel, found.travel_per_hour, found.crossings_per_hour) == (36.0, 36.0, 9.0)
    assert found.oscillating


def test_a_loop_that_was_not_seen_has_no_figures() -> None:
    assert figures_of(sums(), sums(), 0, 1.0) is None
    idle = figures_of(sums(), sums(observed_s=10.0), 0, 1.0)
    assert idle is not None
    assert (idle.mean_error, idle.variability_percent, idle.saturated_percent) == (None, None, 0.0)


@pytest.mark.parametrize(("share", "delay"), [(0.9, 5), (0.5, 2), (0.98, 10), (0.0, 3)])
def test_harris_of_a_first_order_error(share: float, delay: int) -> None:
    """An error that is AR(1) with phi has the index 1 - phi^(2 delay)."""
    random = np.random.default_rng(2)
    error = np.zeros(60_000)
    for n, shock in enumerate(random.normal(size=len(error) - 1), 1):
        error[n] = share * error[n - 1] + shock
    assert harris_index(error, delay) == pytest.approx(1 - share ** (2 * delay), abs=0.02)


def test_harris_of_minimum_variance_is_one() -> None:
    """What is left under minimum variance control is a moving average no longer than the delay."""
    shocks = np.random.default_rng(4).normal(size=40_000)
    error = np.convolve(shocks, [1.0, 0.7, 0.4], mode="valid")
    assert harris_index(error, 3, order=60) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("error", [np.zeros(1000), np.ones(20)])
def test_harris_of_nothing(error: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"few|move"):
        harris_index(error, 2)
