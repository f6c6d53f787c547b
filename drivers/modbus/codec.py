"""From responses to columns; `encode.py` goes the other way.

A `Layout` knows where in a response the bytes of each value lie. Decoding puts all of them into
native order with one gather, into a buffer allocated once, whose parts are already viewed as the
types they hold; each type is then converted to double with one assignment. So a response costs a
few numpy calls, however many values it has and however they are ordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.devices import BIT_TABLES, ModbusAddress, RegisterType
from control.signal import BAD, GOOD, NOT_A_NUMBER, RANGE, SENSOR, Text
from drivers.modbus.order import byte_positions, string_positions

EXACT: Final = 2**53
"""Integers up to here are exact as double; larger ones travel as texts."""

_WORD_BOOL: Final = "word"
"""A bool that takes a whole register: true when any bit is set."""
_DTYPES: Final[dict[str, str]] = {
    RegisterType.INT64: "<i8",
    RegisterType.UINT64: "<u8",
    RegisterType.FLOAT64: "<f8",
    RegisterType.INT32: "<i4",
    RegisterType.UINT32: "<u4",
    RegisterType.FLOAT32: "<f4",
    RegisterType.BCD32: "<u4",
    RegisterType.INT16: "<i2",
    RegisterType.UINT16: "<u2",
    RegisterType.BCD16: "<u2",
    _WORD_BOOL: "<u2",
    RegisterType.BOOL: "u1",
}
"""Widest first, so that each part of the buffer is aligned."""
_FLOATS: Final = frozenset({RegisterType.FLOAT32, RegisterType.FLOAT64})
_WIDE: Final = frozenset({RegisterType.INT64, RegisterType.UINT64})
_SIGNED: Final = frozenset({RegisterType.INT16, RegisterType.INT32, RegisterType.INT64})
_BCD_DIGITS: Final = {RegisterType.BCD16: 4, RegisterType.BCD32: 8}

Floats = npt.NDArray[np.float64]
Qualities = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Field:
    """A value in a response: `offset` registers (or bits) after its start."""

    tag: int
    offset: int
    address: ModbusAddress
    text: bool = False
    """The tag is of kind text: its value travels beside the columns."""


class Layout:
    """Decodes the responses of one block. Rows come out in the order of `tags`."""

    def __init__(self, fields: Sequence[Field]) -> None:
        """Lay out the buffer by type."""
        self._texts = [field for field in fields if field.text]
        positions: list[int] = []
        ordered: list[Field] = []
        parts: list[tuple[str, slice, slice]] = []
        for kind in _DTYPES:
            members = [field for field in fields if not field.text and _kind(field) == kind]
            rows, first = slice(len(ordered), len(ordered) + len(members)), len(positions)
            for field in members:
                positions += _positions(field)
            if members:
                ordered += members
                parts.append((kind, rows, slice(first, len(positions))))
        self.tags = np.array([field.tag for field in ordered], np.int32)
        self.text_tags = [field.tag for field in self._texts]
        self._positions = np.array(positions, np.intp)
        self._buffer = np.zeros(len(positions), np.uint8)
        self._parts = [_Part(kind, rows, self._buffer[at], ordered[rows]) for kind, rows, at in parts]

    def decode(self, data: bytes, stamp_ns: int) -> tuple[Floats, Qualities, list[Text]]:
        """Return value and quality of each row, and the text samples.

        Args:
            data: The registers or bits of the block as they came, of the length that was asked for.
            stamp_ns: Source time for the texts.
        """
        n = self.tags.size
        value, quality = np.empty(n), np.zeros(n, np.uint32)
        texts = [_text(field, data, stamp_ns) for field in self._texts] if self._texts else []
        np.frombuffer(data, np.uint8).take(self._positions, out=self._buffer, mode="clip")
        for part in self._parts:
            part.convert(value[part.rows], quality[part.rows], stamp_ns, texts)
        return value, quality, texts


class _Part:
    """The values of one type in a layout's buffer."""

    def __init__(
        self, kind: str, rows: slice, buffer: npt.NDArray[np.uint8], fields: Sequence[Field]
    ) -> None:
        self.rows = rows
        self._kind = kind
        self._tags = [field.tag for field in fields]
        self._raw: npt.NDArray[Any] = buffer.view(_DTYPES[kind])
        self._patterns: npt.NDArray[Any] = buffer.view(f"<u{self._raw.itemsize}")
        self._masks = np.array([1 << (_bit(field) % 8) for field in fields], np.uint8)
        self._absent = [(row, p) for row, field in enumerate(fields) for p in field.address.not_available]

    def convert(self, value: Floats, quality: Qualities, stamp_ns: int, texts: list[Text]) -> None:
        """Fill this part's rows."""
        if self._kind == RegisterType.BOOL:
            value[:] = (self._raw & self._masks) != 0
        elif self._kind == _WORD_BOOL:
            value[:] = self._raw != 0
        elif self._kind in _BCD_DIGITS:
            _decode_bcd(self._raw, _BCD_DIGITS[RegisterType(self._kind)], value, quality)
        elif self._kind in _FLOATS:
            self._take_finite(value, quality)
        else:
            value[:] = self._raw
        if self._kind in _WIDE:
            self._keep_exact(value, quality, stamp_ns, texts)
        for row, pattern in self._absent:
            if self._patterns[row] == pattern:
                value[row], quality[row] = np.nan, BAD | SENSOR

    def _take_finite(self, value: Floats, quality: Qualities) -> None:
        finite = np.isfinite(self._raw)
        if np.count_nonzero(finite) == len(finite):  # eight times as fast as all()
            value[:] = self._raw
        else:  # a signalling NaN must not even be converted: numpy warns of it
            value[:] = np.nan
            value[finite] = self._raw[finite]
            quality[~finite] = BAD | NOT_A_NUMBER

    def _keep_exact(self, value: Floats, quality: Qualities, stamp_ns: int, texts: list[Text]) -> None:
        """Send integers that a double cannot hold as texts beside a row without value."""
        for row in np.flatnonzero(np.abs(value) >= EXACT):
            exact = int(self._raw[row])
            if abs(exact) > EXACT and not any(
                at == row and self._patterns[row] == p for at, p in self._absent
            ):
                value[row], quality[row] = np.nan, BAD | RANGE
                texts.append(Text(self._tags[row], exact, stamp_ns, GOOD))


