"""The physics of the bioreactor: culture, dissolved gases, temperature, pressure and foam."""

from __future__ import annotations

import dataclasses
import math

from simulators.bioreactor_parameters import BioreactorParameters
from simulators.cell_culture import Conditions, Inflow, growth_of_temperature, metabolism_of_temperature
from simulators.dynamics import approach
from simulators.gas_transfer import (
    ATMOSPHERE_MBAR,
    CO2_PER_MMHG,
    KLA_CO2_FACTOR,
    MMHG_PER_MBAR,
    O2_IN_AIR,
    O2_MG_PER_MMOL,
    PK_CARBONATE,
    Broth,
    GasFeed,
    kla_per_h,
    mix,
    off_gas,
    oxygen_saturation,
    stirrer_power,
)
from simulators.jacket import Temperatures

HALF_OXYGEN_MG_L = 0.05
"""Dissolved oxygen at which the cells take half of what they want."""
VESSEL_PER_WORKING_VOLUME = 1.4
FOAM_TAU_S = 1200.0


@dataclasses.dataclass
class Actuators:
    """What the actuators really do."""

    valve_percent: float = 50.0
    stirrer_rpm: float = 0.0
    air_l_min: float = 0.0
    oxygen_l_min: float = 0.0
    carbon_dioxide_l_min: float = 0.0
    exhaust_percent: float = 100.0
    base_l_h: float = 0.0
    feed_l_h: float = 0.0
    antifoam_l_h: float = 0.0


def growth_of_ph(ph: float) -> float:
    """Return the factor on growth: 1 at pH 7.05, half about 0.85 away (our choice)."""
    best, low, high = 7.05, 6.2, 7.9

    def bell(value: float) -> float:
        return float(1.0 / (1.0 + 10.0 ** (low - value) + 10.0 ** (value - high)))

    return float(min(1.0, bell(ph) / bell(best)))


