"""Devices and addresses: how to reach the equipment, and where in it a tag lives."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from config.device_base import DeviceBase
from config.modbus import (
    BIT_TABLES,
    BYTES,
    REGISTERS_OF,
    ByteOrder,
    Half,
    ModbusAddress,
    RegisterType,
    Table,
    WordOrder,
)
from config.modbus_device import ModbusDevice
from config.modbus_line import ModbusIdentity, ModbusSerial, ModbusTls
from config.model import Name
from config.opcua import OpcUaAddress, OpcUaDevice
from config.replay import ReplayDevice

__all__ = [
    "BIT_TABLES",
    "BYTES",
    "REGISTERS_OF",
    "ByteOrder",
    "Device",
    "DeviceBase",
    "DeviceName",
    "Half",
    "ModbusAddress",
    "ModbusDevice",
    "ModbusIdentity",
    "ModbusSerial",
    "ModbusTls",
    "OpcUaAddress",
    "OpcUaDevice",
    "OtherDevice",
    "RegisterType",
    "ReplayDevice",
    "Table",
    "WordOrder",
]


class OtherDevice(DeviceBase):
    """A device of a driver that a third party brings; its settings are checked by that driver."""

    driver: str
    """Name under which the package brings the driver."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """What that driver wants to know."""


Device = Annotated[ModbusDevice | OpcUaDevice | ReplayDevice, Field(discriminator="driver")] | OtherDevice
DeviceName = Name
