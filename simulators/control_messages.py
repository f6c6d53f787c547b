"""Commands of the control channel: JSON objects, one a line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from config.model import Model
from simulators.link_faults import LinkFaultKind
from simulators.sensor_faults import SensorFaultKind


class ListCommand(Model):
    """Devices with their signals and the disturbances of their processes."""

    command: Literal["list"]


class StatusCommand(Model):
    """State of every device, with what is wrong with it."""

    command: Literal["status"]


class SensorCommand(Model):
    """Make a sensor wrong."""

    command: Literal["sensor"]
    device: str
    signal: str
    kind: SensorFaultKind
    amount: float | None = None
    """Value, offset, drift per plant hour or standard deviation, in the signal's unit."""


class LinkCommand(Model):
    """Break the link to a device."""

    command: Literal["link"]
    device: str
    kind: LinkFaultKind
    amount: float | None = None
    """Seconds, bytes per second, bytes or probability, as the kind asks for."""
    seconds: float | None = Field(default=None, gt=0)
    """Wall-clock time after which the link is mended; none is never."""


class RestartCommand(Model):
    """Restart a device."""

    command: Literal["restart"]
    device: str
    seconds: float = Field(default=2.0, ge=0)
    """Wall-clock time that it is down."""


class ProcessCommand(Model):
    """Disturb the process of a device."""

    command: Literal["process"]
    device: str
    kind: str
    settings: dict[str, float | bool | str] = Field(default_factory=dict)


class SpeedCommand(Model):
    """Let a device's plant run faster or slower."""

    command: Literal["speed"]
    device: str | None = None
    """None is every device."""
    speed: float = Field(gt=0, le=10_000)


class ClearCommand(Model):
    """Mend sensors and links."""

    command: Literal["clear"]
    device: str | None = None
    """None is every device."""
    signal: str | None = None
    """Only this sensor; none is all of them, and the link."""


ControlCommand = (
    ListCommand
    | StatusCommand
    | SensorCommand
    | LinkCommand
    | RestartCommand
    | ProcessCommand
    | SpeedCommand
    | ClearCommand
)

CONTROL_COMMAND: TypeAdapter[ControlCommand] = TypeAdapter(
    Annotated[ControlCommand, Field(discriminator="command")]
)
"""Reads any of the commands."""
