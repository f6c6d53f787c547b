"""Sensors and at-line analyser of the simulated bioreactor."""

from __future__ import annotations

import random

from simulators.bioreactor_parameters import BioreactorParameters
from simulators.cell_culture import CellCulture
from simulators.dynamics import Sensor
from simulators.signals import Signal, Value

# Signal: time constant s, noise as a share of the range, decimals, drift per week.
_SENSORS: dict[str, tuple[float, float, int, float]] = {
    "Temp.PV": (15.0, 0.00015, 3, 0.0),
    "Jacket.PV": (10.0, 0.0002, 2, 0.0),
    "Jacket.Position": (0.0, 0.0, 2, 0.0),
    "DO.PV": (12.0, 0.0006, 2, -2.0),
    "pH.PV": (10.0, 0.0003, 4, 0.05),
    "pCO2.PV": (60.0, 0.0006, 1, 0.0),
    "Stir.Speed.PV": (0.0, 0.0008, 1, 0.0),
    "Stir.Power.PV": (0.0, 0.0005, 2, 0.0),
    "Weight.PV": (1.0, 0.0005, 3, 0.0),
    "Volume.PV": (5.0, 0.0008, 2, 0.0),
    "Foam.PV": (5.0, 0.004, 1, 0.0),
    "Gas.Air.PV": (0.0, 0.0005, 3, 0.0),
    "Gas.O2.PV": (0.0, 0.0005, 3, 0.0),
    "Gas.CO2.PV": (0.0, 0.0005, 4, 0.0),
    "Pressure.PV": (1.0, 0.0004, 2, 0.0),
    "Pressure.Position": (0.0, 0.0, 2, 0.0),
    "OffGas.O2.PV": (20.0, 0.0002, 3, 0.0),
    "OffGas.CO2.PV": (20.0, 0.0001, 3, 0.0),
    "OffGas.Flow.PV": (2.0, 0.0008, 3, 0.0),
    "Base.Flow": (0.0, 0.0, 3, 0.0),
    "Base.Total": (0.0, 0.0, 4, 0.0),
    "Feed.Flow": (0.0, 0.0, 3, 0.0),
    "Feed.Total": (0.0, 0.0, 4, 0.0),
    "Antifoam.Flow": (0.0, 0.0, 4, 0.0),
    "Antifoam.Total": (0.0, 0.0, 4, 0.0),
    "Culture.Hours": (0.0, 0.0, 3, 0.0),
}


def bioreactor_sensors(signals: dict[str, Signal], parameters: BioreactorParameters) -> dict[str, Sensor]:
    """Return the sensor behind every measured signal that is read all the time."""
    sensors = {}
    for name, (tau_s, noise, digits, drift) in _SENSORS.items():
        signal = signals[name]
        sensors[name] = Sensor(
            signal.low,
            signal.high,
            tau_s,
            noise * (signal.high - signal.low) * parameters.noise,
            digits,
            drift * parameters.drift,
        )
    return sensors


class Analyser:
    """Takes a sample now and then, and shows it until the next one."""

    def __init__(self, interval_h: float, noise: float) -> None:
        self.interval_h = interval_h
        self.noise = noise
        self.samples = 0
        self.next_h = 0.0

    def sample(self, hours: float, culture: CellCulture, chance: random.Random) -> dict[str, Value]:
        """Return the results of a sample taken now, or nothing when none is due.

        The error of each result is 2 % of the value, at least 0.02 of its unit.
        """
        if hours < self.next_h:
            return {}
        self.next_h = hours + self.interval_h
        self.samples += 1
        truth = {
            "Glucose": culture.glucose,
            "Glutamine": culture.glutamine,
            "Lactate": culture.lactate,
            "Ammonium": culture.ammonium,
            "ViableCells": culture.viable,
            "TotalCells": culture.total,
            "Titre": culture.antibody,
        }
        shown = {
            name: max(0.0, value + chance.gauss(0.0, self.noise * max(0.02, 0.02 * value)))
            for name, value in truth.items()
        }
        shown["TotalCells"] = max(shown["TotalCells"], shown["ViableCells"])
        total = shown["TotalCells"]
        shown["Viability"] = 100.0 * shown["ViableCells"] / total if total > 0.0 else 0.0
        results: dict[str, Value] = {f"Analyser.{name}": round(value, 3) for name, value in shown.items()}
        return {**results, "Analyser.SampleCount": self.samples}
