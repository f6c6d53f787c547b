"""Values to registers: exactly the configured type, or refused. Never wrapped, never cut off.

A float for an integer register is rounded to the nearest one (ties to even), because scaling
seldom gives whole numbers; everything else that the type cannot hold is refused.
"""

from __future__ import annotations

import math
import struct
from typing import Final

from config.devices import BYTES, ModbusAddress, RegisterType
from drivers.modbus.codec import byte_shift
from drivers.modbus.order import byte_positions, string_positions

_INTEGERS: Final[dict[RegisterType, tuple[int, int]]] = {
    RegisterType.BOOL: (0, 1),
    RegisterType.INT8: (-(2**7), 2**7 - 1),
    RegisterType.UINT8: (0, 2**8 - 1),
    RegisterType.INT16: (-(2**15), 2**15 - 1),
    RegisterType.UINT16: (0, 2**16 - 1),
    RegisterType.INT32: (-(2**31), 2**31 - 1),
    RegisterType.UINT32: (0, 2**32 - 1),
    RegisterType.INT64: (-(2**63), 2**63 - 1),
    RegisterType.UINT64: (0, 2**64 - 1),
    RegisterType.BCD16: (0, 10**4 - 1),
    RegisterType.BCD32: (0, 10**8 - 1),
    RegisterType.BCD64: (0, 10**16 - 1),
    RegisterType.MOD10K32: (0, 10**8 - 1),
    RegisterType.MOD10K48: (0, 10**12 - 1),
    RegisterType.MOD10K64: (0, 10**16 - 1),
}
_FLOATS: Final = {RegisterType.FLOAT32: "<f", RegisterType.FLOAT64: "<d"}
_BCD: Final = frozenset({RegisterType.BCD16, RegisterType.BCD32, RegisterType.BCD64})
_MOD10K: Final = frozenset({RegisterType.MOD10K32, RegisterType.MOD10K48, RegisterType.MOD10K64})


class NotRepresentableError(ValueError):
    """The type of the address cannot hold the value; the message says why."""


def representable(address: ModbusAddress, value: float | str) -> float | str:
    """Return the value as the device will hold it: rounded to the type of its address.

    Raises:
        NotRepresentableError: it is not a number (or not a text), not finite or out of range.
    """
    if address.type is RegisterType.STRING:
        return _string(address, value)
    if isinstance(value, str):
        raise NotRepresentableError(f"{value!r} is a text, the address holds {address.type}")
    if isinstance(value, float) and not math.isfinite(value):
        raise NotRepresentableError(f"{value} is not finite")
    if address.type in _FLOATS:
        return _float(address.type, value)
    low, high = (0, 2**address.bits - 1) if address.bits is not None else _INTEGERS[address.type]
    if address.type is RegisterType.BOOL and value not in (0, 1):
        raise NotRepresentableError(f"{value} is neither 0 nor 1")
    whole = round(value)
    if not low <= whole <= high:
        raise NotRepresentableError(f"{value} is outside {low} to {high} of {address.type}")
    return whole


def encode(address: ModbusAddress, value: float | str) -> bytes:
    """Return the registers, as they go on the wire, of a value that `representable` returned."""
    size = 2 * address.count
    if isinstance(value, str):
        native, positions = value.encode("latin-1").ljust(size, b"\0"), string_positions(address)
    else:
        native, positions = _native(address.type, value, size), byte_positions(address)
    wire = bytearray(size)
    for byte, at in zip(native, positions, strict=True):
        wire[at] = byte
    return bytes(wire)


def _native(kind: RegisterType, value: float, size: int) -> bytes:
    if kind in _FLOATS:
        return struct.pack(_FLOATS[kind], value)
    whole = int(str(int(value)), 16) if kind in _BCD else int(value)
    if kind in _MOD10K:
        whole = sum(whole // 10_000**rank % 10_000 << 16 * rank for rank in range(size // 2))
    return whole.to_bytes(size, "little", signed=whole < 0)


def _float(kind: RegisterType, value: float) -> float:
    try:
        (rounded,) = struct.unpack(_FLOATS[kind], struct.pack(_FLOATS[kind], value))
    except (OverflowError, struct.error):
        raise NotRepresentableError(f"{value} is too large for {kind}") from None
    if isinstance(value, int) and kind is RegisterType.FLOAT64 and rounded != value:
        raise NotRepresentableError(f"{value} cannot be held exactly by {kind}")
    return float(rounded)


def _string(address: ModbusAddress, value: float | str) -> str:
    if not isinstance(value, str):
        raise NotRepresentableError(f"{value} is a number, the address holds a string")
    if len(value) > 2 * address.count:
        raise NotRepresentableError(f"{value!r} is longer than {2 * address.count} characters")
    if "\0" in value or value.endswith(" "):
        raise NotRepresentableError(f"{value!r} contains NUL or ends in a space: it would read back shorter")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise NotRepresentableError(f"{value[error.start]!r} is not a Latin-1 character") from None
    return value


def masked(address: ModbusAddress, value: float) -> tuple[int, int]:
    """Return which bits of its register a part of it takes, and what they are to be, as sent.

    A part is a bit, some bits, or a half; the two numbers are the register's as it is on the wire.
    """
    width = 8 if address.type in BYTES else address.bits or 1
    shift = byte_shift(address) if address.type in BYTES else address.bit or 0
    mask = (1 << width) - 1
    whole = address.model_copy(update={"bit": None, "bits": None, "half": None, "type": RegisterType.UINT16})
    taken, wanted = (encode(whole, bits << shift) for bits in (mask, int(value) & mask))
    return int.from_bytes(taken), int.from_bytes(wanted)
