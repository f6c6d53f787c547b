"""How a Modbus device is reached (serial line, TLS) and what it is known to do, as named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import Field, SecretStr

from config.model import Model
from config.quantities import Duration


class ModbusSerial(Model):
    """A serial line with one or several units on it (RTU)."""

    port: Path
    """Device file, as /dev/ttyUSB0 or, better, its name under /dev/serial/by-id."""
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400] = 19200
    """Bits per second."""
    parity: Literal["even", "odd", "none"] = "even"
    """Modbus asks for even; with none, two stop bits keep eleven bits a character."""
    stop_bits: Literal[1, 2] | None = None
    """None: one with parity, two without."""

    @property
    def character_s(self) -> float:
        """Time that one character takes: start bit, eight data bits, parity, stop bits."""
        stop = self.stop_bits or (2 if self.parity == "none" else 1)
        return (9 + (self.parity != "none") + stop) / self.baud

    @property
    def silence_s(self) -> float:
        """Silence between two frames: 3.5 characters, and never less than 1.75 ms (above 19200 Bd)."""
        return max(3.5 * self.character_s, 0.00175)


class ModbusTls(Model):
    """Modbus/TCP Security: TLS 1.2 or newer, both sides show a certificate."""

    trusted: Path
    """Certificates (.pem) of the authorities, or of the device itself, that are trusted. No others are."""
    certificate: Path
    """The gateway's own certificate (.pem); a role that the device asks for is in it."""
    private_key: Path
    """The key of that certificate (.pem)."""
    private_key_password: SecretStr | None = None
    """Password of the key file, when it has one."""
    server_name: str | None = None
    """Name in the device's certificate, where it is not the host."""


class ModbusIdentity(Model):
    """Who the device says it is (function 43/14), compared each time it is connected.

    A device that says something else is refused: its registers may mean something else too.
    """

    vendor: str | None = None
    """Vendor name, as the device says it."""
    product: str | None = None
    """Product code."""
    revision: str | None = None
    """Revision: leave it out unless another one must not be read."""


class ModbusQuirks(Model):
    """Limits and habits of a device. Each may be given beside a profile, and wins over it."""

    max_registers: int = Field(default=125, ge=1, le=125)
    """Registers in one read, at the most (function codes 3 and 4)."""
    max_bits: int = Field(default=2000, ge=1, le=2000)
    """Bits in one read, at the most (function codes 1 and 2)."""
    max_write_registers: int = Field(default=123, ge=1, le=123)
    """Registers in one write, at the most (function code 16)."""
    max_gap: int = Field(default=16, ge=0)
    """Unused registers that a read may bridge to save a request."""
    max_outstanding: int = Field(default=1, ge=1, le=16)
    """Requests under way at once; more than 1 only for a device known to take them (not with rtu)."""
    pause: Duration = 0.0
    """Rest between an answer and the next request."""
    write_multiple_only: bool = False
    """Write single values with functions 15 and 16 too, for devices that lack 5 and 6."""
    write_and_read: bool = False
    """Write registers with function 23, which reads them back in the same request."""
    ignore_transaction_id: bool = False
    """Believe answers with a wrong transaction id, as some gateways send them. One request is under
    way at a time, and after one without answer the connection is made anew."""
    close_after_cycle: bool = False
    """Close the connection after each round of requests, for devices with too few of them or that
    close it themselves."""


PROFILES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "standard": {},
        "pipelining": {"max_outstanding": 4},
        "no_gaps": {"max_gap": 0},
        "small_reads": {"max_registers": 32, "max_bits": 256, "max_write_registers": 16},
        "slow": {"pause": "20ms", "max_gap": 4},
        "wrong_transaction_id": {"ignore_transaction_id": True},
        "few_connections": {"close_after_cycle": True},
        "multiple_writes_only": {"write_multiple_only": True},
        "read_write_23": {"write_and_read": True},
        "serial_gateway": {"pause": "5ms", "ignore_transaction_id": True, "max_gap": 8},
    }
)
"""Quirks by the name under which a device asks for them."""
ProfileName = Literal[
    "standard",
    "pipelining",
    "no_gaps",
    "small_reads",
    "slow",
    "wrong_transaction_id",
    "few_connections",
    "multiple_writes_only",
    "read_write_23",
    "serial_gateway",
]


def with_profile(data: dict[str, Any]) -> dict[str, Any]:
    """Return a device's settings with what its profile says and it does not."""
    return {**PROFILES.get(str(data.get("profile", "standard")), {}), **data}
