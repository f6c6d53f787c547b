"""Gas in and out of the broth: kLa, dissolved oxygen, carbon dioxide and pH.

Concentrations: oxygen in mg/L, carbonates in mmol/L; transfer per hour. The gas that leaves is
taken as well mixed with the bubbles, so what the broth takes up thins the gas that drives it.
"""

from __future__ import annotations

import dataclasses
import math

O2_MG_PER_MMOL = 32.0
O2_IN_AIR = 0.2095
ATMOSPHERE_MBAR = 1013.25
MMHG_PER_MBAR = 760.0 / 1013.25
LITRES_PER_MOL = 22.414
"""Gas flows are normal litres."""
CO2_PER_MMHG = 0.0307
"""Solubility of CO2 at 37 degC, mmol/L per mmHg."""
PK_CARBONATE = 6.1
KLA_CO2_FACTOR = 0.89
_SATURATION = ((25.0, 8.26), (30.0, 7.56), (37.0, 6.70))


def oxygen_saturation(celsius: float) -> float:
    """Return the oxygen in air-saturated water at 1 atm, mg/L (linear between and beyond the table)."""
    (t0, c0), (t1, c1), (t2, c2) = _SATURATION
    if celsius < t1:
        return c0 + (c1 - c0) * (celsius - t0) / (t1 - t0)
    return max(1.0, c1 + (c2 - c1) * (celsius - t1) / (t2 - t1))


def stirrer_power(power_number: float, rpm: float, diameter_m: float, density: float = 1000.0) -> float:
    """Return the ungassed shaft power in W."""
    return power_number * density * (rpm / 60.0) ** 3 * diameter_m**5


def kla_per_h(power_w: float, volume_l: float, flow_l_min: float, area_m2: float, celsius: float) -> float:
    """Return kLa after van 't Riet for coalescing liquids, in 1/h, corrected for temperature."""
    specific = power_w / (volume_l / 1000.0)
    velocity = flow_l_min / 60_000.0 / area_m2
    return float(3600.0 * 0.026 * specific**0.4 * velocity**0.5 * 1.024 ** (celsius - 20.0))


def ph_of(bicarbonate: float, dissolved_co2: float) -> float:
    """Return the pH of a carbonate buffer (Henderson-Hasselbalch at 37 degC); both in mmol/L."""
    return PK_CARBONATE + math.log10(bicarbonate / dissolved_co2)


@dataclasses.dataclass(frozen=True)
class GasFeed:
    """The mixed gas that enters."""

    flow_l_min: float
    oxygen: float
    carbon_dioxide: float
    """Mole fractions."""
    pressure_mbar: float
    """Absolute pressure in the vessel."""

    def mmol_per_l_h(self, volume_l: float) -> float:
        """Return the gas that enters per litre of broth and hour."""
        return self.flow_l_min * 60.0 / LITRES_PER_MOL * 1000.0 / volume_l


def mix(air: float, oxygen: float, carbon_dioxide: float, pressure_mbar: float) -> GasFeed:
    """Return the mixture of the flows of air, O2 and CO2 (L/min)."""
    flow = air + oxygen + carbon_dioxide
    if flow <= 0.0:
        return GasFeed(0.0, O2_IN_AIR, 0.0, pressure_mbar)
    return GasFeed(flow, (O2_IN_AIR * air + oxygen) / flow, carbon_dioxide / flow, pressure_mbar)


def off_gas(feed: GasFeed, oxygen: float, carbon_dioxide: float) -> tuple[float, float]:
    """Return the mole fractions of O2 and CO2 in the gas that leaves.

    What is left of each is given per mole that enters; nitrogen passes through, so more or less gas
    leaves than enters.
    """
    nitrogen = 1.0 - feed.oxygen - feed.carbon_dioxide
    total = oxygen + carbon_dioxide + nitrogen
    return oxygen / total, carbon_dioxide / total


def effective_kla(kla: float, solubility: float, gas: float) -> float:
    """Return the rate that belongs to the gas as it enters, 1/h.

    With TR = kla (s y_out - c) and y_out = y_in - TR / gas follows TR = rate (s y_in - c).
    `solubility` is s, concentration per mole fraction; `gas` what enters, in the same amount per
    litre and hour.
    """
    return kla / (1.0 + kla * solubility / gas) if gas > 0.0 else 0.0


@dataclasses.dataclass
class Broth:
    """Dissolved gases and the carbonate buffer."""

    oxygen: float
    """mg/L."""
    alkalinity: float
    """Strong-ion difference, mmol/L: bases add to it, lactic acid takes from it."""
    carbonates: float
    """CO2 and bicarbonate together, mmol/L."""
    gas_oxygen: float = O2_IN_AIR
    gas_carbon_dioxide: float = 0.0
    """Mole fractions in the gas that leaves the liquid."""

    @property
    def bicarbonate(self) -> float:
        """Bicarbonate, mmol/L: the alkalinity, as far as there is carbonate to balance it."""
        return min(max(self.alkalinity, 0.01 * self.carbonates), 0.999 * self.carbonates)

    @property
    def dissolved_co2(self) -> float:
        """Dissolved CO2, mmol/L."""
        return self.carbonates - self.bicarbonate

    @property
    def ph(self) -> float:
        """The broth's pH."""
        return ph_of(self.bicarbonate, self.dissolved_co2)

    @property
    def pco2_mmhg(self) -> float:
        """Partial pressure of the dissolved CO2."""
        return self.dissolved_co2 / CO2_PER_MMHG

    def step_oxygen(
        self,
        hours: float,
        kla: float,
        solubility: float,
        feed: tuple[float, float],
        demand: tuple[float, float],
    ) -> float:
        """Move the oxygen on and return what the cells took, mg/L/h.

        Args:
            hours: length of the step.
            kla: 1/h.
            solubility: mg/L at a mole fraction of 1.
            feed: gas that enters (mg/L/h if it were all O2) and its mole fraction of O2.
            demand: what the cells would take (mg/L/h), and the oxygen at which they take half of it.

        The balance is solved implicitly; its positive root is never negative, however long the step.
        """
        gas, fraction = feed
        wanted, half = demand
        rate = effective_kla(kla, solubility, gas)
        a = 1.0 + hours * rate
        supply = self.oxygen + hours * rate * solubility * fraction
        b = a * half + hours * wanted - supply
        self.oxygen = (-b + math.sqrt(b * b + 4.0 * a * supply * half)) / (2.0 * a)
        if gas > 0.0:
            self.gas_oxygen = fraction - rate * (solubility * fraction - self.oxygen) / gas
        return wanted * self.oxygen / (self.oxygen + half)

    def step_carbonates(
        self, hours: float, kla: float, solubility: float, feed: tuple[float, float], production: float
    ) -> None:
        """Move the carbonates on; as `step_oxygen`, in mmol/L, `production` by the cells in mmol/L/h."""
        gas, fraction = feed
        rate = effective_kla(kla, solubility, gas)
        before = self.dissolved_co2
        after = (before + hours * (rate * solubility * fraction + production)) / (1.0 + hours * rate)
        self.carbonates += after - before
        if gas > 0.0:
            self.gas_carbon_dioxide = fraction - rate * (solubility * fraction - after) / gas
