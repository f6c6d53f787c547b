"""Faults of sensors: what a device shows differs from what its process does."""

from __future__ import annotations

import dataclasses
import enum
import random
from collections.abc import Mapping

from simulators.signals import Signal, Value


class SensorFaultKind(enum.StrEnum):
    """How a sensor can be wrong."""

    STUCK = "stuck"
    """Shows `amount`, or what it showed last when no amount is given."""
    BIAS = "bias"
    """Shows `amount` too much."""
    DRIFT = "drift"
    """Goes wrong by `amount` per hour of the plant."""
    NOISE = "noise"
    """Shows additional noise with standard deviation `amount`."""
    FAIL = "fail"
    """Says itself that it has failed (bad status, NaN)."""


@dataclasses.dataclass
class SensorFault:
    """One fault; its amount is in the signal's unit."""

    kind: SensorFaultKind
    amount: float | None = None
    hours: float = 0.0
    """Plant time since it began."""
    held: float | None = None

    def shown(self, value: float, chance: random.Random) -> float | None:
        """Return what the sensor shows for a true value; None is a failed sensor."""
        amount = 0.0 if self.amount is None else self.amount
        match self.kind:
            case SensorFaultKind.STUCK:
                if self.held is None:
                    self.held = value if self.amount is None else self.amount
                return self.held
            case SensorFaultKind.BIAS:
                return value + amount
            case SensorFaultKind.DRIFT:
                return value + amount * self.hours
            case SensorFaultKind.NOISE:
                return value + chance.gauss(0.0, amount)
            case SensorFaultKind.FAIL:
                return None


class SensorFaults:
    """The faults of one device, by signal."""

    def __init__(self, signals: Mapping[str, Signal], seed: int) -> None:
        self.signals = signals
        self.active: dict[str, SensorFault] = {}
        self._chance = random.Random(seed)

    def set(self, name: str, fault: SensorFault) -> None:
        """Start a fault; it replaces the one the signal has.

        Raises:
            ValueError: the device has no such sensor, or the fault needs an amount.
        """
        signal = self.signals.get(name)
        if signal is None or not signal.measured:
            raise ValueError(f"{name!r} is not a measured signal of this device")
        if fault.amount is None and fault.kind not in (SensorFaultKind.STUCK, SensorFaultKind.FAIL):
            raise ValueError(f"{fault.kind} needs an amount")
        self.active[name] = fault

    def clear(self, name: str | None = None) -> None:
        """End the fault of a signal, or of all."""
        if name is None:
            self.active.clear()
        else:
            self.active.pop(name, None)

    def overlay(self, values: Mapping[str, Value], plant_s: float) -> dict[str, Value | None]:
        """Return what the faulty sensors show, `plant_s` of plant time after the last call."""
        shown: dict[str, Value | None] = {}
        for name, fault in self.active.items():
            fault.hours += plant_s / 3600.0
            shown[name] = fault.shown(float(values[name]), self._chance)
        return shown
