"""Devices and addresses: how to reach the equipment, and where in it a tag lives."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from config.model import Model, Name
from config.opcua_security import OpcUaSecurity
from config.quantities import Duration, PositiveDuration


class DeviceBase(Model):
    """What every device has, whatever it speaks."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it is."""
    period: PositiveDuration = 1.0
    """Polling period, or publishing interval of a subscription."""
    timeout: PositiveDuration = 2.0
    """Every request ends within this."""
    reconnect_min: PositiveDuration = 0.5
    """First pause before another attempt to connect."""
    reconnect_max: PositiveDuration = 30.0
    """Back-off between attempts doubles from min to max, with jitter."""
    dead_after: PositiveDuration = 5.0
    """Without a good answer for this long every tag of the device is bad (reason COMM)."""
    watchdog: str | None = None
    """Writable tag that carries the engine's counter, for the equipment's own watchdog."""
    writes_armed: bool = True
    """False: the gateway never writes to this device."""
    verify_after: Duration | None = None
    """Read every write back after this long and compare; none: what the device says is believed."""


class ModbusDevice(DeviceBase):
    """A Modbus server."""

    driver: Literal["modbus"]
    """Protocol."""
    host: str
    """Name or address of the device."""
    port: int = Field(default=502, ge=1, le=65535)
    """Its TCP port."""
    framing: Literal["tcp", "rtu"] = "tcp"
    """`rtu`: serial frames over a TCP connection, as some serial servers send them."""
    unit_id: int = Field(default=1, ge=0, le=255)
    """Unit id of requests, where an address names none."""
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
    write_multiple_only: bool = False
    """Write a single register with function 16 too, for devices that lack function 6."""


class OpcUaDevice(DeviceBase):
    """An OPC UA server."""

    driver: Literal["opcua"]
    """Protocol."""
    endpoint: str
    """`opc.tcp://host:port/path`"""
    username: str | None = None
    """User name; none is an anonymous session."""
    password: SecretStr | None = None
    """Password of that user."""
    plain_password: bool = False
    """True: send the password readable where neither channel nor server encrypts it."""
    security: OpcUaSecurity | None = None
    """None: no security (messages are neither signed nor encrypted)."""
    subscribe: bool = True
    """False: read every tag each period (for servers without subscriptions)."""
    publishing_interval: PositiveDuration = 0.25
    """How often the server sends what changed; tags without a period are sampled as often."""
    keep_alive_count: int = Field(default=10, ge=1)
    """A quiet server answers each so many publishing intervals."""
    lifetime_count: int = Field(default=60, ge=3)
    """The server forgets the subscription after so many intervals without us; at least 3 keep-alives."""
    queue_size: int = Field(default=16, ge=1)
    """Samples that the server keeps for each tag between two publications."""
    clock_tolerance: Duration = 10.0
    """A source time further than this ahead of the gateway's is replaced by the arrival time (CLOCK)."""


class OtherDevice(DeviceBase):
    """A device of a driver that a third party brings; its settings are checked by that driver."""

    driver: str
    """Name under which the package brings the driver."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """What that driver wants to know."""


class Table(enum.StrEnum):
    """The four tables of a Modbus server."""

    COIL = "coil"
    DISCRETE = "discrete"
    INPUT = "input"
    HOLDING = "holding"


BIT_TABLES = frozenset({Table.COIL, Table.DISCRETE})
"""Tables of bits; the other two hold 16-bit registers."""


class RegisterType(enum.StrEnum):
    """How registers become a number."""

    BOOL = "bool"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BCD16 = "bcd16"
    """Four decimal digits, one in each half byte."""
    BCD32 = "bcd32"
    STRING = "string"
    """Two characters a register; needs a tag of kind text and a `length`."""


class WordOrder(enum.StrEnum):
    """Which register of a value comes first: the most significant (big) or the least (little)."""

    BIG = "big"
    LITTLE = "little"


class ByteOrder(enum.StrEnum):
    """Which byte of a register comes first; Modbus itself says big, some devices disagree."""

    BIG = "big"
    LITTLE = "little"


REGISTERS_OF = {
    RegisterType.BOOL: 1,
    RegisterType.INT16: 1,
    RegisterType.UINT16: 1,
    RegisterType.INT32: 2,
    RegisterType.UINT32: 2,
    RegisterType.FLOAT32: 2,
    RegisterType.INT64: 4,
    RegisterType.UINT64: 4,
    RegisterType.FLOAT64: 4,
    RegisterType.BCD16: 1,
    RegisterType.BCD32: 2,
}
"""Registers that a value of each type takes (a string takes its length)."""


class ModbusAddress(Model):
    """Where a Modbus server keeps a value. Addresses are 0-based, as on the wire.

    With the bytes of a value named A (most significant) to D, the two orders give: big, big ABCD;
    little words CDAB; little bytes BADC; both little DCBA. Values of 64 bits follow the same rule.
    """

    table: Table = Table.HOLDING
    address: int = Field(ge=0, le=65535)
    """First register or bit, from 0."""
    type: RegisterType = RegisterType.UINT16
    """How the registers become a number. Coils and discrete inputs are always bool."""
    word_order: WordOrder = WordOrder.BIG
    byte_order: ByteOrder = ByteOrder.BIG
    bit: int | None = Field(default=None, ge=0, le=15)
    """Take this bit (0 = least significant) of a 16-bit register as a bool."""
    length: int | None = Field(default=None, ge=1, le=123)
    """Registers of a string."""
    not_available: tuple[int, ...] = ()
    """Bit patterns (as 0x8000) with which the device says that it has no value."""
    unit_id: int | None = Field(default=None, ge=0, le=255)
    """Unit id behind a gateway; none takes the device's."""

    @model_validator(mode="before")
    @classmethod
    def _bits_are_bool(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "type" in data:
            return data
        boolean = data.get("table") in BIT_TABLES or data.get("bit") is not None
        return {**data, "type": RegisterType.BOOL} if boolean else data

    @model_validator(mode="after")
    def _check(self) -> Self:
        boolean = self.type is RegisterType.BOOL
        if self.table in BIT_TABLES and (not boolean or self.bit is not None):
            raise ValueError(f"a {self.table} is one bool; leave out type and bit")
        if self.bit is not None and not boolean:
            raise ValueError(f"a bit is a bool, not {self.type}; leave out type, or bit")
        if (self.type is RegisterType.STRING) != (self.length is not None):
            raise ValueError("length (in registers) goes with type string, and only with it")
        if self.address + self.count > 65536:
            raise ValueError(f"{self.count} registers from {self.address} end beyond 65535")
        return self

    @property
    def count(self) -> int:
        """Registers (or bits, of coils and discrete inputs) that the value takes."""
        return self.length if self.length is not None else REGISTERS_OF[self.type]


class OpcUaAddress(Model):
    """Where an OPC UA server keeps a value: a namespace URI with an identifier."""

    namespace: str = ""
    """Namespace URI; its index is looked up in every session. Empty is namespace 0."""
    identifier: str | int
    """String or numeric identifier of the node."""
    poll: bool = False
    """True: read each period instead of subscribing."""


Device = Annotated[ModbusDevice | OpcUaDevice, Field(discriminator="driver")] | OtherDevice
DeviceName = Name
