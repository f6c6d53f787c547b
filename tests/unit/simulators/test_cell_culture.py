"""The culture follows the published model's reference trajectory."""

from __future__ import annotations

import dataclasses

import pytest

from simulators.cell_culture import (
    CellCulture,
    Conditions,
    Inflow,
    Kinetics,
    growth_of_temperature,
    metabolism_of_temperature,
)

# h: viable 1e9/L, glucose, glutamine, lactate, ammonium mmol/L, antibody mg/L
BATCH = {
    24: (0.6698, 28.222, 5.5941, 1.745, 0.7120, 16.75),
    72: (2.6307, 17.994, 3.4214, 8.904, 1.7535, 124.31),
    120: (5.4629, 0.014, 0.2243, 21.490, 2.6578, 433.0),
    168: (5.3903, 0.0, 0.154, 21.50, 1.151, 826.1),
    336: (5.3678, 0.0, 0.041, 21.50, 0.0, 2188.0),
}
# h: viable, glucose, lactate, ammonium, antibody, volume L; fed 0.04 L/d from 72 h
FED = {
    24: (0.6698, 28.222, 1.745, 0.7120, 16.75, 1.0),
    72: (2.6307, 17.994, 8.904, 1.7535, 124.31, 1.0),
    120: (6.0314, 8.526, 24.310, 3.1804, 413.5, 1.08),
    168: (8.2157, 0.488, 37.50, 3.068, 905.2, 1.16),
    336: (11.556, 0.214, 57.56, 0.081, 3003.9, 1.44),
}
FEED = Inflow(0.04 / 24.0, 200.0, 40.0)


def test_batch_follows_the_reference_table() -> None:
    culture, hours = CellCulture(), 0
    for until, expected in BATCH.items():
        while hours < until:
            culture.advance(1.0)
            hours += 1
        got = (
            culture.viable,
            culture.glucose,
            culture.glutamine,
            culture.lactate,
            culture.ammonium,
            culture.antibody,
        )
        assert got == pytest.approx(expected, rel=5e-4, abs=1e-3), f"at {until} h"


def test_fed_batch_follows_the_reference_table() -> None:
    culture, hours = CellCulture(), 0
    for until, expected in FED.items():
        while hours < until:
            culture.advance(1.0, FEED if hours >= 72 else Inflow())
            hours += 1
        got = (
            culture.viable,
            culture.glucose,
            culture.lactate,
            culture.ammonium,
            culture.antibody,
            culture.volume_l,
        )
        assert got == pytest.approx(expected, rel=5e-4, abs=1e-3), f"at {until} h"


def test_small_steps_give_the_same_trajectory_as_long_ones() -> None:
    """The device steps in seconds of plant time, the table was made in steps of 0.02 h."""
    short, long = CellCulture(), CellCulture()
    for _ in range(24 * 600):
        short.advance(1.0 / 600.0, FEED)
    for _ in range(24):
        long.advance(1.0, FEED)
    assert dataclasses.astuple(short)[:7] == pytest.approx(dataclasses.astuple(long)[:7], rel=1e-6)


def test_a_starving_culture_declines_when_asked_to() -> None:
    published = CellCulture(glucose=0.0, viable=5.0, total=5.0)
    dying = CellCulture(glucose=0.0, viable=5.0, total=5.0, kinetics=Kinetics(starvation_death_per_h=0.02))
    for culture in (published, dying):
        culture.advance(48.0)
    assert published.viability > 0.99
    assert dying.viability == pytest.approx(2.718281828 ** (-0.02 * 48.0), rel=0.01)


def test_temperature_shifts_growth() -> None:
    assert growth_of_temperature(37.0) == pytest.approx(1.0)
    assert growth_of_temperature(33.0) == pytest.approx(225.0 / 369.0)
    assert growth_of_temperature(28.0) == 0.0
    assert growth_of_temperature(43.0) == 0.0
    assert metabolism_of_temperature(27.0) == pytest.approx(0.5)


def test_no_growth_without_oxygen() -> None:
    culture = CellCulture()
    culture.advance(10.0, conditions=Conditions(growth=0.0))
    assert culture.total == pytest.approx(0.3)
