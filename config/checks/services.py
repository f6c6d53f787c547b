"""Streams, access and simulation: what they name, and what must be there once only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from config.checks.context import Context
from config.devices import ModbusDevice, OpcUaDevice
from config.errors import Path
from config.suggest import did_you_mean, listed

_DEVICE_OF_MODEL: Final = {"bioreactor": OpcUaDevice, "fill_line": ModbusDevice, "environment": ModbusDevice}


def check(context: Context) -> None:
    """Check everything around the plant."""
    _streams(context)
    _keys(context)
    _simulation(context)


def _streams(context: Context) -> None:
    streams = context.site.streams
    partitions = streams.telemetry.partitions
    names = [historian.name for historian in streams.historians]
    taken: set[int] = set()
    for index, historian in enumerate(streams.historians):
        path = ("streams", "historians", index)
        if historian.name in names[:index]:
            context.error((*path, "name"), f"a second historian {historian.name!r}", "give it another name")
        for partition in historian.partitions if historian.partitions is not None else range(partitions):
            taken.add(partition)
            if not 0 <= partition < partitions:
                context.error(
                    (*path, "partitions"), f"there is no partition {partition}",
                    f"streams.telemetry.partitions is {partitions}: they are 0 to {partitions - 1}",
                )  # fmt: skip
    missing = [str(partition) for partition in range(partitions) if partition not in taken]
    if names and missing:
        context.warn(("streams", "historians"), f"no historian takes partition {listed(missing)}")
    consumers = streams.consumers or []
    for index, consumer in enumerate(consumers):
        where: Path = ("streams", "consumers", index, "name")
        if consumer.name in [other.name for other in consumers[:index]]:
            context.error(where, f"a second consumer {consumer.name!r}", "name each once")
        elif consumer.acknowledgement == "watermark" and consumer.name not in names:
            _dangling(context, where, consumer.name, "historian", names)


def _dangling(context: Context, path: Path, name: str, kind: str, known: Iterable[str]) -> None:
    fix = did_you_mean(name, known, f"there is: {listed(known)}")
    context.error(path, f"there is no {kind} {name!r}", fix)


def _keys(context: Context) -> None:
    owners: dict[str, str] = {}
    for name, user in context.site.access.users.items():
        owner = owners.setdefault(user.public_key, name)
        if owner != name:
            context.error(
                ("access", "users", name, "public_key"), f"is the key of {owner!r} as well",
                "every user has a key of its own: who commanded must be known",
            )  # fmt: skip


def _simulation(context: Context) -> None:
    simulation, devices = context.site.simulation, context.site.devices
    root = context.findings.root
    declared = (root.get("devices") if root is not None else None) or {}
    if simulation is None:
        return
    for name, simulated in simulation.devices.items():
        path = ("simulation", "devices", name)
        device = devices.get(name)
        needed = _DEVICE_OF_MODEL[simulated.model]
        if device is None:
            if name not in declared:
                _dangling(context, path, name, "device", list(declared))
        elif not isinstance(device, needed):
            speaks = "OPC UA" if needed is OpcUaDevice else "Modbus"
            context.error(
                (*path, "model"), f"the model {simulated.model} speaks {speaks}, the device does not",
                "correct the model, or the driver of the device",
            )  # fmt: skip
    for name in devices:
        if name not in simulation.devices:
            context.warn(("simulation",), f"no model stands in for device {name!r}", "add it under devices")
