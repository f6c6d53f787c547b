"""Devices and addresses: how to reach the equipment, and where in it a tag lives."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from config.model import Model, Name
from config.quantities import Duration


class DeviceBase(Model):
    """What every device has, whatever it speaks."""

    display_name: str = ""
    description: str = ""
    period: Duration = 1.0
    """Polling period, or publishing interval of a subscription."""
    timeout: Duration = 2.0
    """Every request ends within this."""
    reconnect_min: Duration = 0.5
    reconnect_max: Duration = 30.0
    """Back-off between attempts doubles from min to max, with jitter."""
    dead_after: Duration = 5.0
    """Without a good answer for this long every tag of the device is bad (reason COMM)."""
    watchdog: str | None = None
    """Writable tag that carries the engine's counter, for the equipment's own watchdog."""
    writes_armed: bool = True
    """False: the gateway never writes to this device."""


class ModbusDevice(DeviceBase):
    """A Modbus server."""

    driver: Literal["modbus"]
    host: str
    port: int = Field(default=502, ge=1, le=65535)
    unit_id: int = Field(default=1, ge=0, le=255)
    max_registers: int = Field(default=125, ge=1, le=125)
    """Registers in one read, at the most (function codes 3 and 4)."""
    max_bits: int = Field(default=2000, ge=1, le=2000)
    """Bits in one read, at the most (function codes 1 and 2)."""
    max_write_registers: int = Field(default=123, ge=1, le=123)
    max_gap: int = Field(default=16, ge=0)
    """Unused registers that a read may bridge to save a request."""


class SecurityPolicy(enum.StrEnum):
    """OPC UA security policies that are still considered safe."""

    BASIC256SHA256 = "Basic256Sha256"
    AES128_SHA256_RSAOAEP = "Aes128_Sha256_RsaOaep"
    AES256_SHA256_RSAPSS = "Aes256_Sha256_RsaPss"


class SecurityMode(enum.StrEnum):
    """What the policy does to each message."""

    SIGN = "sign"
    SIGN_AND_ENCRYPT = "sign_and_encrypt"


class OpcUaSecurity(Model):
    """A secured channel. A server that does not offer exactly this is refused, never spoken to weaker."""

    policy: SecurityPolicy = SecurityPolicy.BASIC256SHA256
    mode: SecurityMode = SecurityMode.SIGN_AND_ENCRYPT
    certificate: Path
    """The gateway's own certificate (`.der` or `.pem`), its application URI in the SAN."""
    private_key: Path
    """The key of that certificate (`.pem` or `.der`)."""
    private_key_password: SecretStr | None = None
    trusted: Path
    """Folder of trusted certificates: the server's own, or of the authority that issued it. Lists of
    revoked certificates (`.crl`) lie there too. A server whose certificate is not trusted is refused."""


class OpcUaDevice(DeviceBase):
    """An OPC UA server."""

    driver: Literal["opcua"]
    endpoint: str
    """`opc.tcp://host:port/path`"""
    username: str | None = None
    password: SecretStr | None = None
    plain_password: bool = False
    """True: send the password readable where neither channel nor server encrypts it."""
    security: OpcUaSecurity | None = None
    """None: no security (messages are neither signed nor encrypted)."""
    subscribe: bool = True
    """False: read every tag each period (for servers without subscriptions)."""
    publishing_interval: Duration = 0.25
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
    settings: dict[str, Any] = {}


class Table(enum.StrEnum):
    """The four tables of a Modbus server."""

    COIL = "coil"
    DISCRETE = "discrete"
    INPUT = "input"
    HOLDING = "holding"


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


class WordOrder(enum.StrEnum):
    """Which register of a value comes first: the most significant (big) or the least (little)."""

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
}
"""Registers that a value of each type takes."""


class ModbusAddress(Model):
    """Where a Modbus server keeps a value. Addresses are 0-based, as on the wire."""

    table: Table = Table.HOLDING
    address: int = Field(ge=0, le=65535)
    type: RegisterType = RegisterType.UINT16
    word_order: WordOrder = WordOrder.BIG
    bit: int | None = Field(default=None, ge=0, le=15)
    """Take this bit (0 = least significant) of a 16-bit register as a bool."""
    unit_id: int | None = Field(default=None, ge=0, le=255)


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
