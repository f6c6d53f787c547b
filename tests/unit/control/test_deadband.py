"""What is news: every deadband against every kind of change, as the EPICS base tests it."""

from __future__ import annotations

import math

import pytest

from control.kernels.deadband import moved
from control.kernels.jit import kernel

INF, NAN = math.inf, math.nan

# value before, value after, passes with a deadband of -1, 0, 1.5
MATRIX = [
    (1.0, 1.0, (True, False, False)),
    (1.0, 2.0, (True, True, False)),
    (1.0, 2.5, (True, True, False)),
    (1.0, 2.6, (True, True, True)),
    (2.6, 1.0, (True, True, True)),
    (-1.0, 1.0, (True, True, True)),
    (0.0, -0.0, (True, False, False)),
    (1.0, INF, (True, True, True)),
    (INF, 1.0, (True, True, True)),
    (INF, INF, (True, False, False)),
    (-INF, -INF, (True, False, False)),
    (INF, -INF, (True, True, True)),
    (-INF, INF, (True, True, True)),
    (1.0, NAN, (True, True, True)),
    (NAN, 1.0, (True, True, True)),
    (NAN, NAN, (True, False, False)),
    (NAN, INF, (True, True, True)),
    (INF, NAN, (True, True, True)),
    (1e300, -1e300, (True, True, True)),
]


@kernel
def compiled(value: float, reported: float, deadband: float) -> bool:
    return moved(value, reported, deadband)


@pytest.mark.parametrize(("before", "after", "passes"), MATRIX)
def test_matrix(before: float, after: float, passes: tuple[bool, bool, bool]) -> None:
    assert tuple(compiled(after, before, deadband) for deadband in (-1.0, 0.0, 1.5)) == passes


def test_the_last_report_is_compared_not_the_last_sample() -> None:
    reported, news = 0.0, 0
    for step in range(1, 101):
        value = 0.01 * step
        if compiled(value, reported, 0.25):
            reported, news = value, news + 1
    assert news == 3
