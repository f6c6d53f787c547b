"""What every device has, whatever it speaks."""

from __future__ import annotations

from pydantic import Field

from config.model import Model
from config.quantities import Duration, PositiveDuration


class DeviceLease(Model):
    """Two values in the device by which gateways agree who writes to it: one at a time."""

    owner: str
    """Tag, read and written: the number of the gateway that may write, 0 for none."""
    counter: str
    """Tag, read and written: the holder counts it on each `period`."""
    number: int = Field(ge=1, le=32767)
    """Number of this gateway; each gateway that may write to the device has its own."""
    period: PositiveDuration = 1.0
    """The lease is looked at and counted on this often."""
    expires_after: PositiveDuration = 10.0
    """A holder whose counter stands still for this long has gone: another one may take the lease."""


class DeviceBase(Model):
    """What every device has, whatever it speaks."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it is."""
    period: PositiveDuration = 1.0
    """Polling period, or publishing interval of a subscription."""
    timeout: PositiveDuration = 2.0
    """Every request ends within this."""
    reconnect_min: PositiveDuration = 0.5
    """First pause before another attempt to connect."""
    reconnect_max: PositiveDuration = 30.0
    """Back-off between attempts doubles from min to max, with jitter."""
    dead_after: PositiveDuration = 5.0
    """Without a good answer for this long every tag of the device is bad (reason COMM)."""
    watchdog: str | None = None
    """Writable tag that carries the engine's counter, for the equipment's own watchdog."""
    writes_armed: bool = False
    """True: armed from the start. False: nothing is written to this device, not even its watchdog, until
    somebody arms it."""
    lease: DeviceLease | None = None
    """How gateways agree who writes to it; none: only gateways on the same machine keep off each other."""
    verify_after: Duration | None = None
    """Read every write back after this long and compare; none: what the device says is believed."""
