"""Commands that arm and disarm, and take devices out of service: what they name, and their engine rows."""

from __future__ import annotations

from config.site import Site
from control import actuation_signal, signal
from gateway.commands.message import CommandMessage
from gateway.commands.rows import EngineRow, Refused


def device_of(site: Site, command: CommandMessage) -> str | None:
    """Return the device that a command names; None where it is the gateway as a whole."""
    return None if command.target == site.gateway.name else command.target


def arms(command: CommandMessage) -> bool:
    """Say whether an `arm` or `disarm` command arms; `arm` with the value 0 disarms.

    Raises:
        Refused: `arm` with another value than 0 or 1.
    """
    if command.kind == "disarm":
        return False
    if command.value not in (None, 0, 1):
        raise Refused(f"arm needs no value, or 1 to arm and 0 to disarm, not {command.value!r}")
    return command.value != 0


def arming_row(site: Site, command: CommandMessage) -> EngineRow:
    """Return the engine's row for arming or disarming the gateway, or one device.

    Raises:
        Refused: `arm` with another value than 0 or 1.
    """
    value, device = float(arms(command)), device_of(site, command)
    if device is None:
        return EngineRow(signal.ARM, 0, value=value)
    return EngineRow(actuation_signal.ARM_DEVICE, list(site.devices).index(device), value=value)
