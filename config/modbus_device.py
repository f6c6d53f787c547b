"""A Modbus device: where it is, how it is spoken to."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from config.device_base import DeviceBase
from config.modbus_line import (
    ModbusIdentity,
    ModbusQuirks,
    ModbusSerial,
    ModbusTls,
    ProfileName,
    with_profile,
)

MODBUS_TLS_PORT: Final = 802
"""Registered for Modbus/TCP Security."""


class ModbusDevice(DeviceBase, ModbusQuirks):
    """A Modbus server: at a host, or on a serial line."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["host"]}, {"required": ["serial"]}]})

    driver: Literal["modbus"]
    """Protocol."""
    host: str = ""
    """Name or address of the device; not with `serial`."""
    port: int = Field(default=502, ge=1, le=65535)
    """Its TCP port; 802 where `tls` is given and this is not."""
    framing: Literal["tcp", "rtu"] = "tcp"
    """`rtu`: serial frames over a TCP connection, as some serial servers send them."""
    serial: ModbusSerial | None = None
    """A serial line of this machine, instead of a host."""
    tls: ModbusTls | None = None
    """Modbus/TCP Security; none: everybody on the network can read and write along."""
    unit_id: int = Field(default=1, ge=0, le=255)
    """Unit id of requests, where an address names none."""
    address_base: Literal[0, 1] = 0
    """1: the addresses of this device's tags count from 1, as many manuals do."""
    identity: ModbusIdentity | None = None
    """Who the device must say it is; none: it is not asked."""
    profile: ProfileName = "standard"
    """What is known of the device: a name for limits and quirks, which keys of their own override."""

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        port = {"port": MODBUS_TLS_PORT} if data.get("tls") is not None else {}
        return with_profile({**port, **data})

    @model_validator(mode="after")
    def _check_way(self) -> Self:
        if bool(self.host) == (self.serial is not None):
            raise ValueError("a Modbus device has either a host or a serial line; give one of them")
        if self.serial is not None and self.tls is not None:
            raise ValueError("TLS needs a network; leave out tls, or serial")
        numbered = self.serial is None and self.framing == "tcp" and not self.ignore_transaction_id
        if self.max_outstanding > 1 and not numbered:
            raise ValueError("several requests at once need transaction ids; leave out max_outstanding")
        if self.write_and_read and self.write_multiple_only:
            raise ValueError("write_and_read and write_multiple_only exclude each other; give one")
        return self
