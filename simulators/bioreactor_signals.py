"""The nodes of a simulated bioreactor, for a given working volume."""

from __future__ import annotations

from simulators.signals import Kind, Signal

NAMESPACE = "urn:cellgate:simulator:bioreactor"
"""Namespace URI of every node below; its index is not fixed and changes with a restart."""

REFERENCE_VOLUME_L = 200.0
"""Working volume that the ranges below are for; flows, weight and power scale with the volume."""


def _measured(
    name: str, unit: str, low: float, high: float, text: str, *, kind: Kind = Kind.FLOAT64
) -> Signal:
    return Signal(name, kind, unit, low, high, description=text)


def _command(
    name: str, unit: str, low: float, high: float, text: str, *, kind: Kind = Kind.FLOAT64
) -> Signal:
    return Signal(name, kind, unit, low, high, writable=True, description=text)


def stirrer_limit_rpm(volume_l: float) -> float:
    """Return the largest speed: small vessels stir faster, at the same power per volume."""
    return float(round(200.0 * (volume_l / REFERENCE_VOLUME_L) ** (-2.0 / 9.0)))


def _vessel(volume_l: float) -> list[Signal]:
    scale, rpm = volume_l / REFERENCE_VOLUME_L, stirrer_limit_rpm(volume_l)
    return [
        _measured("Temp.PV", "degC", 0, 60, "Vessel temperature, RTD in a thermowell"),
        _measured("Jacket.PV", "degC", 0, 100, "Jacket temperature"),
        _command(
            "Jacket.Valve", "%", 0, 100, "Split range: 0 full cold, 50 both valves closed, 100 full hot"
        ),
        _measured("Jacket.Position", "%", 0, 100, "Valve position fed back"),
        _measured("DO.PV", "%", 0, 200, "Dissolved oxygen in % of air saturation at 37 degC and 1 atm"),
        _measured("pH.PV", "pH", 2, 12, "pH electrode"),
        _measured("pCO2.PV", "mmHg", 0, 400, "Partial pressure of dissolved CO2"),
        _command("Stir.Speed.SP", "rpm", 0, rpm, "Stirrer speed wanted", kind=Kind.FLOAT32),
        _measured("Stir.Speed.PV", "rpm", 0, rpm, "Stirrer speed", kind=Kind.FLOAT32),
        _measured("Stir.Power.PV", "W", 0, 400 * scale, "Shaft power", kind=Kind.FLOAT32),
        _measured("Weight.PV", "kg", 0, 300 * scale, "Load cells, tared empty"),
        _measured("Volume.PV", "L", 0, 300 * scale, "Liquid volume from the level"),
        _measured("Foam.PV", "%", 0, 100, "Foam level above the liquid"),
    ]


def _gas(scale: float) -> list[Signal]:
    signals = []
    for gas, limit in (("Air", 20), ("O2", 10), ("CO2", 4)):
        top = limit * scale
        signals.append(_command(f"Gas.{gas}.SP", "L/min", 0, top, f"{gas} flow wanted"))
        signals.append(_measured(f"Gas.{gas}.PV", "L/min", 0, top, f"{gas} flow, mass flow controller"))
    return [
        *signals,
        _measured("Pressure.PV", "mbar", 0, 500, "Head pressure over atmosphere"),
        _command("Pressure.Valve", "%", 0, 100, "Exhaust valve, 100 is open"),
        _measured("Pressure.Position", "%", 0, 100, "Exhaust valve position fed back"),
        _measured("OffGas.O2.PV", "%", 0, 100, "O2 in the off-gas, dry"),
        _measured("OffGas.CO2.PV", "%", 0, 100, "CO2 in the off-gas, dry"),
        _measured("OffGas.Flow.PV", "L/min", 0, 40 * scale, "Off-gas flow"),
    ]


def _pumps(scale: float) -> list[Signal]:
    signals = []
    for name, limit, text in (
        ("Base", 50, "Base (NaOH)"),
        ("Feed", 50, "Feed medium"),
        ("Antifoam", 5, "Antifoam"),
    ):
        signals.append(_command(f"{name}.Pump", "%", 0, 100, f"{text} pump speed"))
        signals.append(_measured(f"{name}.Flow", "mL/min", 0, limit * scale, f"{text} flow"))
        signals.append(_measured(f"{name}.Total", "L", 0, 200 * scale, f"{text} added since inoculation"))
    return signals


def _analyser() -> list[Signal]:
    text = "at-line analyser; source time is when the sample was measured"
    return [
        _measured("Analyser.Glucose", "mmol/L", 0, 100, f"Glucose, {text}"),
        _measured("Analyser.Glutamine", "mmol/L", 0, 20, f"Glutamine, {text}"),
        _measured("Analyser.Lactate", "mmol/L", 0, 150, f"Lactate, {text}"),
        _measured("Analyser.Ammonium", "mmol/L", 0, 30, f"Ammonium, {text}"),
        _measured("Analyser.ViableCells", "1e6/mL", 0, 50, f"Viable cells, {text}"),
        _measured("Analyser.TotalCells", "1e6/mL", 0, 50, f"Total cells, {text}"),
        _measured("Analyser.Viability", "%", 0, 100, f"Viability, {text}"),
        _measured("Analyser.Titre", "mg/L", 0, 10000, f"Antibody, {text}"),
        Signal("Analyser.SampleCount", Kind.UINT32, description="Samples measured since the device started"),
    ]


def _device() -> list[Signal]:
    return [
        _measured("Culture.Hours", "h", 0, 1000, "Culture time since inoculation, plant time"),
        Signal("Culture.Phase", Kind.TEXT, description="batch, fed or starving"),
        Signal(
            "Culture.Inoculate",
            Kind.BOOL,
            writable=True,
            description="True starts a new culture; resets itself",
        ),
        Signal("Device.Message", Kind.TEXT, description="What the device's own controller says"),
        Signal("Device.Serial", Kind.TEXT, description="Serial number"),
        Signal("Watchdog", Kind.UINT32, writable=True, description="Counter that must keep changing"),
        Signal("SafeState", Kind.BOOL, description="True while the actuators are in their safe positions"),
        Signal("Fault.Stirrer", Kind.BOOL, description="Stirrer drive has tripped"),
        Signal("Fault.Foam", Kind.BOOL, description="Foam has reached the contact"),
        Signal("Fault.Gas", Kind.BOOL, description="O2 supply has failed"),
    ]


def bioreactor_signals(volume_l: float = REFERENCE_VOLUME_L) -> list[Signal]:
    """Return every signal of a bioreactor, in the order of the address list."""
    scale = volume_l / REFERENCE_VOLUME_L
    return [*_vessel(volume_l), *_gas(scale), *_pumps(scale), *_analyser(), *_device()]
