"""The simulated bioreactor as a device: commands and actuators in, sensors out, a vessel between."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from simulators.bioreactor_parameters import BioreactorParameters
from simulators.bioreactor_sensors import Analyser, bioreactor_sensors
from simulators.bioreactor_signals import bioreactor_signals, stirrer_limit_rpm
from simulators.dynamics import approach, clamp
from simulators.model import ProcessModel, Settings
from simulators.signals import Value
from simulators.vessel import Actuators, Vessel

FAST_STEP_S = 2.0
"""Length of a step of the fast dynamics (actuators, gas, pH, temperature, probes)."""
MAX_FAST_STEPS = 20
"""Fast steps in one step of the model; beyond them they get longer: stable, only coarser."""
PUMP_LIMIT_ML_MIN = {"Base": 50.0, "Feed": 50.0, "Antifoam": 5.0}
"""Flow of each pump at 100 %, for the reference volume."""
FOAM_CONTACT_PERCENT = 80.0
STARVING_MMOL_L = 0.1

# Command, its time constant in plant seconds, and the safe position at the reference volume.
_ACTUATORS: dict[str, tuple[float, float]] = {
    "Jacket.Valve": (3.0, 50.0),
    "Stir.Speed.SP": (2.0, 30.0),
    "Gas.Air.SP": (1.0, 1.0),
    "Gas.O2.SP": (1.0, 0.0),
    "Gas.CO2.SP": (1.0, 0.0),
    "Pressure.Valve": (3.0, 100.0),
    "Base.Pump": (0.5, 0.0),
    "Feed.Pump": (0.5, 0.0),
    "Antifoam.Pump": (0.5, 0.0),
}


def _safe_positions(parameters: BioreactorParameters) -> dict[str, Value]:
    positions: dict[str, Value] = {name: safe for name, (_, safe) in _ACTUATORS.items()}
    positions["Gas.Air.SP"] = _ACTUATORS["Gas.Air.SP"][1] * parameters.scale
    positions["Stir.Speed.SP"] = round(0.15 * stirrer_limit_rpm(parameters.volume_l), 1)
    return positions


class Bioreactor(ProcessModel):
    """A fed-batch bioreactor with the commands and measurements of `bioreactor_signals`."""

    disturbances: ClassVar[Mapping[str, str]] = {
        "stirrer_trip": "active: true or false; the stirrer stops",
        "gas_loss": "active: true or false; no O2 from the supply",
        "service_loss": "active: true or false; no hot and no cold water",
        "foam": "percent: the level that foam jumps to",
    }

    def __init__(self, parameters: BioreactorParameters, seed: int = 1) -> None:
        self.parameters = parameters
        self.scale = parameters.scale
        self.safe_commands: Mapping[str, Value] = _safe_positions(parameters)
        super().__init__(bioreactor_signals(parameters.volume_l), seed)
        self.vessel = Vessel(parameters)
        self.positions = {name: float(value) for name, value in self.safe_commands.items()}
        self.active: set[str] = set()
        self.sensors = bioreactor_sensors(self.signals, parameters)
        self.analyser = Analyser(parameters.sample_interval_h, parameters.noise)
        self.values["Device.Serial"] = f"BR{parameters.volume_l:g}-{seed:04d}"
        for name, value in {**self._probes(), **self._measurements()}.items():
            self.sensors[name].settle(value)
        self._show()

    def step(self, seconds: float) -> None:
        """Move the process on by `seconds` of plant time."""
        if self.values["Culture.Inoculate"]:
            self.vessel.inoculate()
            self.analyser.next_h = 0.0
            self.values["Culture.Inoculate"] = False
        self.vessel.grow(seconds, self._actuators())
        count = min(MAX_FAST_STEPS, max(1, math.ceil(seconds / FAST_STEP_S - 1e-9)))
        short = seconds / count
        targets = self._targets()
        for _ in range(count):
            self._move_actuators(targets, short)
            self.vessel.step_fast(short, self._actuators())
            for name, value in self._probes().items():
                self.sensors[name].follow(value, short)
        for name, value in self._measurements().items():
            self.sensors[name].follow(value, seconds)
        self._show()

    def apply_disturbance(self, kind: str, settings: Settings) -> None:
        """Act on a disturbance (see `disturbances`)."""
        if kind == "foam":
            self.vessel.foam_percent = clamp(float(settings["percent"]), 0.0, 100.0)
        elif settings["active"]:
            self.active.add(kind)
        else:
            self.active.discard(kind)

    def _targets(self) -> dict[str, float]:
        """Return where each actuator is going."""
        targets = {name: self.wanted(name) for name in _ACTUATORS}
        if "stirrer_trip" in self.active:
            targets["Stir.Speed.SP"] = 0.0
        if "gas_loss" in self.active:
            targets["Gas.O2.SP"] = 0.0
        return targets

    def _move_actuators(self, targets: dict[str, float], seconds: float) -> None:
        for name, target in targets.items():
            position = self.positions[name]
            if position != target:
                self.positions[name] = approach(position, target, seconds, _ACTUATORS[name][0])

    def _actuators(self) -> Actuators:
        at = self.positions
        return Actuators(
            valve_percent=50.0 if "service_loss" in self.active else at["Jacket.Valve"],
            stirrer_rpm=at["Stir.Speed.SP"],
            air_l_min=at["Gas.Air.SP"],
            oxygen_l_min=at["Gas.O2.SP"],
            carbon_dioxide_l_min=at["Gas.CO2.SP"],
            exhaust_percent=at["Pressure.Valve"],
            base_l_h=self._pump_ml_min("Base") * 0.06,
            feed_l_h=self._pump_ml_min("Feed") * 0.06,
            antifoam_l_h=self._pump_ml_min("Antifoam") * 0.06,
        )

    def _pump_ml_min(self, pump: str) -> float:
        return self.positions[f"{pump}.Pump"] / 100.0 * PUMP_LIMIT_ML_MIN[pump] * self.scale

    def _probes(self) -> dict[str, float]:
        """Return what the probes in the broth feel: their lag matters to the loops."""
        vessel = self.vessel
        return {
            "Temp.PV": vessel.temperatures.vessel,
            "Jacket.PV": vessel.temperatures.jacket,
            "DO.PV": vessel.oxygen_percent,
            "pH.PV": vessel.broth.ph,
        }

    def _measurements(self) -> dict[str, float]:
        vessel, at = self.vessel, self.positions
        return {
            "Jacket.Position": at["Jacket.Valve"],
            "pCO2.PV": vessel.broth.pco2_mmhg,
            "Stir.Speed.PV": at["Stir.Speed.SP"],
            "Stir.Power.PV": vessel.power_w,
            "Weight.PV": vessel.culture.volume_l,
            "Volume.PV": vessel.culture.volume_l,
            "Foam.PV": vessel.foam_percent,
            "Gas.Air.PV": at["Gas.Air.SP"],
            "Gas.O2.PV": at["Gas.O2.SP"],
            "Gas.CO2.PV": at["Gas.CO2.SP"],
            "Pressure.PV": vessel.pressure_mbar,
            "Pressure.Position": at["Pressure.Valve"],
            "OffGas.O2.PV": 100.0 * vessel.off_gas_oxygen,
            "OffGas.CO2.PV": 100.0 * vessel.off_gas_carbon_dioxide,
            "OffGas.Flow.PV": vessel.gas_flow_l_min,
            "Base.Flow": self._pump_ml_min("Base"),
            "Base.Total": vessel.base_l,
            "Feed.Flow": self._pump_ml_min("Feed"),
            "Feed.Total": vessel.feed_l,
            "Antifoam.Flow": self._pump_ml_min("Antifoam"),
            "Antifoam.Total": vessel.antifoam_l,
            "Culture.Hours": vessel.hours,
        }

    def _show(self) -> None:
        vessel, values = self.vessel, self.values
        for name, sensor in self.sensors.items():
            values[name] = sensor.reading(self.chance)
        values.update(self.analyser.sample(vessel.hours, vessel.culture, self.chance))
        values["Culture.Phase"] = self._phase()
        values["Device.Message"] = "safe: watchdog stopped" if self.safe else "running"
        values["Fault.Stirrer"] = "stirrer_trip" in self.active
        values["Fault.Gas"] = "gas_loss" in self.active
        values["Fault.Foam"] = vessel.foam_percent >= FOAM_CONTACT_PERCENT

    def _phase(self) -> str:
        if self.vessel.culture.glucose < STARVING_MMOL_L:
            return "starving"
        return "fed" if self.vessel.feed_l > 0.0 else "batch"
