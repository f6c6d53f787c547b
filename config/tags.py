"""Tags: the named values of the plant. A tag's full name is `unit/module.signal`."""

from __future__ import annotations

import enum
from typing import Any

from config.model import Model
from config.quantities import Duration, PositiveDuration, Quantity


class TagKind(enum.StrEnum):
    """What a tag's values are. Text tags travel beside the engine, never through it."""

    NUMBER = "number"
    BOOL = "bool"
    TEXT = "text"


class Access(enum.StrEnum):
    """What the gateway may do with the tag on the device."""

    READ = "read"
    WRITE = "write"
    READ_WRITE = "read_write"


class Scaling(Model):
    """A straight line from raw to engineering value, both ways: raw_low is low, raw_high is high."""

    raw_low: float = 0.0
    """Raw value that stands for `low`."""
    raw_high: float = 1.0
    """Raw value that stands for `high`."""
    low: Quantity = Quantity(0.0)
    """Engineering value at `raw_low`."""
    high: Quantity = Quantity(1.0)
    """Engineering value at `raw_high`."""
    clamp: bool = False
    """Clamp to [low, high] instead of marking the value out of range."""


class Reporting(Model):
    """When a sample is news."""

    deadband: Quantity = Quantity(0.0)
    """Report when the value has moved more than this since the last report; 0 is every change."""
    heartbeat: PositiveDuration = 60.0
    """Let a newer sample through the deadband when the last report is this old; none is repeated."""


class Tag(Model):
    """A named value of the plant."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it is."""
    unit: str = ""
    """Engineering unit, as `degC`, `L/min`, `%`."""
    kind: TagKind = TagKind.NUMBER
    low: Quantity | None = None
    """Low end of the range. A value outside the range is uncertain quality (reason RANGE)."""
    high: Quantity | None = None
    """High end of the range."""
    device: str | None = None
    """Device that the tag is read from; none for a tag that only calculations or loops write."""
    address: Any = None
    """Where the device keeps it: see the driver's address (ModbusAddress, OpcUaAddress)."""
    access: Access = Access.READ
    momentary: bool = False
    """True: the device resets it by itself, as a start button or the reset of a counter. A value is written
    to it once, not read back and not kept; no loop, interlock or force may hold it."""
    period: PositiveDuration | None = None
    """Polling or sampling period; none takes the device's."""
    scaling: Scaling | None = None
    """How raw values become engineering values; none takes them as they are."""
    filter_time: Duration = 0.0
    """Time constant of a first-order filter on the value; 0 is no filter."""
    stale_after: PositiveDuration = 10.0
    """Without a new sample for this long the tag is bad (reason STALE)."""
    frozen_after: PositiveDuration | None = None
    """A value that has not changed in the least for this long is bad (reason FROZEN); none is never."""
    fail_value: Quantity | None = None
    """Value that a bad tag shows to calculations that ask for one; the quality stays bad."""
    report: Reporting = Reporting()
    """When a sample is news."""
    format: str = ".2f"
    """How people see it. Never touches what is stored."""
