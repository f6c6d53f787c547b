"""Devices, and tags with the addresses that their devices' drivers know, as models right in themselves."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any, Final

from config.devices import (
    DeviceBase,
    ModbusAddress,
    ModbusDevice,
    OpcUaAddress,
    OpcUaDevice,
    OtherDevice,
    ReplayDevice,
)
from config.entries import entries
from config.errors import Findings, Path
from config.model import Model
from config.nodes import Map, plain, shown
from config.sparkplug_device import SparkplugAddress, SparkplugSettings
from config.suggest import did_you_mean, listed
from config.tags import Tag
from config.validation import validated

_DEVICES: Final[dict[str, type[DeviceBase]]] = {
    "modbus": ModbusDevice,
    "opcua": OpcUaDevice,
    "replay": ReplayDevice,
}
_ENTRY_POINTS: Final = "cellgate.drivers"
"""Group by which a package brings a driver, as in `drivers.registry`."""
_ADDRESSES: Final[dict[str, type[Model]]] = {
    "modbus": ModbusAddress,
    "opcua": OpcUaAddress,
    "sparkplug": SparkplugAddress,
}
_SETTINGS: Final[dict[str, type[Model]]] = {"sparkplug": SparkplugSettings}
"""Settings of drivers of ours that come as others' do."""
_OURS: Final = (*_DEVICES, *_SETTINGS)


class Drivers:
    """Which driver each device names."""

    def __init__(self, root: Map) -> None:
        devices = root.get("devices")
        known = devices.items() if isinstance(devices, Map) else ()
        self.of_device = {name: d.get("driver") for name, d in known if isinstance(d, Map)}

    def is_installed(self, driver: str) -> bool:
        """Return whether a driver is ours, or a package that is installed brings it."""
        return driver in _OURS or driver in {point.name for point in entry_points(group=_ENTRY_POINTS)}


def draft_devices(root: Map, drivers: Drivers, findings: Findings) -> dict[str, DeviceBase]:
    """Return the devices that are right in themselves, by name."""
    found: dict[str, DeviceBase] = {}
    for name, value in entries(root, "devices", (), findings):
        path: Path = ("devices", name)
        driver = drivers.of_device.get(name)
        if driver is None and isinstance(value, Map):
            findings.error(None, (*path, "driver"), "is missing", f"add driver: {' or '.join(_OURS)}")
            continue
        if isinstance(driver, str) and not drivers.is_installed(driver):
            fix = did_you_mean(driver, _OURS, f"use {listed(_OURS)}, or install the package that brings it")
            findings.error(None, (*path, "driver"), f"there is no driver {shown(driver)}", fix)
            continue
        model = _DEVICES.get(str(driver), OtherDevice)
        device = validated(model, value, path, findings)
        if isinstance(device, OtherDevice) and isinstance(value, Map):
            settings = _settings(str(driver), value, path, findings)
            device = None if settings is None else device.model_copy(update={"settings": settings})
        if device is not None:
            found[name] = device
    return found


def _settings(driver: str, device: Map, path: Path, findings: Findings) -> dict[str, Any] | None:
    """Return what a driver wants to know; checked, files and secrets known as such, where it is ours."""
    given = device.get("settings", Map({}, device.place, {}))
    if driver not in _SETTINGS:
        settings: dict[str, Any] = plain(given)
        return settings
    found = validated(_SETTINGS[driver], given, (*path, "settings"), findings)
    return None if found is None else found.model_dump(exclude_unset=True)


def draft_tag(node: Any, path: Path, drivers: Drivers, findings: Findings) -> Tag | None:
    """Return a tag whose address is of the kind that its device's driver knows."""
    if not isinstance(node, Map):
        return validated(Tag, node, path, findings)
    device = node.get("device")
    driver = drivers.of_device.get(device) if isinstance(device, str) else None
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
