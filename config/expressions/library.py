"""Soft sensors for bioprocesses: library functions that are themselves expressions of the language.

A call is replaced by its formula when the text is parsed, with the arguments in place of the
parameters, so units are checked through it and nothing else knows of the library. An argument
with a unit is converted to the parameter's; one without is taken to be in it.

Gas balances are over dry gas: nitrogen is neither taken up nor given off, so it gives the flow of
the off-gas from that of the inlet. Analysers of wet gas need their water taken out first. Gas flow
is counted at 0 degC and 1.01325 bar, where a mole fills 22.414 L.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SOURCES: Final = {
    "Royce 1993": "P. N. Royce, A discussion of recent developments in fermentation monitoring and control "
    "from a practical perspective, Critical Reviews in Biotechnology 13(2), 117-149.",
    "Garcia-Ochoa 2009": "F. Garcia-Ochoa, E. Gomez, Bioreactor scale-up and oxygen transfer rate in "
    "microbial processes: an overview, Biotechnology Advances 27, 153-176.",
    "Van 't Riet 1979": "K. van 't Riet, Review of measuring methods and results in nonviscous gas-liquid "
    "mass transfer in stirred vessels, Ind. Eng. Chem. Process Des. Dev. 18, 357-364.",
    "Benson 1984": "B. B. Benson, D. Krause, The concentration and isotopic fractionation of oxygen "
    "dissolved in freshwater and seawater in equilibrium with the atmosphere, Limnology and Oceanography "
    "29(3), 620-632.",
    "Doran 2013": "P. M. Doran, Bioprocess Engineering Principles, 2nd edition, Academic Press.",
}
"""What the soft sensors' `source` names."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A parameter of a soft sensor."""

    name: str
    unit: str | None
    """Unit that the argument is brought to; none passes it on as it is."""
    meaning: str


@dataclass(frozen=True, slots=True)
class SoftSensor:
    """A library function: its formula, what goes in, what comes out, and who says so."""

    name: str
    parameters: tuple[Quantity, ...]
    unit: str
    formula: str
    summary: str
    source: str

    @property
    def signature(self) -> str:
        """How it is called."""
        return f"{self.name}({', '.join(parameter.name for parameter in self.parameters)})"


_GAS = Quantity("gas_in", "NL/min", "inlet gas, dry, at 0 degC and 1.01325 bar")
_FRACTIONS = (
    Quantity("o2_in", "mol/mol", "oxygen in the dry inlet gas"),
    Quantity("co2_in", "mol/mol", "carbon dioxide in the dry inlet gas"),
    Quantity("o2_out", "mol/mol", "oxygen in the dry off-gas"),
    Quantity("co2_out", "mol/mol", "carbon dioxide in the dry off-gas"),
)
_VOLUME = Quantity("volume", "L", "liquid volume")
_T = Quantity("T", None, "time constant of the smoothing")
_BIOMASS = Quantity("biomass", None, "biomass concentration or a signal in proportion to it")

# Off-gas per inlet gas, from the nitrogen that passes through.
_INERT = "(1 - o2_in - co2_in) / (1 - o2_out - co2_out)"

_GROWTH = "((rate(plain(biomass), T) / lag(plain(biomass), T)) in 1/h)"

# Water vapour over pure water in atm, Benson 1984 (as in Standard Methods 4500-O).
_VAPOUR = "exp(11.8571 - 3840.70 K / temperature - 216961 K^2 / temperature ^ 2)"

