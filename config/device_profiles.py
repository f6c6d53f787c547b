"""A site's own profiles: what is known of a kind of device, written once and named by many.

A profile is part of a device. What it says fills in what the device does not say itself; the profile
that it builds on, one of those that the driver knows, fills in the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict

from config.device_base import DeviceBase
from config.errors import Findings, Path
from config.modbus_device import ModbusDevice
from config.modbus_line import ProfileName
from config.model import NAME_PATTERN
from config.nodes import Map, shown
from config.opcua import OpcUaDevice, OpcUaProfile
from config.suggest import did_you_mean, listed
from config.validation import validated

SECTION: Final = "device_profiles"
_MODELS: Final[Mapping[str, type[DeviceBase]]] = MappingProxyType(
    {"modbus": ModbusDevice, "opcua": OpcUaDevice}
)
_KNOWN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"modbus": get_args(ProfileName), "opcua": tuple(OpcUaProfile)}
)
"""The profiles that each driver has itself."""
_SOMEWHERE: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"modbus": {"host": "-"}, "opcua": {"endpoint": "opc.tcp://-"}}
)
"""What makes a device of a profile, so that it can be checked by itself."""
_OF_ONE_DEVICE: Final = frozenset(
    {"host", "port", "serial", "endpoint", "redundant", "username", "password", "watchdog", "methods"}
)
"""Keys that say which device it is, and so belong to no kind."""


class DeviceProfile(BaseModel):
    """A profile of the site's own: keys that many devices have in common, under a name that they give."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    driver: Literal["modbus", "opcua"]
    """Driver whose devices may name it. Beside it stand any keys of such a device but those that say
    which one it is (host, endpoint, user…)."""
    profile: str | None = None
    """Profile of the driver's own that it builds on."""


def apply(root: Map, findings: Findings) -> Map:
    """Return a configuration whose devices have what their site's profiles say, without the profiles.

    Args:
        root: the merged files.
        findings: where mistakes are recorded.
    """
    section, devices = root.get(SECTION), root.get("devices")
    if section is None:
        return root
    kept = root.without(SECTION)
    if not isinstance(section, Map):
        text = f"{shown(section)} is not a mapping"
        findings.error(root.place_of(SECTION), (SECTION,), text, "write 'name: …' in each line")
        return kept
    profiles = {name: body for name, body in section.items() if _is_right(name, body, section, findings)}
    used: set[str] = set()
    if isinstance(devices, Map):
        filled = {name: _filled(each, section, profiles, used) for name, each in devices.items()}
        kept["devices"] = Map(filled, devices.place, devices.places)
    for name in section:
        if name not in used:
            findings.warn(section.place_of(name), (SECTION, name), "no device names this profile")
    return kept


def _is_right(name: str, body: Any, section: Map, findings: Findings) -> bool:
    """Report what is wrong with a profile; whether it can be used."""
    path: Path = (SECTION, name)
    place = section.place_of(name)
    driver = body.get("driver") if isinstance(body, Map) else None
    if not isinstance(body, Map) or not isinstance(driver, str) or driver not in _MODELS:
        findings.error(place, (*path, "driver"), "is missing", f"add driver: {' or '.join(_MODELS)}")
        return False
    if not NAME_PATTERN.fullmatch(name):
        findings.error(place, path, f"{name!r} cannot be a name", "use letters, digits, '_' and '-' only")
        return False
    if name in _KNOWN[driver]:
        findings.error(
            place, path, f"driver {driver} has a profile of this name itself", "give it another one"
        )
        return False
    wrong = [key for key in body if key in _OF_ONE_DEVICE]
    for key in wrong:
        text = f"{key} says which device it is: that is no part of a profile"
        findings.error(body.place_of(key), (*path, key), text, "write it at the device")
    base = body.get("profile")
    if base is not None and base not in _KNOWN[driver]:
        text = f"driver {driver} has no profile {shown(base)} to build on"
        fix = did_you_mean(str(base), _KNOWN[driver], f"there are {listed(_KNOWN[driver])}")
        findings.error(body.place_of("profile"), (*path, "profile"), text, fix)
        return False
    device = Map({**_SOMEWHERE[driver], **body}, body.place, body.places)
    return not wrong and validated(_MODELS[driver], device, path, findings, place) is not None


def _filled(device: Any, section: Map, profiles: Mapping[str, Map], used: set[str]) -> Any:
    """Return a device with what its site's profile says and it does not."""
    if not isinstance(device, Map):
        return device
    name = device.get("profile")
    if not isinstance(name, str) or name not in section:
        return device
    used.add(name)
    profile = profiles.get(name)
    if profile is None or profile["driver"] != device.get("driver"):
        # A profile that is wrong has been told; one of another driver is told as unknown to this one.
        return device.without("profile") if profile is None else device
    own = device.without("profile")
    return own.with_entries(profile, [key for key in profile if key not in own])
