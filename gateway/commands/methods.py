"""Commands that call a method of a device: whose rights they need, and what they name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from config.opcua import OpcUaDevice, OpcUaMethod
from config.site import Site
from drivers.api import ACKNOWLEDGE, COMMENT, CONFIRM, Argument, MethodResult
from gateway.commands.message import CommandMessage
from gateway.commands.rows import Refused

_ANSWERS: Final = {"acknowledge": ACKNOWLEDGE, "confirm": CONFIRM, "comment": COMMENT}

CallMethod = Callable[[str, str, Sequence[Argument]], Awaitable[MethodResult]]
"""Calls a method: device, name, arguments."""


def unit_of_method(site: Site, target: str) -> str:
    """Return the unit whose rights a method needs.

    Raises:
        Refused: there is no such method.
    """
    device, name = split(target)
    return _method(site, device, name).unit


def unit_of_conditions(site: Site, device: str) -> str:
    """Return the unit whose rights an answer to a device's own conditions needs.

    Raises:
        Refused: there is no such device, it has none, or the configuration gives nobody the right.
    """
    found = site.devices.get(device)
    events = found.events if isinstance(found, OpcUaDevice) else None
    if events is None:
        raise Refused(f"there is no device {device!r} whose conditions are followed")
    if events.unit is None:
        raise Refused(
            f"nobody may answer the conditions of {device}: devices.{device}.events.unit is not set"
        )
    return events.unit


def wanted_of(command: CommandMessage) -> tuple[str, str, Sequence[Argument]]:
    """Return device, method and arguments of a command.

    Raises:
        Refused: an answer to a condition that does not say what is answered, or how.
    """
    arguments = command.arguments or []
    if command.kind == "call":
        return *split(command.target), arguments
    method = _ANSWERS.get(str(command.value))
    if method is None:
        raise Refused(f"{command.value!r} is no answer to a condition: {', '.join(_ANSWERS)}")
    if len(arguments) != 2:
        raise Refused("give the condition's id, and the id of the change that was seen")
    if method is COMMENT and not command.reason:
        raise Refused("a comment needs its words: give them as the reason")
    return command.target, method, [*map(str, arguments), command.reason]


def split(target: str) -> tuple[str, str]:
    """Return device and method of a target, `DEVICE/METHOD`."""
    device, _, name = target.partition("/")
    return device, name


def _method(site: Site, device: str, name: str) -> OpcUaMethod:
    found = site.devices.get(device)
    methods = found.methods if isinstance(found, OpcUaDevice) else {}
    if name not in methods:
        there = ", ".join(f"{device}/{each}" for each in methods) or "none"
        raise Refused(f"there is no method {f'{device}/{name}'!r} (of this device there are: {there})")
    return methods[name]
