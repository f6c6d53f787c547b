"""The demo's batches: one phase after the other, one batch after the other."""

from __future__ import annotations

import pytest

from gateway.demo.batches import CULTURE, FILLING, due


@pytest.mark.parametrize(
    ("elapsed_s", "expected"),
    [
        (0.0, (0, "inoculation")),
        (19.9, (0, "inoculation")),
        (20.0, (0, "growth")),
        (60.0, (0, "production")),
        (90.0, (1, "inoculation")),
        (201.0, (2, "growth")),
    ],
)
def test_a_unit_goes_through_its_phases_again_and_again(elapsed_s: float, expected: tuple[int, str]) -> None:
    assert due(elapsed_s, CULTURE) == expected


def test_a_line_has_phases_of_its_own() -> None:
    assert [due(at, FILLING) for at in (0.0, 21.0, 260.0, 280.0)] == [
        (0, "setup"), (0, "filling"), (0, "clearance"), (1, "setup"),
    ]  # fmt: skip
