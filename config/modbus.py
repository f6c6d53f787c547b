"""Where a Modbus server keeps a value: table, address, type, order; and the notations of manuals."""

from __future__ import annotations

import enum
import re
from typing import Any, Final, Self

from pydantic import Field, model_validator

from config.model import Model


class Table(enum.StrEnum):
    """The four tables of a Modbus server, and its two stores beside them."""

    COIL = "coil"
    DISCRETE = "discrete"
    INPUT = "input"
    HOLDING = "holding"
    FILE = "file"
    """Records of a numbered file (functions 20 and 21); the address is the record."""
    FIFO = "fifo"
    """A queue of registers (function 24); the address is its pointer."""


BIT_TABLES = frozenset({Table.COIL, Table.DISCRETE})
"""Tables of bits; the others hold 16-bit registers."""
LAST_RECORD: Final = 9999
"""Last record of a file, as the protocol numbers them."""
QUEUE_LENGTH: Final = 31
"""Entries that a queue can hold."""


class RegisterType(enum.StrEnum):
    """How registers become a number."""

    BOOL = "bool"
    BITS = "bits"
    """An unsigned number of `bits` bits: of a register from `bit` on, or of so many coils."""
    INT8 = "int8"
    """One `half` of a register."""
    UINT8 = "uint8"
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
    BCD64 = "bcd64"
    MOD10K32 = "mod10k32"
    """Registers that each hold 0 to 9999: two of them make eight digits."""
    MOD10K48 = "mod10k48"
    MOD10K64 = "mod10k64"
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


class Half(enum.StrEnum):
    """Which half of a register, as it arrives, holds a value of eight bits."""

    HIGH = "high"
    LOW = "low"


REGISTERS_OF: Final = {
    RegisterType.BOOL: 1,
    RegisterType.BITS: 1,
    RegisterType.INT8: 1,
    RegisterType.UINT8: 1,
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
    RegisterType.BCD64: 4,
    RegisterType.MOD10K32: 2,
    RegisterType.MOD10K48: 3,
    RegisterType.MOD10K64: 4,
}
"""Registers that a value of each type takes (a string takes its length)."""
BYTES: Final = frozenset({RegisterType.INT8, RegisterType.UINT8})
"""Types that share a register with another value."""
_WIDEST_GROUP: Final = 64
_REFERENCE: Final = re.compile(r"([0134])(\d{4,5})")
_TABLE_OF_DIGIT: Final = {"0": Table.COIL, "1": Table.DISCRETE, "3": Table.INPUT, "4": Table.HOLDING}