def _kind(field: Field) -> str:
    address = field.address
    if address.type is RegisterType.BOOL and address.table not in BIT_TABLES and address.bit is None:
        return _WORD_BOOL
    return address.type


def _bit(field: Field) -> int:
    return field.offset if field.address.table in BIT_TABLES else field.address.bit or 0


def _positions(field: Field) -> list[int]:
    """Return where the field's bytes are in a response, least significant first."""
    address = field.address
    if address.table in BIT_TABLES:
        return [field.offset // 8]
    positions = [2 * field.offset + at for at in byte_positions(address)]
    return positions if address.bit is None else [positions[address.bit // 8]]


def _decode_bcd(raw: npt.NDArray[Any], digits: int, value: Floats, quality: Qualities) -> None:
    shifts = 4 * np.arange(digits, dtype=np.uint32)
    nibbles = (raw[:, None] >> shifts) & 15
    value[:] = nibbles @ 10.0 ** np.arange(digits)
    wrong = (nibbles > 9).any(axis=1)
    value[wrong], quality[wrong] = np.nan, BAD | NOT_A_NUMBER


def _text(field: Field, data: bytes, stamp_ns: int) -> Text:
    """Return the sample of a text tag: a string up to its first NUL, or an exact integer."""
    address = field.address
    if address.type is RegisterType.STRING:
        characters = bytes(data[2 * field.offset + at] for at in string_positions(address))
        return Text(field.tag, characters.split(b"\0", 1)[0].decode("latin-1").rstrip(" "), stamp_ns, GOOD)
    raw = bytes(data[at] for at in _positions(field))
    if int.from_bytes(raw, "little") in address.not_available:
        return Text(field.tag, None, stamp_ns, BAD | SENSOR)
    return Text(field.tag, int.from_bytes(raw, "little", signed=address.type in _SIGNED), stamp_ns, GOOD)
