"""Devices that are no equipment: recorded acquisition, played back."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from config.device_base import DeviceBase
from config.quantities import PositiveDuration


class ReplayTimes(enum.StrEnum):
    """Which source times a played sample has."""

    RESTAMPED = "restamped"
    """As old as it was when it arrived then, but now."""
    ORIGINAL = "original"
    """As it was recorded: days or years ago."""


class ReplayDevice(DeviceBase):
    """Plays what `cellgate record` wrote, in the place of the device that it was recorded from.

    The tags stay as they are: each is found in the file by its full name, or by `recorded` in its
    address; every other key of an address is left alone. Nothing can be written to it.
    """

    driver: Literal["replay"]
    """Driver that plays recorded acquisition back."""
    file: Path
    """The recording, relative to the file that names it."""
    speed: float = Field(default=1.0, gt=0, le=10_000)
    """Seconds of the recording per second."""
    repeat: bool = False
    """True: begin again at the end. False: at the end every tag is bad (out of service)."""
    times: ReplayTimes = ReplayTimes.RESTAMPED
    longest_pause: PositiveDuration | None = None
    """Longer silence in the recording is shortened to this; none keeps it."""

    @model_validator(mode="after")
    def _time_does_not_run_backwards(self) -> Self:
        if self.repeat and self.times is ReplayTimes.ORIGINAL:
            raise ValueError("repeat needs times: restamped, or the same times would come again and again")
        return self
