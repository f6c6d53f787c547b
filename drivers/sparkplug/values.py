"""Values between Python and the fields of a message: integers of both signs, numbers, texts, arrays.

A signed integer travels as two's complement in an unsigned field. Encoders differ in its width (an
Int8 of -5 may be 0xFB, 0xFFFFFFFB or 2^64 - 5), and in which integer field they choose: all are read.
What we write is what the specification's own implementation writes: 32 bits up to Int32.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from drivers.sparkplug.datatypes import BITS, ELEMENTS, FIELDS, SIGNED, Datatype, bounds

Scalar = int | float | bool | str
Array = tuple[int, ...] | tuple[float, ...] | tuple[bool, ...] | tuple[str, ...]

_INTEGER_FIELDS: Final = ("int_value", "long_value")
_COUNT: Final = struct.Struct("<I")


class MalformedPayload(ValueError):
    """Bytes, or a part of them, that are no Sparkplug payload; says what is wrong."""


class UnsuitableValue(ValueError):
    """A value that its datatype cannot hold."""


def to_unsigned(kind: Datatype, value: int) -> int:
    """Return an integer as its unsigned field carries it.

    Raises:
        UnsuitableValue: beyond the type's range.
    """
    low, high = bounds(kind)
    if not low <= value <= high:
        raise UnsuitableValue(f"{value} is beyond {kind.name} ({low} to {high})")
    return value if value >= 0 else value + (1 << (64 if BITS[kind] == 64 else 32))


def from_unsigned(kind: Datatype, raw: int) -> int:
    """Return the integer that an unsigned field stands for, whatever width its encoder chose.

    Raises:
        MalformedPayload: no value of the type.
    """
    low, high = bounds(kind)
    if raw <= high:
        return raw
    if kind in SIGNED:
        for width in (BITS[kind], 32, 64):
            value = raw - (1 << width)
            if low <= value < 0:
                return value
    raise MalformedPayload(f"{raw} is no {kind.name}")


def set_scalar(message: Any, kind: Datatype, value: Any) -> None:
    """Put a value of a simple datatype into a message's field for it.

    Raises:
        UnsuitableValue: the datatype cannot hold it, or is not a simple one.
    """
    field = FIELDS.get(kind)
    if field is None:
        raise UnsuitableValue(f"{kind.name} does not fit here")
    setattr(message, field, _encodable(kind, value))


def _encodable(kind: Datatype, value: Any) -> Any:
    if kind in BITS:
        if isinstance(value, bool) or not isinstance(value, int):
            raise UnsuitableValue(f"{value!r} is no integer, as {kind.name} needs")
        return to_unsigned(kind, value)
    if kind is Datatype.BOOLEAN:
        wanted = isinstance(value, bool)
    elif kind in (Datatype.FLOAT, Datatype.DOUBLE):
        wanted = isinstance(value, int | float) and not isinstance(value, bool)
        if wanted and kind is Datatype.FLOAT and math.isfinite(value):
            _single(float(value))
    else:
        wanted = isinstance(value, str)
    if not wanted:
        raise UnsuitableValue(f"{value!r} is no {kind.name}")
    return value


def _single(value: float) -> None:
    try:
        struct.pack("<f", value)
    except OverflowError as error:
        raise UnsuitableValue(f"{value!r} is beyond FLOAT") from error


def get_scalar(message: Any, kind: Datatype) -> Scalar | None:
    """Return the simple value of a message, by its datatype; None where there is none.

    Raises:
        MalformedPayload: what the message carries is no value of the datatype.
    """
    field = message.WhichOneof("value")
    if field is None:
        return None
    raw = getattr(message, field)
    if kind is Datatype.UNKNOWN:
        return _untyped(field, raw)
    expected = FIELDS.get(kind)
    if kind in BITS and field in _INTEGER_FIELDS:
        return from_unsigned(kind, raw)
    if field == expected:
        plain: Scalar = raw
        return plain
    if expected in ("float_value", "double_value") and field in ("float_value", "double_value"):
        return float(raw)
    if kind is Datatype.BOOLEAN and field in _INTEGER_FIELDS and raw in (0, 1):
        return bool(raw)
    raise MalformedPayload(f"a {field} is no {kind.name}")


def _untyped(field: str, raw: Any) -> Scalar:
    if isinstance(raw, bool | int | float | str):
        return raw
    raise MalformedPayload(f"a {field} without a datatype")


def pack_array(kind: Datatype, values: Sequence[Any]) -> bytes:
    """Return an array's bytes.

    Raises:
        UnsuitableValue: an element does not fit.
    """
    if kind is Datatype.STRING_ARRAY:
        for text in values:
            if not isinstance(text, str) or "\0" in text:
                raise UnsuitableValue(f"{text!r} is no element of a STRING_ARRAY")
        return b"".join(text.encode() + b"\0" for text in values)
    if kind is Datatype.BOOLEAN_ARRAY:
        if not all(isinstance(value, bool) for value in values):
            raise UnsuitableValue("only True and False are elements of a BOOLEAN_ARRAY")
        return _COUNT.pack(len(values)) + np.packbits(np.array(values, bool)).tobytes()
    element = np.dtype(ELEMENTS[kind])
    if element.kind in "iu":
        if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            raise UnsuitableValue(f"only integers are elements of a {kind.name}")
        limits = np.iinfo(element)
        beyond = [value for value in values if not limits.min <= value <= limits.max]
    else:
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            raise UnsuitableValue(f"only numbers are elements of a {kind.name}")
        largest = float(np.finfo(element).max)
        beyond = [value for value in values if math.isfinite(value) and abs(value) > largest]
    if beyond:
        raise UnsuitableValue(f"{beyond[0]} is beyond a {kind.name}")
    return np.array(values, element).tobytes()


def unpack_array(kind: Datatype, data: bytes) -> Array:
    """Return the elements of an array's bytes.

    Raises:
        MalformedPayload: the bytes are no such array.
    """
    if kind is Datatype.STRING_ARRAY:
        return _unpack_texts(data)
    if kind is Datatype.BOOLEAN_ARRAY:
        return _unpack_flags(data)
    element = np.dtype(ELEMENTS[kind])
    if len(data) % element.itemsize:
        raise MalformedPayload(f"{len(data)} bytes are no whole elements of a {kind.name}")
    return tuple(np.frombuffer(data, element).tolist())


def _unpack_texts(data: bytes) -> tuple[str, ...]:
    if data and not data.endswith(b"\0"):
        raise MalformedPayload("the last text of a STRING_ARRAY does not end")
    try:
        return tuple(text.decode() for text in data.split(b"\0")[:-1])
    except UnicodeDecodeError as error:
        raise MalformedPayload("a text of a STRING_ARRAY is no UTF-8") from error


def _unpack_flags(data: bytes) -> tuple[bool, ...]:
    count = _COUNT.unpack_from(data)[0] if len(data) >= _COUNT.size else None
    bits = memoryview(data)[_COUNT.size :]
    if count is None or len(bits) != (count + 7) // 8:
        raise MalformedPayload(f"{len(data)} bytes are no BOOLEAN_ARRAY of the length they name")
    return tuple(np.unpackbits(np.frombuffer(bits, np.uint8), count=count).astype(bool).tolist())