_SENSORS = (
    SoftSensor(
        "otr",
        (_GAS, *_FRACTIONS, _VOLUME),
        "mmol/L/h",
        f"(gas_in / 22.414 L/mol / volume * (o2_in - o2_out * {_INERT})) in mmol/L/h",
        "Oxygen transfer rate by gas balance.",
        "Garcia-Ochoa 2009; Royce 1993 for the inert balance.",
    ),
    SoftSensor(
        "cer",
        (_GAS, *_FRACTIONS, _VOLUME),
        "mmol/L/h",
        f"(gas_in / 22.414 L/mol / volume * (co2_out * {_INERT} - co2_in)) in mmol/L/h",
        "Carbon dioxide evolution rate by gas balance; what the liquid stores as bicarbonate is not in it.",
        "Royce 1993.",
    ),
    SoftSensor(
        "rq",
        _FRACTIONS,
        "",
        f"(co2_out * {_INERT} - co2_in) / (o2_in - o2_out * {_INERT})",
        "Respiratory quotient: carbon dioxide given off per oxygen taken up.",
        "Royce 1993.",
    ),
    SoftSensor(
        "our",
        (
            Quantity("transfer_rate", "mmol/L/h", "oxygen transfer rate, as from otr()"),
            Quantity("dissolved_oxygen", "mmol/L", "oxygen in the liquid"),
            _T,
        ),
        "mmol/L/h",
        "(transfer_rate - rate(dissolved_oxygen, T)) in mmol/L/h",
        "Oxygen uptake rate: the transfer less what the liquid gains.",
        "Garcia-Ochoa 2009, dC/dt = OTR - OUR.",
    ),
    SoftSensor(
        "kla",
        (
            Quantity("transfer_rate", "mmol/L/h", "oxygen transfer rate, as from otr()"),
            Quantity("saturation", "mmol/L", "oxygen at saturation, as from oxygen_solubility()"),
            Quantity("dissolved_oxygen", "mmol/L", "oxygen in the liquid"),
        ),
        "1/h",
        "(transfer_rate / (saturation - dissolved_oxygen)) in 1/h",
        "Volumetric mass transfer coefficient from the transfer rate and its driving force.",
        "Garcia-Ochoa 2009, OTR = kLa (C* - C).",
    ),
    SoftSensor(
        "kla_stirred",
        (
            Quantity("power_per_volume", "W/m^3", "stirrer power per liquid volume"),
            Quantity("gas_velocity", "m/s", "superficial gas velocity"),
        ),
        "1/h",
        "(0.026 1/s * (power_per_volume / 1 W/m^3) ^ 0.4 * (gas_velocity / 1 m/s) ^ 0.5) in 1/h",
        "Volumetric mass transfer coefficient, stirred and coalescing, within 20 to 40 %.",
        "Van 't Riet 1979, for 500 to 10,000 W/m^3 and volumes up to 2.6 m^3.",
    ),
    SoftSensor(
        "oxygen_solubility",
        (
            Quantity("temperature", "K", "temperature of the liquid"),
            Quantity("pressure", "atm", "absolute pressure"),
            Quantity("o2", "mol/mol", "oxygen in the dry gas"),
        ),
        "mmol/L",
        "(exp(-139.34411 + 1.575701e5 K / temperature - 6.642308e7 K^2 / temperature ^ 2"
        " + 1.243800e10 K^3 / temperature ^ 3 - 8.621949e11 K^4 / temperature ^ 4) * 1 mg/L / 31.998 g/mol"
        f" * (pressure / 1 atm - {_VAPOUR}) / (1 - {_VAPOUR}) * o2 / 0.2095) in mmol/L",
        "Oxygen in pure water in equilibrium with a gas, 0 to 40 degC; salts and sugar lower it.",
        "Benson 1984, with the vapour pressure as in Standard Methods 4500-O.",
    ),
    SoftSensor(
        "growth_rate",
        (_BIOMASS, _T),
        "1/h",
        _GROWTH,
        "Specific growth rate of a culture whose volume does not change, d ln(biomass) / dt.",
        "Doran 2013, chapter 12.",
    ),
    SoftSensor(
        "growth_rate_fed",
        (_BIOMASS, Quantity("feed", "L/h", "everything that flows in"), _VOLUME, _T),
        "1/h",
        f"{_GROWTH} + ((feed / volume) in 1/h)",
        "Specific growth rate of a fed culture: the dilution by the feed is added.",
        "Doran 2013, chapter 14: dX/dt = (mu - F/V) X.",
    ),
    SoftSensor(
        "volume_from_weight",
        (
            Quantity("gross", "kg", "weight on the load cells"),
            Quantity("tare", "kg", "weight of the empty vessel with what hangs on it"),
            Quantity("density", "kg/L", "density of the liquid"),
        ),
        "L",
        "((gross - tare) / density) in L",
        "Liquid volume from the weight.",
        "Definition of density.",
    ),
)

SOFT_SENSORS: Final[dict[str, SoftSensor]] = {sensor.name: sensor for sensor in _SENSORS}
