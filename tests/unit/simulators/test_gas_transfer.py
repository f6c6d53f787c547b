"""Gas transfer and pH against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from simulators.gas_transfer import (
    Broth,
    effective_kla,
    kla_per_h,
    mix,
    oxygen_saturation,
    ph_of,
    stirrer_power,
)


def test_saturation_follows_the_table() -> None:
    assert [oxygen_saturation(t) for t in (25.0, 30.0, 37.0)] == pytest.approx([8.26, 7.56, 6.70])


def test_power_of_an_impeller() -> None:
    # 1.5 * 1000 kg/m3 * (2/s)^3 * (0.27 m)^5
    assert stirrer_power(1.5, 120.0, 0.27) == pytest.approx(17.22, rel=1e-3)


def test_kla_of_vant_riet() -> None:
    # P/V 20 W/m3, 4 L/min through 0.2795 m2: 0.026 * 20^0.4 * (2.385e-4)^0.5 = 1.331e-3 /s at 20 degC
    assert kla_per_h(4.0, 200.0, 4.0, 0.2795, 20.0) == pytest.approx(4.79, rel=2e-3)
    assert kla_per_h(4.0, 200.0, 4.0, 0.2795, 37.0) == pytest.approx(4.79 * 1.024**17, rel=2e-3)
    assert kla_per_h(4.0, 200.0, 0.0, 0.2795, 37.0) == 0.0


def test_ph_of_a_carbonate_buffer() -> None:
    # 24 mM bicarbonate at 40 mmHg: the textbook's 7.39
    assert ph_of(24.0, 0.0307 * 40.0) == pytest.approx(6.1 + math.log10(24.0 / 1.228))
    broth = Broth(oxygen=6.0, alkalinity=24.0, carbonates=24.0 + 1.228)
    assert broth.ph == pytest.approx(7.391, abs=1e-3)
    assert broth.pco2_mmhg == pytest.approx(40.0)


def test_mixing_of_gases() -> None:
    feed = mix(8.0, 1.0, 1.0, 1013.25)
    assert feed.flow_l_min == 10.0
    assert feed.oxygen == pytest.approx((0.2095 * 8.0 + 1.0) / 10.0)
    assert feed.carbon_dioxide == pytest.approx(0.1)
    assert mix(0.0, 0.0, 0.0, 1013.25).flow_l_min == 0.0


def test_oxygen_balance_settles_where_transfer_equals_uptake() -> None:
    broth = Broth(oxygen=6.7, alkalinity=15.0, carbonates=17.0)
    kla, solubility, gas, fraction, wanted = 10.0, 32.0, 1700.0, 0.2095, 30.0
    for _ in range(20000):
        uptake = broth.step_oxygen(1.0 / 3600.0, kla, solubility, (gas, fraction), (wanted, 0.05))
    rate = kla / (1.0 + kla * solubility / gas)
    assert rate * (solubility * fraction - broth.oxygen) == pytest.approx(uptake, rel=1e-3)
    assert uptake == pytest.approx(wanted * broth.oxygen / (broth.oxygen + 0.05))
    # what the broth takes is what the gas loses
    assert gas * (fraction - broth.gas_oxygen) == pytest.approx(uptake, rel=1e-3)
    # the same, with the gas that leaves instead of the one that enters
    assert kla * (solubility * broth.gas_oxygen - broth.oxygen) == pytest.approx(uptake, rel=1e-3)


def test_carbon_dioxide_settles_at_what_gas_and_cells_give() -> None:
    broth = Broth(oxygen=6.7, alkalinity=15.0, carbonates=15.5)
    kla, solubility, gas, fraction, production = 9.0, 23.3, 53.0, 0.08, 1.2
    for _ in range(40000):
        broth.step_carbonates(1.0 / 3600.0, kla, solubility, (gas, fraction), production)
    rate = effective_kla(kla, solubility, gas)
    assert broth.dissolved_co2 == pytest.approx(solubility * fraction + production / rate, rel=1e-3)
    assert gas * (broth.gas_carbon_dioxide - fraction) == pytest.approx(production, rel=1e-3)


def test_base_raises_and_acid_lowers_ph() -> None:
    broth = Broth(oxygen=6.7, alkalinity=15.0, carbonates=17.0)
    before = broth.ph
    broth.alkalinity += 0.5
    raised = broth.ph
    broth.alkalinity -= 1.0
    assert raised > before > broth.ph
    # 0.5 mM of base turns as much CO2 into bicarbonate
    assert raised == pytest.approx(6.1 + math.log10(15.5 / 1.5))


def test_without_gas_nothing_is_transferred() -> None:
    assert effective_kla(10.0, 32.0, 0.0) == 0.0
    broth = Broth(oxygen=5.0, alkalinity=15.0, carbonates=17.0)
    broth.step_oxygen(0.1, 0.0, 32.0, (0.0, 0.2095), (10.0, 0.05))
    assert broth.oxygen == pytest.approx(4.0, abs=0.02)
