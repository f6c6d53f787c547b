"""The datatypes of Sparkplug B: their numbers, which field of a message carries them, their ranges."""

from __future__ import annotations

import enum
from typing import Final


class Datatype(enum.IntEnum):
    """Numbers of the specification (6.4.16)."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    PROPERTY_SET = 20
    PROPERTY_SET_LIST = 21
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATETIME_ARRAY = 34


BITS: Final = {
    Datatype.INT8: 8, Datatype.INT16: 16, Datatype.INT32: 32, Datatype.INT64: 64,
    Datatype.UINT8: 8, Datatype.UINT16: 16, Datatype.UINT32: 32, Datatype.UINT64: 64,
    Datatype.DATETIME: 64,
}  # fmt: skip
"""Width of the types whose values are integers."""

SIGNED: Final = frozenset({Datatype.INT8, Datatype.INT16, Datatype.INT32, Datatype.INT64})

FIELDS: Final = {
    **{kind: "long_value" if bits == 64 else "int_value" for kind, bits in BITS.items()},
    Datatype.FLOAT: "float_value",
    Datatype.DOUBLE: "double_value",
    Datatype.BOOLEAN: "boolean_value",
    Datatype.STRING: "string_value",
    Datatype.TEXT: "string_value",
    Datatype.UUID: "string_value",
}
"""Field of each datatype that metrics, properties, parameters and data sets have in common."""

ELEMENTS: Final = {
    Datatype.INT8_ARRAY: "<i1", Datatype.INT16_ARRAY: "<i2", Datatype.INT32_ARRAY: "<i4",
    Datatype.INT64_ARRAY: "<i8", Datatype.UINT8_ARRAY: "<u1", Datatype.UINT16_ARRAY: "<u2",
    Datatype.UINT32_ARRAY: "<u4", Datatype.UINT64_ARRAY: "<u8", Datatype.FLOAT_ARRAY: "<f4",
    Datatype.DOUBLE_ARRAY: "<f8", Datatype.DATETIME_ARRAY: "<u8",
}  # fmt: skip
"""numpy type of an element, for the arrays that are plain numbers; little-endian."""

ARRAYS: Final = frozenset({*ELEMENTS, Datatype.BOOLEAN_ARRAY, Datatype.STRING_ARRAY})
BLOBS: Final = frozenset({Datatype.BYTES, Datatype.FILE})


def bounds(kind: Datatype) -> tuple[int, int]:
    """Return the least and greatest value of an integer type."""
    bits = BITS[kind]
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if kind in SIGNED else (0, (1 << bits) - 1)
