"""Streams, access, screens and simulation: what they name, and what must be there once only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from config.access import Role
from config.checks.context import Context
from config.devices import DeviceBase, ModbusDevice, OpcUaDevice
from config.errors import Path
from config.quantities import duration_text
from config.streams import EmbeddedStore, Historian
from config.suggest import did_you_mean, listed

_DEVICE_OF_MODEL: Final[dict[str, type[DeviceBase]]] = {
    "bioreactor": OpcUaDevice,
    "fill_line": ModbusDevice,
    "environment": ModbusDevice,
}


def check(context: Context) -> None:
    """Check everything around the plant."""
    _streams(context)
    _clients(context)
    _keys(context)
    _hmi(context)
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
        _members(context, (*path, "members"), historian, names)
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


def _members(context: Context, path: Path, historian: Historian, historians: list[str]) -> None:
    members = historian.members
    if members and isinstance(historian.store, EmbeddedStore):
        context.error(
            path, "members share a store that all of them reach, and the embedded one is on one's disk",
            "give it a store of type influxdb; or, without take-over, several historians with partitions",
        )  # fmt: skip
    for index, member in enumerate(members):
        if member in members[:index]:
            context.error((*path, index), f"a second member {member!r}", "name each once")
        if f"{historian.name}-{member}" in historians:
            context.error(
                (*path, index), f"a historian is called {historian.name}-{member}, as this member is",
                "give one of them another name",
            )  # fmt: skip


def _clients(context: Context) -> None:
    site, streams = context.site, context.site.streams
    historians = [historian.name for historian in streams.historians]
    owners: dict[str, str] = {}
    for name, client in streams.clients.items():
        path = ("streams", "clients", name)
        for index, campaign in enumerate(client.campaigns):
            owner = owners.setdefault(campaign, name)
            if owner != name:
                context.error(
                    (*path, "campaigns", index), f"campaign {campaign!r} is of client {owner!r} as well",
                    "a campaign is of one client: what a client may not see must not reach it",
                )  # fmt: skip
        for index, unit in enumerate(client.units or []):
            if unit not in site.units:
                _dangling(context, (*path, "units", index), unit, "unit", site.units)
        if client.historian is not None:
            if client.historian.name in historians:
                context.error(
                    (*path, "historian", "name"), f"a second historian {client.historian.name!r}",
                    "give it another name",
                )  # fmt: skip
            historians.append(client.historian.name)
    for name, user in site.access.users.items():
        where: Path = ("access", "users", name, "client")
        if user.client is not None and user.client not in streams.clients:
            _dangling(context, where, user.client, "client", streams.clients)
        elif user.client is not None and user.role is not Role.CLIENT:
            context.error(
                where,
                f"a user of role {user.role} belongs to no client",
                "leave it out, or make the role client",
            )


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


def _hmi(context: Context) -> None:
    hmi = context.site.hmi
    if hmi.sign_out_after < hmi.lock_after:
        context.error(
            ("hmi", "sign_out_after"), "a session would end before it is ever locked",
            f"give more than lock_after, which is {duration_text(hmi.lock_after)}",
        )  # fmt: skip
    clients = [name for name, user in context.site.access.users.items() if user.role is Role.CLIENT]
    if hmi.view_without_login and clients:
        context.warn(
            ("hmi", "view_without_login"),
            f"without a login anybody sees every unit, which is more than {listed(clients)} may",
            "leave it out where clients reach the screens",
        )


def _simulation(context: Context) -> None:
    simulation, devices = context.site.simulation, context.site.devices
    declared = context.declared("devices")
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
