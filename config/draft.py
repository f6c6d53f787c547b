"""A configuration whose parts are models, each right in itself, before they are linked and checked.

What is not right in itself is missing here, and the findings say why: so everything else can still
be checked, and one run tells of every mistake.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from config.access import AccessControl, User
from config.alarm_management import AlarmManagement
from config.alarms import Alarm
from config.device_drafts import Drivers, draft_devices, draft_tag
from config.devices import DeviceBase
from config.entries import entries
from config.errors import Findings, Path
from config.hmi import Hmi
from config.interlocks import Interlock, Permissive
from config.loops import Calculation, Loop
from config.nodes import Map, plain, shown
from config.profiles import Profile
from config.simulation import Simulation
from config.site import Gateway, SiteIdentity
from config.streams import Streams
from config.structures import Selector, Split
from config.tags import Tag
from config.units import Unit
from config.validation import validated

M = TypeVar("M", bound=BaseModel)


@dataclass
class UnitDraft:
    """The parts of a unit, by their names within it."""

    shell: Unit
    """The unit without its parts: area, cell, display name…"""
    tags: dict[str, Tag] = field(default_factory=dict)
    calculations: dict[str, Calculation] = field(default_factory=dict)
    loops: dict[str, Loop] = field(default_factory=dict)
    selectors: dict[str, Selector] = field(default_factory=dict)
    splits: dict[str, Split] = field(default_factory=dict)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    interlocks: dict[str, Interlock] = field(default_factory=dict)
    permissives: dict[str, Permissive] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)


PARTS: Final[dict[str, type[BaseModel]]] = {
    "tags": Tag,
    "calculations": Calculation,
    "loops": Loop,
    "selectors": Selector,
    "splits": Split,
    "alarms": Alarm,
    "interlocks": Interlock,
    "permissives": Permissive,
    "profiles": Profile,
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
    alarm_management: AlarmManagement
    hmi: Hmi
    simulation: Simulation | None


def make_draft(root: Map, findings: Findings) -> Draft:
    """Return the models that an expanded configuration holds."""
    drivers = Drivers(root)
    return Draft(
        root=root,
        site=_section(SiteIdentity, "site", root, findings) or SiteIdentity(name="-"),
        gateway=_section(Gateway, "gateway", root, findings) or Gateway(name="-"),
        devices=draft_devices(root, drivers, findings),
        units=_units(root, drivers, findings),
        streams=_section(Streams, "streams", root, findings) or Streams(),
        access=_access(root, findings),
        alarm_management=_alarm_management(root, findings),
        hmi=_hmi(root, findings),
        simulation=_simulation(root, findings),
    )


def _section(model: type[M], name: str, root: Map, findings: Findings) -> M | None:
    return validated(model, root.get(name), (name,), findings, root.place_of(name))


def _units(root: Map, drivers: Drivers, findings: Findings) -> dict[str, UnitDraft]:
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
                    draft_tag(node, where, drivers, findings)
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


def _alarm_management(root: Map, findings: Findings) -> AlarmManagement:
    if root.get("alarm_management") is None:
        return AlarmManagement()
    return _section(AlarmManagement, "alarm_management", root, findings) or AlarmManagement()


def _hmi(root: Map, findings: Findings) -> Hmi:
    if root.get("hmi") is None:
        return Hmi()
    return _section(Hmi, "hmi", root, findings) or Hmi()


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
