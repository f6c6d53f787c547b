"""Modbus registers of a simulated device: engineering values to words, and back."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence

from simulators.signals import Kind, Register, Table, Value

_FORMATS = {
    Kind.BOOL: "?",
    Kind.INT16: "h",
    Kind.UINT16: "H",
    Kind.INT32: "i",
    Kind.UINT32: "I",
    Kind.INT64: "q",
    Kind.UINT64: "Q",
    Kind.FLOAT32: "f",
    Kind.FLOAT64: "d",
}
_FLOATS = frozenset({Kind.FLOAT32, Kind.FLOAT64})
_LIMITS = {
    kind: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    for kind, bits, signed in (
        (Kind.INT16, 16, True),
        (Kind.UINT16, 16, False),
        (Kind.INT32, 32, True),
        (Kind.UINT32, 32, False),
        (Kind.INT64, 64, True),
        (Kind.UINT64, 64, False),
    )
}
FAILED = {Kind.INT16: -32768, Kind.UINT16: 65535, Kind.FLOAT32: math.nan, Kind.FLOAT64: math.nan}
"""Raw value that a device shows for a failed sensor."""
BLOCK = 100
"""Registers of the same hundred form a block: unused ones inside it read 0."""


class WriteRefusedError(ValueError):
    """A write does not fit the registers; it is answered with exception 03."""


def words_of(register: Register) -> int:
    """Return how many registers a value takes."""
    return max(1, struct.calcsize(">" + _FORMATS[register.signal.kind]) // 2)


def encode(register: Register, value: Value | None) -> list[int]:
    """Return the words of a value; None is a failed sensor. Values beyond the type are clipped."""
    kind = register.signal.kind
    if value is None:
        raw = FAILED[kind]
    elif kind in _FLOATS:
        raw = float(value) / register.factor
    else:
        low, high = _LIMITS[kind]
        raw = min(
            high, max(low, round(float(value) / register.factor) if register.factor != 1.0 else int(value))
        )
    words = [word for (word,) in struct.iter_unpack(">H", struct.pack(">" + _FORMATS[kind], raw))]
    return words[::-1] if register.little_words else words


def decode(register: Register, words: Sequence[int]) -> Value:
    """Return the engineering value of the words.

    Raises:
        WriteRefusedError: it is no number, or outside the signal's range.
    """
    signal = register.signal
    ordered = words[::-1] if register.little_words else words
    (raw,) = struct.unpack(">" + _FORMATS[signal.kind], struct.pack(f">{len(ordered)}H", *ordered))
    value: Value = raw * register.factor if register.factor != 1.0 else raw
    if signal.high > signal.low and not signal.low <= float(value) <= signal.high:
        raise WriteRefusedError(f"{signal.name}: {value} is outside {signal.low:g} to {signal.high:g}")
    return value


class Image:
    """The four tables of a device as words and bits by address."""

    def __init__(self, registers: Iterable[Register]) -> None:
        self.registers = list(registers)
        self.words: dict[Table, dict[int, int]] = {Table.INPUT: {}, Table.HOLDING: {}}
        self.bits: dict[Table, dict[int, bool]] = {Table.COIL: {}, Table.DISCRETE: {}}
        self._by_name = {r.signal.name: r for r in self.registers}
        self._holding = {r.address: r for r in self.registers if r.table is Table.HOLDING}
        self._coils = {r.address: r for r in self.registers if r.table is Table.COIL}

    def show(self, values: Mapping[str, Value], overlay: Mapping[str, Value | None]) -> None:
        """Take over the values of all signals; `overlay` replaces some (None: failed)."""
        for register in self.registers:
            name = register.signal.name
            self._put(register, overlay[name] if name in overlay else values[name])

    def put(self, name: str, value: Value) -> None:
        """Take over the value of one signal, so that what was written reads back at once."""
        self._put(self._by_name[name], value)

    def _put(self, register: Register, value: Value | None) -> None:
        if register.table in self.bits:
            self.bits[register.table][register.address] = bool(value)
            return
        table = self.words[register.table]
        for offset, word in enumerate(encode(register, value)):
            table[register.address + offset] = word

    def blocks(self, table: Table) -> list[tuple[int, int]]:
        """Return (first address, count) of the blocks of a table that can be read."""
        ends: dict[int, tuple[int, int]] = {}
        for register in self.registers:
            if register.table is table:
                first, last = register.address, register.address + words_of(register) - 1
                low, high = ends.get(first // BLOCK, (first, last))
                ends[first // BLOCK] = min(low, first), max(high, last)
        return [(low, high - low + 1) for low, high in sorted(ends.values())]

    def written_words(self, address: int, words: Sequence[int]) -> list[tuple[str, Value]]:
        """Return the commands that a write of holding registers means.

        Raises:
            WriteRefusedError: a value is cut in two, or outside its range; nothing is taken then.
        """
        commands: list[tuple[str, Value]] = []
        end = address + len(words)
        for first, register in self._holding.items():
            count = words_of(register)
            if first + count <= address or first >= end:
                continue
            if first < address or first + count > end:
                raise WriteRefusedError(f"{register.signal.name} has {count} registers, not all are written")
            value = decode(register, words[first - address : first - address + count])
            commands.append((register.signal.name, value))
        return commands

    def written_bits(self, address: int, bits: Sequence[bool]) -> list[tuple[str, Value]]:
        """Return the commands that a write of coils means."""
        written = ((self._coils.get(address + i), bit) for i, bit in enumerate(bits))
        return [(register.signal.name, bool(bit)) for register, bit in written if register is not None]
