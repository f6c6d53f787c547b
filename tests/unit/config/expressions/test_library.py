"""Soft sensors give what the balances they stand for give, computed in another way."""

from __future__ import annotations

import math

import pytest

from config.expressions import Operand, check, parse
from config.expressions.library import SOFT_SENSORS, SoftSensor
from config.quantities import Quantity
from tests.expressions.rig import Rig

_TAGS = {
    name: Operand(unit=unit)
    for name, unit in {
        "gas": "NL/min", "o2_in": "%", "co2_in": "%", "o2_out": "%", "co2_out": "%", "volume": "L",
        "t": "degC", "p": "mbar", "w": "kg", "biomass": "g/L", "feed": "mL/h", "rate": "mmol/L/h", "do": "%",
    }.items()
}  # fmt: skip
_GAS = {"gas": 5.0, "o2_in": 20.95, "co2_in": 0.04, "o2_out": 19.8, "co2_out": 1.1, "volume": 40.0}


def _balance() -> tuple[float, float]:
    """Return what leaves the gas as oxygen and joins it as carbon dioxide, mmol/(L h), mole by mole."""
    moles_in = 5.0 / 22.414 * 60 * 1000 / 40.0
    nitrogen = moles_in * (1 - 0.2095 - 0.0004)
    moles_out = nitrogen / (1 - 0.198 - 0.011)
    return moles_in * 0.2095 - moles_out * 0.198, moles_out * 0.011 - moles_in * 0.0004


def _evaluated(text: str, **values: float) -> float:
    return Rig(text, _TAGS).step(**values).value


def test_gas_balance() -> None:
    uptake, evolution = _balance()
    given = "gas, o2_in, co2_in, o2_out, co2_out, volume"
    assert _evaluated(f"otr({given})", **_GAS) == pytest.approx(uptake)
    assert _evaluated(f"cer({given})", **_GAS) == pytest.approx(evolution)
    assert _evaluated("rq(o2_in, co2_in, o2_out, co2_out)", **_GAS) == pytest.approx(evolution / uptake)


def test_inlet_gas_that_leaves_unchanged_transfers_nothing() -> None:
    still = _GAS | {"o2_out": 20.95, "co2_out": 0.04}
    assert _evaluated("otr(gas, o2_in, co2_in, o2_out, co2_out, volume)", **still) == pytest.approx(
        0, abs=1e-12
    )


@pytest.mark.parametrize(
    ("celsius", "mg_per_l"), [(0, 14.62), (20, 9.09), (25, 8.26), (30, 7.56), (37, 6.73)]
)
def test_oxygen_solubility_in_water_under_air(celsius: float, mg_per_l: float) -> None:
    solubility = _evaluated("oxygen_solubility(t, p, 0.2095)", t=celsius, p=1013.25)
    assert solubility * 31.998 == pytest.approx(mg_per_l, abs=0.01)


def test_solubility_follows_oxygen_and_pressure() -> None:
    air = _evaluated("oxygen_solubility(t, p, 20.95 %)", t=37, p=1013.25)
    assert _evaluated("oxygen_solubility(t, p, 41.9 %)", t=37, p=1013.25) == pytest.approx(2 * air)
    vapour = 0.0619 * 1013.25  # over water of 37 degC
    assert _evaluated("oxygen_solubility(t, p, 20.95 %)", t=37, p=2 * 1013.25 - vapour) == pytest.approx(
        2 * air, rel=2e-3
    )


def test_mass_transfer_coefficient() -> None:
    assert _evaluated("kla(rate, 0.21 mmol/L, do * 0.21 mmol/L)", rate=3.0, do=40.0) == pytest.approx(
        3.0 / (0.21 - 0.084)
    )
    stirred = 0.026 * 1000**0.4 * 0.004**0.5 * 3600
    assert _evaluated("kla_stirred(1 kW/m^3, 4 mm/s)") == pytest.approx(stirred)


def test_oxygen_uptake_adds_what_the_liquid_loses() -> None:
    rig = Rig("our(rate, do * 0.21 mmol/L, 1 s)", _TAGS)
    seconds = 200
    results = [rig.step(1.0, rate=3.0, do=60.0 - 0.01 * second) for second in range(seconds)]
    falls = 0.0001 * 0.21 * 3600  # mmol/(L h)
    assert results[-1].value == pytest.approx(3.0 + falls)


def test_growth_rate_of_an_exponential() -> None:
    per_hour = 0.04
    rig = Rig("growth_rate(biomass, 10 min)", _TAGS)
    fed = Rig("growth_rate_fed(biomass, feed, volume, 10 min)", _TAGS)
    for second in range(0, 4 * 3600, 4):
        biomass = 0.3 * math.exp(per_hour * second / 3600)
        found = rig.step(4.0, biomass=biomass).value
        found_fed = fed.step(4.0, biomass=biomass, feed=400.0, volume=40.0).value
    assert found == pytest.approx(per_hour, rel=1e-3)
    assert found_fed == pytest.approx(per_hour + 0.01, rel=1e-3)


def test_volume_from_weight() -> None:
    assert _evaluated("volume_from_weight(w, 12000 g, 1020 kg/m^3)", w=63.0) == pytest.approx(50.0)


@pytest.mark.parametrize("sensor", SOFT_SENSORS.values(), ids=str)
def test_result_is_in_the_unit_that_is_promised(sensor: SoftSensor) -> None:
    units = {parameter.name: parameter.unit for parameter in sensor.parameters}
    given = [f"5 {units[name]}" if units[name] else "biomass" for name in units if name != "T"]
    call = f"{sensor.name}({', '.join([*given, '1 min'] if 'T' in units else given)})"
    checked = check(parse(call), _TAGS)
    assert Quantity(1.0, checked.unit).to(sensor.unit or "1") == pytest.approx(1.0)
    assert all((sensor.summary, sensor.source, *(p.meaning for p in sensor.parameters)))
