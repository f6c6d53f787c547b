"""Finds the driver that a device names: our own, or a package's entry point `cellgate.drivers`.

An entry point names a callable `(device_name, device) -> Driver`, usually the driver's class. The
device is the model that `config.devices` made of the file; drivers of others get an `OtherDevice`
with their settings.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final

from drivers.api import Driver, DriverError

if TYPE_CHECKING:
    from config.devices import DeviceBase

GROUP: Final = "cellgate.drivers"
_BUILT_IN: Final = {
    "modbus": "drivers.modbus.driver:ModbusDriver",
    "opcua": "drivers.opcua.driver:OpcUaDriver",
    "sparkplug": "drivers.sparkplug.driver:SparkplugDriver",
    "replay": "drivers.replay.driver:ReplayDriver",
}


class UnknownDriverError(DriverError):
    """No driver of this name is installed, or it cannot be loaded."""


@functools.cache
def available() -> dict[str, str]:
    """Return every installed driver, name to `module:attribute`; ours cannot be replaced."""
    others = {point.name: point.value for point in entry_points(group=GROUP)}
    return {**others, **_BUILT_IN}


def prepare(driver: str) -> None:
    """Do what a driver needs done once per process, as compiling its decoder. Blocks.

    A driver has it done by an attribute `prepare` of its factory; most have none. What cannot be
    loaded is left for `create` to report.
    """
    module, _, attribute = available().get(driver, "").partition(":")
    if not module:
        return
    with contextlib.suppress(ImportError):
        once: Callable[[], None] | None = getattr(
            getattr(importlib.import_module(module), attribute, None), "prepare", None
        )
        if once is not None:
            once()


def create(device_name: str, device: DeviceBase) -> Driver:
    """Make the driver of a device; nothing is connected yet.

    Raises:
        UnknownDriverError: no such driver, or its package cannot be imported or is no driver.
    """
    name: str = getattr(device, "driver", "")
    target = available().get(name)
    if target is None:
        known = ", ".join(sorted(available()))
        raise UnknownDriverError(
            f"device {device_name}: no driver {name!r} is installed (there are: {known}); "
            f"a package brings one with the entry point group {GROUP!r}"
        )
    module, _, attribute = target.partition(":")
    try:
        factory: Callable[[str, Any], object] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UnknownDriverError(
            f"device {device_name}: driver {name!r} ({target}) cannot be loaded: {error}"
        ) from error
    driver = factory(device_name, device)
    if not isinstance(driver, Driver):
        raise UnknownDriverError(f"device {device_name}: {target} made no driver (see drivers.api.Driver)")
    return driver
