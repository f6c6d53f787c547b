"""Events about devices: lost and restored, what they tell of themselves, and their own alarms."""

from __future__ import annotations

from typing import Literal

from drivers.notices import Matter
from gateway.stream.event_model import Event


class DeviceEvent(Event):
    """A device was lost or came back, or was taken out of service or put back."""

    type: Literal["device"] = "device"
    device: str
    state: Literal["lost", "restored", "disabled", "enabled"]
    reason: str = ""
    duration_s: float | None = None
    """Restored: how long it was away."""


class DeviceNoticeEvent(Event):
    """A device, or its driver, told something about itself."""

    type: Literal["device_notice"] = "device_notice"
    device: str
    what: Matter
    """`clock_off` (`clock_right` again): its clock; `times_doubtful` (`times_right` again): source times
    that are missing, impossible or ahead of the server's; `samples_lost`; `history_read`: they were read
    back; `certificate_ends`; `endpoint_changed`: another server of a redundant set; `degraded` (`recovered`)
    by its own word; `lease_taken`, `lease_lost`: whether this gateway may write to it;
    `write_failed` (`write_works` again): an output does not arrive, or differs when it is read back."""
    detail: str
    value: float | None = None
    """The number that belongs to it: seconds of a clock's offset, samples, days left."""


class ConditionEvent(Event):
    """An alarm or condition that the equipment itself keeps has changed."""

    type: Literal["condition"] = "condition"
    device: str
    name: str
    source: str
    """What it belongs to, in the device's words."""
    condition: str
    """The device's own id of the condition."""
    event: str
    """The device's id of this change; an acknowledgement names it."""
    condition_type: str
    severity: int
    """1 to 1000, the device's own scale."""
    message: str
    active: bool | None
    """None where the device does not tell."""
    acknowledged: bool | None
    confirmed: bool | None
    retain: bool
    """It is still of interest."""
    suppressed_or_shelved: bool | None = None
    refreshed: bool = False
    """Told anew after a reconnection, not because it changed."""
