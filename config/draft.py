"""A configuration whose parts are models, each right in itself, before they are linked and checked.

What is not right in itself is missing here, and the findings say why: so everything else can still
be checked, and one run tells of every mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from config.access import AccessControl, User
from config.alarms import Alarm
from config.devices import DeviceBase, ModbusAddress, ModbusDevice, OpcUaAddress, OpcUaDevice, OtherDevice
from config.errors import Findings, Path
from config.loops import Calculation, Interlock, Loop
from config.model import NAME_PATTERN, Model
from config.nodes import Map, plain, shown
from config.simulation import Simulation
from config.site import Gateway, SiteIdentity
from config.streams import Streams
from config.suggest import did_you_mean, listed
from config.tags import Tag
from config.units import Unit
from config.validation import validated

M = TypeVar("M", bound=BaseModel)

_LOCAL_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_DEVICES: Final[dict[str, type[DeviceBase]]] = {"modbus": ModbusDevice, "opcua": OpcUaDevice}
_ENTRY_POINTS: Final = "cellgate.drivers"
"""Group by which a package brings a driver, as in `drivers.registry`."""
_ADDRESSES: Final[dict[str, type[Model]]] = {"modbus": ModbusAddress, "opcua": OpcUaAddress}


@dataclass
class UnitDraft:
    """The parts of a unit, by their names within it."""

    shell: Unit
    """The unit without its parts: area, cell, display name…"""
    tags: dict[str, Tag] = field(default_factory=dict)
    calculations: dict[str, Calculation] = field(default_factory=dict)
    loops: dict[str, Loop] = field(default_factory=dict)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    interlocks: dict[str, Interlock] = field(default_factory=dict)


PARTS: Final[dict[str, type[BaseModel]]] = {
    "tags": Tag,
    "calculations": Calculation,
    "loops": Loop,
    "alarms": Alarm,
    "interlocks": Interlock,
}
"""The collections of a unit."""


@dataclass
class Draft:
    """The parts of a configuration."""

    root: Map
    site: SiteIdentity
    gateway: Gateway
    devices: dict[str, DeviceBase]
    units: dict[str, UnitDraft]
    streams: Streams
    access: AccessControl
    simulation: Simulation | None


def make_draft(root: Map, findings: Findings) -> Draft:
    """Return the models that an expanded configuration holds."""
    drivers = _Drivers(root)
    return Draft(
        root=root,
        site=_section(SiteIdentity, "site", root, findings) or SiteIdentity(name="-"),
        gateway=_section(Gateway, "gateway", root, findings) or Gateway(name="-"),
        devices=_devices(root, drivers, findings),
        units=_units(root, drivers, findings),
        streams=_section(Streams, "streams", root, findings) or Streams(),
        access=_access(root, findings),
        simulation=_simulation(root, findings),
    )


def _section(model: type[M], name: str, root: Map, findings: Findings) -> M | None:
    return validated(model, root.get(name), (name,), findings, root.place_of(name))


def entries(
    owner: Map, key: str, path: Path, findings: Findings, *, dots: bool = False
) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a collection whose names can be used."""
    collection = owner.get(key)
    if collection is None:
        return
    if not isinstance(collection, Map):
        place = owner.place_of(key)
        findings.error(
            place, (*path, key), f"{shown(collection)} is not a mapping", "write 'name: …' in each line"
        )
        return
    for name, value in collection.items():
        if (_LOCAL_NAME if dots else NAME_PATTERN).fullmatch(name):
            yield name, value
            continue
        what = "a name" if dots else "a level of a topic"
        letters = "letters, digits, '_' and '-'" + (" with dots between them" if dots else "")
        findings.error(
            collection.place_of(name), (*path, key, name), f"{name!r} cannot be {what}",
            f"use {letters} only, and put free text in display_name",
        )  # fmt: skip


class _Drivers:
    """Which driver each device names."""

    def __init__(self, root: Map) -> None:
        devices = root.get("devices")
        known = devices.items() if isinstance(devices, Map) else ()
        self.of_device = {name: d.get("driver") for name, d in known if isinstance(d, Map)}

    def is_installed(self, driver: str) -> bool:
        return driver in _DEVICES or driver in {point.name for point in entry_points(group=_ENTRY_POINTS)}