class ModbusAddress(Model):
    """Where a Modbus server keeps a value.

    With the bytes of a value named A (most significant) to D, the two orders give: big, big ABCD;
    little words CDAB; little bytes BADC; both little DCBA. Values of 64 bits follow the same rule;
    `dword_order` adds the arrangements in which their two halves go the other way than the words.
    """

    table: Table = Table.HOLDING
    address: int = Field(ge=0, le=65536)
    """First register or bit: from 0, as on the wire, unless the device's `address_base` is 1."""
    type: RegisterType = RegisterType.UINT16
    """How the registers become a number. Coils and discrete inputs are bool, or a group of `bits`."""
    word_order: WordOrder = WordOrder.BIG
    byte_order: ByteOrder = ByteOrder.BIG
    dword_order: WordOrder | None = None
    """Which half of a 64-bit value comes first; none: as `word_order` says."""
    bit: int | None = Field(default=None, ge=0, le=15)
    """Take this bit (0 = least significant) of a 16-bit register as a bool, or the first of `bits`."""
    bits: int | None = Field(default=None, ge=2, le=_WIDEST_GROUP)
    """So many bits of a register from `bit` on, or so many coils, as an unsigned number."""
    half: Half | None = None
    """Half of the register of an int8 or uint8; none takes the low one."""
    length: int | None = Field(default=None, ge=1, le=123)
    """Registers of a string."""
    file: int | None = Field(default=None, ge=1, le=65535)
    """Number of the file, of the table file."""
    entry: int | None = Field(default=None, ge=0, lt=QUEUE_LENGTH)
    """Entry of a queue, 0 is the oldest; none: how many there are. Reading removes nothing."""
    reference: int | str | None = None
    """Instead of table and address: the number of the manual, 40021 or 400021 (coils: "00021")."""
    not_available: tuple[int, ...] = ()
    """Bit patterns (as 0x8000) with which the device says that it has no value."""
    unit_id: int | None = Field(default=None, ge=0, le=255)
    """Unit id behind a gateway; none takes the device's."""

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data = _with_reference(data)
        if "type" in data:
            return data
        if data.get("bits") is not None:
            return {**data, "type": RegisterType.BITS}
        boolean = data.get("table") in BIT_TABLES or data.get("bit") is not None
        return {**data, "type": RegisterType.BOOL} if boolean else data

    @model_validator(mode="after")
    def _check(self) -> Self:
        boolean, group = self.type is RegisterType.BOOL, self.type is RegisterType.BITS
        if self.table in BIT_TABLES and (not (boolean or group) or self.bit is not None):
            raise ValueError(f"a {self.table} is one bool, or a group of bits; leave out type and bit")
        if self.bit is not None and not (boolean or group):
            raise ValueError(f"a bit is a bool, not {self.type}; leave out type, or bit")
        if group != (self.bits is not None):
            raise ValueError("bits (how many) goes with type bits, and only with it")
        if group and self.table not in BIT_TABLES and (self.bit or 0) + (self.bits or 0) > 16:
            raise ValueError(f"{self.bits} bits from bit {self.bit or 0} end beyond the register's 16")
        if self.half is not None and self.type not in BYTES:
            raise ValueError(f"half goes with int8 and uint8, not with {self.type}")
        if (self.type is RegisterType.STRING) != (self.length is not None):
            raise ValueError("length (in registers) goes with type string, and only with it")
        if self.dword_order is not None and self.count != 4:
            raise ValueError(f"dword_order goes with 64 bits, not with {self.type}")
        self._check_store()
        return self

    def _check_store(self) -> None:
        if (self.table is Table.FILE) != (self.file is not None):
            raise ValueError("file (its number) goes with table file, and only with it")
        if self.entry is not None and self.table is not Table.FIFO:
            raise ValueError("entry goes with table fifo, and only with it")
        if self.table is Table.FIFO:
            if self.entry is None and self.type is not RegisterType.UINT16:
                raise ValueError("without entry the value is how many there are; leave out type")
            if (self.entry or 0) + self.count > QUEUE_LENGTH:
                raise ValueError(f"entry {self.entry} and {self.count} registers end beyond {QUEUE_LENGTH}")
        elif self.table is Table.FILE and self.address + self.count > LAST_RECORD + 1:
            raise ValueError(f"{self.count} records from {self.address} end beyond {LAST_RECORD}")
        elif self.address + self.count > 65537:
            raise ValueError(f"{self.count} registers from {self.address} end beyond 65536")

    @property
    def count(self) -> int:
        """Registers (or bits, of coils and discrete inputs) that the value takes."""
        if self.length is not None:
            return self.length
        return self.bits if self.bits is not None and self.table in BIT_TABLES else REGISTERS_OF[self.type]

    def on_the_wire(self, base: int) -> int:
        """Return the address as it is sent, for a device whose manual counts from `base`.

        Raises:
            ValueError: it is none, or the value ends beyond the table; the message says why.
        """
        counted = self.reference is None and self.table not in (Table.FILE, Table.FIFO)
        start = self.address - base if counted else self.address
        if start < 0:
            raise ValueError(f"address {self.address} is before the device's first, which is {base}")
        if start + self.count > 65536 and self.table is not Table.FIFO:
            raise ValueError(f"{self.count} registers from {self.address} end beyond {65535 + base}")
        return start


def _with_reference(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data with table and address as the manual's number says.

    The first digit is the table, the rest counts from 1: five digits reach 9999, six 65536.
    """
    given = data.get("reference")
    if given is None or isinstance(given, bool) or not isinstance(given, int | str):
        return data
    if "address" in data or "table" in data:
        raise ValueError("reference stands for table and address; leave those out")
    parts = _REFERENCE.fullmatch(str(given))
    if parts is None or not 1 <= int(parts[2]) <= 65536:
        raise ValueError(
            f"{given!r} is no number of a Modbus manual; write 40001 to 49999 or 400001 to 465536 "
            "(3… for input registers, 1… for discrete inputs, and in quotes 0… for coils)"
        )
    return {**data, "table": _TABLE_OF_DIGIT[parts[1]], "address": int(parts[2]) - 1}
