"""What a simulated device shows on its wire: named signals with type, unit, range, direction."""

from __future__ import annotations

import dataclasses
import enum


class Kind(enum.StrEnum):
    """Data type of a signal. Modbus words and OPC UA variants follow from it."""

    BOOL = "bool"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    TEXT = "text"


class Table(enum.StrEnum):
    """The four tables of a Modbus server."""

    COIL = "coil"
    DISCRETE = "discrete"
    INPUT = "input"
    HOLDING = "holding"


ANALOGUE = frozenset({Kind.INT16, Kind.FLOAT32, Kind.FLOAT64})
"""Kinds of measured values: what a sensor fault can act on."""

Value = float | int | bool | str


@dataclasses.dataclass(frozen=True)
class Signal:
    """One value of a device, in engineering units, as its model knows it."""

    name: str
    kind: Kind
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    writable: bool = False
    description: str = ""

    @property
    def measured(self) -> bool:
        """True when it comes from a sensor, so that a sensor fault can act on it."""
        return not self.writable and (self.kind in ANALOGUE or (self.kind is Kind.UINT16 and bool(self.unit)))


@dataclasses.dataclass(frozen=True)
class Register:
    """Where a Modbus server keeps a signal: raw = engineering / factor."""

    signal: Signal
    table: Table
    address: int
    little_words: bool = False
    factor: float = 1.0
