"""From a value that the gateway writes to a metric of the device's datatype. Pure."""

from __future__ import annotations

import math
import struct

from drivers.sparkplug.datatypes import BITS, Datatype
from drivers.sparkplug.values import UnsuitableValue


def to_write(kind: Datatype, value: float | str) -> float | int | bool | str:
    """Return a value as its datatype takes it.

    Raises:
        UnsuitableValue: the datatype cannot hold it.
    """
    if kind in (Datatype.STRING, Datatype.TEXT, Datatype.UUID):
        if not isinstance(value, str):
            raise UnsuitableValue(f"{value!r} is no text")
        return value
    if isinstance(value, str) or not math.isfinite(value):
        raise UnsuitableValue(f"{value!r} is not a finite number")
    if kind is Datatype.BOOLEAN:
        if value not in (0, 1):
            raise UnsuitableValue(f"{value!r} is neither 0 nor 1")
        return bool(value)
    if kind in BITS:
        if int(value) != value:
            raise UnsuitableValue(f"{value!r} is no integer, as {kind.name} needs")
        return int(value)
    if kind is Datatype.FLOAT:
        try:
            rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError as error:
            raise UnsuitableValue(f"{value!r} is beyond FLOAT") from error
        return rounded
    if kind is Datatype.DOUBLE:
        return float(value)
    raise UnsuitableValue(f"values of {kind.name} cannot be written")