class Vessel:
    """State of the process in the vessel; it knows no sensors and no commands."""

    def __init__(self, parameters: BioreactorParameters) -> None:
        self.parameters = parameters
        self.heating = parameters.heating()
        diameter_m = parameters.tank_diameter_m()
        self.area_m2 = math.pi / 4.0 * diameter_m**2
        self.impeller_m = diameter_m / 2.2
        self.temperatures = Temperatures(parameters.temperature_degc, parameters.temperature_degc)
        self.pressure_mbar = 0.0
        self.power_w = 0.0
        self.kla_per_h = 0.0
        self.gas_flow_l_min = 0.0
        self.off_gas_oxygen = O2_IN_AIR
        self.off_gas_carbon_dioxide = 0.0
        self.foam_percent = 0.0
        self._acid_mmol_l_s = 0.0
        self.inoculate()

    def inoculate(self) -> None:
        """Start a new culture in fresh medium."""
        p = self.parameters
        self.culture = p.culture()
        self.hours = 0.0
        self.base_l = self.feed_l = self.antifoam_l = 0.0
        dissolved = p.bicarbonate_mmol_l / 10.0 ** (p.ph - PK_CARBONATE)
        self.broth = Broth(
            oxygen=oxygen_saturation(self.temperatures.vessel),
            alkalinity=p.bicarbonate_mmol_l,
            carbonates=p.bicarbonate_mmol_l + dissolved,
        )
        self.oxygen_uptake = self._oxygen_demand()

    @property
    def oxygen_percent(self) -> float:
        """Dissolved oxygen in % of air saturation at 1 atm and the temperature of the broth."""
        return 100.0 * self.broth.oxygen / oxygen_saturation(self.temperatures.vessel)

    @property
    def heat_w(self) -> float:
        """Heat of the stirrer and of the cells' respiration."""
        mol_per_s = self.oxygen_uptake / O2_MG_PER_MMOL * self.culture.volume_l / 3.6e6
        return self.power_w + mol_per_s * self.parameters.heat_mj_per_mol_o2 * 1e6

    def grow(self, seconds: float, actuators: Actuators) -> None:
        """Move the culture, the volume and what the pumps add on."""
        hours = seconds / 3600.0
        culture, broth, p = self.culture, self.broth, self.parameters
        celsius = self.temperatures.vessel
        oxygen = broth.oxygen / (broth.oxygen + HALF_OXYGEN_MG_L)
        conditions = Conditions(
            growth=growth_of_temperature(celsius) * growth_of_ph(broth.ph) * oxygen,
            metabolism=metabolism_of_temperature(celsius),
        )
        flow = actuators.base_l_h + actuators.feed_l_h + actuators.antifoam_l_h
        share = actuators.feed_l_h / flow if flow > 0.0 else 0.0
        inflow = Inflow(flow, share * p.feed_glucose_mmol_l, share * p.feed_glutamine_mmol_l)
        volume, lactate = culture.volume_l, culture.lactate_made_mmol
        culture.advance(hours, inflow, conditions)
        thinner = volume / culture.volume_l
        broth.oxygen *= thinner
        broth.carbonates *= thinner
        broth.alkalinity *= thinner
        broth.alkalinity += actuators.base_l_h * hours * p.base_mol_l * 1000.0 / culture.volume_l
        self._acid_mmol_l_s = (culture.lactate_made_mmol - lactate) / culture.volume_l / seconds
        self.base_l += actuators.base_l_h * hours
        self.feed_l += actuators.feed_l_h * hours
        self.antifoam_l += actuators.antifoam_l_h * hours
        self.hours += hours

    def step_fast(self, seconds: float, actuators: Actuators) -> None:
        """Move gases, pH, temperature, pressure and foam on by a short step."""
        self.power_w = stirrer_power(self.parameters.power_number, actuators.stirrer_rpm, self.impeller_m)
        feed = mix(
            actuators.air_l_min,
            actuators.oxygen_l_min,
            actuators.carbon_dioxide_l_min,
            ATMOSPHERE_MBAR + self.pressure_mbar,
        )
        self.gas_flow_l_min = feed.flow_l_min
        self._breathe(seconds / 3600.0, feed)
        self.broth.alkalinity -= self._acid_mmol_l_s * seconds
        self._fill_headspace(seconds, feed, actuators)
        mass_kg = self.culture.volume_l
        self.temperatures.step(seconds, self.heating, actuators.valve_percent, mass_kg, self.heat_w)

    def _oxygen_demand(self) -> float:
        """Return what the cells would take, mg/L/h."""
        per_cells = self.parameters.oxygen_pmol_per_cell_h * O2_MG_PER_MMOL
        return per_cells * self.culture.viable * metabolism_of_temperature(self.temperatures.vessel)

    def _breathe(self, hours: float, feed: GasFeed) -> None:
        volume, celsius = self.culture.volume_l, self.temperatures.vessel
        self.kla_per_h = kla_per_h(self.power_w, volume, feed.flow_l_min, self.area_m2, celsius)
        gas = feed.mmol_per_l_h(volume)
        self.oxygen_uptake = self.broth.step_oxygen(
            hours,
            self.kla_per_h,
            oxygen_saturation(celsius) / O2_IN_AIR * feed.pressure_mbar / ATMOSPHERE_MBAR,
            (gas * O2_MG_PER_MMOL, feed.oxygen),
            (self._oxygen_demand(), HALF_OXYGEN_MG_L),
        )
        self.broth.step_carbonates(
            hours,
            KLA_CO2_FACTOR * self.kla_per_h,
            CO2_PER_MMHG * feed.pressure_mbar * MMHG_PER_MBAR,
            (gas, feed.carbon_dioxide),
            self.parameters.respiratory_quotient * self.oxygen_uptake / O2_MG_PER_MMOL,
        )

    def _fill_headspace(self, seconds: float, feed: GasFeed, actuators: Actuators) -> None:
        p, flow = self.parameters, feed.flow_l_min
        headspace_l = max(0.1 * p.volume_l, VESSEL_PER_WORKING_VOLUME * p.volume_l - self.culture.volume_l)
        conductance = p.scale * (0.01 + 0.19 * actuators.exhaust_percent / 100.0)  # L/min per mbar
        tau_s = 60.0 * headspace_l / ATMOSPHERE_MBAR / conductance
        self.pressure_mbar = approach(self.pressure_mbar, flow / conductance, seconds, tau_s)
        if flow > 0.0:
            tau_s = 60.0 * headspace_l / flow
            oxygen, carbon_dioxide = off_gas(feed, self.broth.gas_oxygen, self.broth.gas_carbon_dioxide)
            self.off_gas_oxygen = approach(self.off_gas_oxygen, oxygen, seconds, tau_s)
            self.off_gas_carbon_dioxide = approach(
                self.off_gas_carbon_dioxide, carbon_dioxide, seconds, tau_s
            )
        made = 100.0 * flow / (20.0 * p.scale) * (0.3 + self.culture.antibody / 3000.0)
        self.foam_percent = approach(self.foam_percent, min(100.0, made), seconds, FOAM_TAU_S)
        killed = 2.0 * actuators.antifoam_l_h / p.scale * seconds  # percent: 0.3 L/h (full pump) is 0.6 %/s
        self.foam_percent = max(0.0, self.foam_percent - killed)