def _devices(root: Map, drivers: _Drivers, findings: Findings) -> dict[str, DeviceBase]:
    found: dict[str, DeviceBase] = {}
    for name, value in entries(root, "devices", (), findings):
        path: Path = ("devices", name)
        driver = drivers.of_device.get(name)
        if driver is None and isinstance(value, Map):
            findings.error(None, (*path, "driver"), "is missing", f"add driver: {' or '.join(_DEVICES)}")
            continue
        if isinstance(driver, str) and not drivers.is_installed(driver):
            fix = did_you_mean(
                driver, _DEVICES, f"use {listed(_DEVICES)}, or install the package that brings it"
            )
            findings.error(None, (*path, "driver"), f"there is no driver {shown(driver)}", fix)
            continue
        model = _DEVICES.get(str(driver), OtherDevice)
        device = validated(model, value, path, findings)
        if isinstance(device, OtherDevice):
            device = device.model_copy(update={"settings": plain(device.settings)})
        if device is not None:
            found[name] = device
    return found


def _units(root: Map, drivers: _Drivers, findings: Findings) -> dict[str, UnitDraft]:
    found: dict[str, UnitDraft] = {}
    for name, value in entries(root, "units", (), findings):
        path: Path = ("units", name)
        if not isinstance(value, Map):
            findings.error(None, path, f"{shown(value)} is not a unit", "write area, cell and tags")
            continue
        shell = validated(Unit, _plain_parameters(value.without(*PARTS)), path, findings)
        unit = found[name] = UnitDraft(shell or Unit(area="-", cell="-"))
        for key, model in PARTS.items():
            part: dict[str, Any] = getattr(unit, key)
            for local, node in entries(value, key, path, findings, dots=True):
                where = (*path, key, local)
                made = (
                    _tag(node, where, drivers, findings)
                    if model is Tag
                    else validated(model, node, where, findings)
                )
                if made is not None:
                    part[local] = made
    return found


def _plain_parameters(unit: Map) -> Map:
    given = unit.get("parameters")
    if not isinstance(given, Map):
        return unit
    return Map({**unit, "parameters": plain(given)}, unit.place, unit.places)


def _tag(node: Any, path: Path, drivers: _Drivers, findings: Findings) -> Tag | None:
    """Return a tag whose address is of the kind that its device's driver knows."""
    if not isinstance(node, Map):
        return validated(Tag, node, path, findings)
    driver = drivers.of_device.get(node.get("device", ""))
    address = _ADDRESSES.get(driver) if isinstance(driver, str) else None
    if address is None:
        given = plain(node.get("address"))
        return validated(Tag, Map({**node, "address": given}, node.place, node.places), path, findings)
    if node.get("address") is None:
        fix = f"give the address: {listed(address.model_fields, 3)}"
        findings.error(None, path, f"device {node['device']!r} reads this tag, and it has no address", fix)
        return validated(Tag, node, path, findings)
    typed = validated(address, node["address"], (*path, "address"), findings)
    tag = validated(Tag, Map({**node, "address": typed}, node.place, node.places), path, findings)
    return None if typed is None else tag


def _access(root: Map, findings: Findings) -> AccessControl:
    section = root.get("access")
    if not isinstance(section, Map):
        return _section(AccessControl, "access", root, findings) or AccessControl()
    users: dict[str, User] = {}
    for name, node in entries(section, "users", ("access",), findings, dots=True):
        user = validated(User, node, ("access", "users", name), findings)
        if user is None:
            continue
        if user.public_key:
            users[name] = user
        else:
            findings.warn(
                None, ("access", "users", name, "public_key"),
                "the key is empty: this user can command nothing",
                "give the user's public key",
            )  # fmt: skip
    rest = validated(AccessControl, section.without("users"), ("access",), findings) or AccessControl()
    return rest.model_copy(update={"users": users})


def _simulation(root: Map, findings: Findings) -> Simulation | None:
    if root.get("simulation") is None:
        return None
    simulation = _section(Simulation, "simulation", root, findings)
    if simulation is None:
        return None
    devices = {
        name: device.model_copy(update={"parameters": plain(device.parameters)})
        for name, device in simulation.devices.items()
    }
    return simulation.model_copy(update={"devices": devices})
