"""The event of a changed configuration."""

from __future__ import annotations

from typing import Literal

from gateway.stream.event_model import Event


class ConfigurationEvent(Event):
    """Another configuration was applied while the gateway ran."""

    type: Literal["configuration"] = "configuration"
    before: str
    """Fingerprint of the configuration that ended."""
    after: str
    """Fingerprint of the one that begins."""
    user: str
    command: str
    """Id of the command that ordered it."""
    reason: str = ""
    changes: list[str]
    """What changed, as `changed loop br1/temp`; the first hundred."""
    devices: list[str]
    """Devices whose connections were renewed or ended."""
    gap_s: float
    """Time in which no scan was due to run: from one engine's end to the other's start."""
