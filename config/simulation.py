"""The simulated plant that stands in for the equipment: which models, behind which devices."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from config.model import Model
from config.quantities import PositiveDuration


class SimulatedDevice(Model):
    """A process model behind the protocol of the device of the same name."""

    model: Literal["bioreactor", "fill_line", "environment"]
    """Process model that is simulated."""
    speed: float | None = Field(default=None, gt=0)
    """Plant seconds per wall-clock second; none takes the simulation's."""
    watchdog_timeout: PositiveDuration = 3.0
    """Wall-clock time after which a stopped watchdog counter drives the actuators to safe."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Parameters of the model that differ from its defaults."""


class Simulation(Model):
    """The simulated plant. Left out of the configuration of a real one."""

    speed: float = Field(default=1.0, gt=0)
    """Plant seconds per wall-clock second."""
    devices: dict[str, SimulatedDevice] = Field(default_factory=dict)
    """By the name of the device whose place the simulator takes."""
    seed: int = 1
    """Seed of everything random: the same seed gives the same plant."""

    def speed_of(self, device: str | None) -> float:
        """Return the plant seconds per wall-clock second behind a device."""
        simulated = self.devices.get(device) if device is not None else None
        if simulated is None:
            return 1.0 if device is not None else self.speed
        return self.speed if simulated.speed is None else simulated.speed
