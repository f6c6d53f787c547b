"""The settings of a device, as its driver takes them."""

from __future__ import annotations

from pydantic import ValidationError

from config.devices import OtherDevice
from config.sparkplug_device import SparkplugSettings
from drivers.api import DriverError


def settings_of(name: str, device: OtherDevice) -> SparkplugSettings:
    """Return a device's settings.

    Raises:
        DriverError: they are wrong; the text says where and why.
    """
    try:
        return SparkplugSettings.model_validate(device.settings)
    except ValidationError as error:
        told = "; ".join(f"settings.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise DriverError(f"device {name}: {told}") from error
