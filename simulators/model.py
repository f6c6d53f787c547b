"""What every process model is to the device that hosts it."""

from __future__ import annotations

import abc
import random
from collections.abc import Iterable, Mapping
from typing import ClassVar

from simulators.signals import Kind, Signal, Value

_ZERO: dict[Kind, Value] = {Kind.BOOL: False, Kind.TEXT: "", Kind.FLOAT32: 0.0, Kind.FLOAT64: 0.0}

Settings = Mapping[str, float | str | bool]


class DisturbanceError(ValueError):
    """A process disturbance is unknown, or its settings do not fit; the message says what would."""


class ProcessModel(abc.ABC):
    """A process that is stepped in plant time and shows its signals in `values`.

    Nothing here knows a clock: the same seed, steps and commands give the same values.
    """

    safe_commands: Mapping[str, Value] = {}
    """Commands that the device falls back to when its watchdog stops."""
    clock_signal: ClassVar[str | None] = None
    """Signal that shows the device's own clock in Unix ms, set by whoever knows the time."""
    disturbances: ClassVar[Mapping[str, str]] = {}
    """Kinds of process disturbance, and what each does and takes."""

    def __init__(self, signals: Iterable[Signal], seed: int) -> None:
        self.signals: dict[str, Signal] = {signal.name: signal for signal in signals}
        self.values: dict[str, Value] = {
            s.name: _ZERO.get(s.kind, 0) if s.low <= 0 else s.low for s in self.signals.values()
        }
        self.values.update(self.safe_commands)
        self.chance = random.Random(seed)
        self.safe = False

    @abc.abstractmethod
    def step(self, seconds: float) -> None:
        """Move the process on by `seconds` of plant time."""

    def command(self, name: str, value: Value) -> None:
        """Take a command from the wire; it is in force from the next step."""
        self.values[name] = value

    def set_safe(self, active: bool) -> None:
        """Enter or leave the safe state; entering replaces the commands by the safe ones."""
        if active and not self.safe:
            self.values.update(self.safe_commands)
        self.safe = active
        self.values["SafeState"] = active

    def wanted(self, name: str) -> float:
        """Return the command in force: in the safe state the safe one."""
        if self.safe and name in self.safe_commands:
            return float(self.safe_commands[name])
        return float(self.values[name])

    def disturb(self, kind: str, settings: Settings) -> None:
        """Start or end a disturbance of the process.

        Raises:
            DisturbanceError: the model knows no such disturbance, or a setting is wrong.
        """
        if kind not in self.disturbances:
            known = ", ".join(self.disturbances) or "none"
            raise DisturbanceError(f"{kind!r} is not a disturbance of this model (known: {known})")
        try:
            self.apply_disturbance(kind, settings)
        except DisturbanceError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise DisturbanceError(f"{kind} needs other settings: {self.disturbances[kind]}") from error

    @abc.abstractmethod
    def apply_disturbance(self, kind: str, settings: Settings) -> None:
        """Act on a kind that is in `disturbances`."""
