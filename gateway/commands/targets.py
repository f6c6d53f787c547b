"""Whose rights a command needs, by what it names: a unit's, or the gateway's as a whole."""

from __future__ import annotations

from config.site import Site
from gateway.commands.message import OF_THE_GATEWAY
from gateway.commands.methods import unit_of_conditions, unit_of_method
from gateway.commands.rows import Refused, position


def unit_of(site: Site, kind: str, target: str) -> str:
    """Return the unit whose rights a command needs (the gateway's name for the whole of it).

    Raises:
        Refused: the target does not exist.
    """
    if kind in OF_THE_GATEWAY:
        _check(site, kind, target)
        return site.gateway.name
    if kind == "call":
        return unit_of_method(site, target)
    if kind == "condition":
        return unit_of_conditions(site, target)
    unit = site.unit_of(target)
    if unit not in site.units:
        raise Refused(f"there is no unit {unit!r}")
    return unit


def _check(site: Site, kind: str, target: str) -> None:
    is_gateway = target == site.gateway.name
    if kind == "apply" and not is_gateway:
        raise Refused(f"{target!r} is not this gateway ({site.gateway.name!r})")
    if kind in ("arm", "disarm") and not is_gateway and target not in site.devices:
        there = ", ".join(site.devices) or "there are none"
        raise Refused(f"{target!r} is not this gateway ({site.gateway.name!r}) nor a device of it ({there})")
    if kind in ("disable", "enable"):
        position(site.devices, target, "device")
