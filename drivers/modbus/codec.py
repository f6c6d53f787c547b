"""From answers to columns; `encode.py` goes the other way, `decode.py` is the compiled part.

A `Layout` knows where in the answers of some polls, one behind the other, the bytes of each value
lie. So a whole cycle costs one compiled call, however many answers and values it has and however
they are ordered. Texts, and integers beyond 2^53, are made one by one beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from config.devices import BIT_TABLES, BYTES, Half, ModbusAddress, RegisterType, Table, WordOrder
from config.modbus import ByteOrder
from control.signal import BAD, GOOD, SENSOR, Text
from drivers.modbus import decode
from drivers.modbus.order import byte_positions, string_positions

EXACT: Final = decode.EXACT
_FLOATS: Final = frozenset({RegisterType.FLOAT32, RegisterType.FLOAT64})
_SIGNED: Final = frozenset({RegisterType.INT8, RegisterType.INT16, RegisterType.INT32, RegisterType.INT64})
_BCD: Final = frozenset({RegisterType.BCD16, RegisterType.BCD32, RegisterType.BCD64})
_MOD10K: Final = frozenset({RegisterType.MOD10K32, RegisterType.MOD10K48, RegisterType.MOD10K64})

Floats = npt.NDArray[np.float64]
Qualities = npt.NDArray[np.uint32]
Stamps = npt.NDArray[np.int64]


@functools.cache
def warm_up() -> None:
    """Compile the decoder, or load its machine code: that takes seconds, so never on a loop."""
    field = Field(0, 0, ModbusAddress(address=0))
    Layout([(Answer(b"\3\2", 4), [field])]).decode(bytearray(b"\3\2\0\0"), [0])


@dataclass(frozen=True, slots=True)
class Field:
    """A value in an answer: `offset` registers (or bits) after the start of what was read."""

    tag: int
    offset: int
    address: ModbusAddress
    text: bool = False
    """The tag is of kind text: its value travels beside the columns."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers a read: the bytes before the data, which do not vary, and how long the whole is."""

    head: bytes
    size: int
    """Bytes of the PDU, head and data."""
    queue: bool = False
    """Entries of a queue: fewer may come, and the rest is padded."""


class Layout:
    """Decodes the answers of some reads together. Rows come out in the order of `tags`."""

    def __init__(self, reads: Sequence[tuple[Answer, Sequence[Field]]]) -> None:
        """Lay out the answers one behind the other."""
        self.size, self.answers = sum(answer.size for answer, _ in reads), len(reads)
        at, head = 0, bytearray()
        head_at: list[int] = []
        rows: list[tuple[int, ...]] = []
        tags: list[int] = []
        self._absent: list[int] = []
        self.texts: list[tuple[int, int, Field]] = []
        self.queued: list[tuple[int, int, int]] = []
        for number, (answer, fields) in enumerate(reads):
            if not answer.queue:
                head_at += range(at, at + len(answer.head))
                head += answer.head
            data_at = at + len(answer.head)
            for field in fields:
                if field.text:
                    self.texts.append((data_at, number, field))
                    continue
                if answer.queue and field.address.entry is not None:
                    self.queued.append((len(tags), data_at, field.address.entry + field.address.count))
                tags.append(field.tag)
                rows.append(self._row(field, data_at, number))
            at += answer.size
        self.tags = np.array(tags, np.int32)
        self.text_tags = [field.tag for _, _, field in self.texts]
        self.fields = np.array(rows, np.int32).reshape(-1, decode.COLUMNS)
        self.patterns = np.array(self._absent, np.uint64)
        self.head = np.array([*zip(head_at, head, strict=True)], np.int64).reshape(-1, 2)
        self._odd, self._bits = np.zeros(len(tags), np.int64), np.zeros(len(tags), np.uint64)

    @classmethod
    def joined(cls, layouts: Sequence[Self]) -> Self:
        """Return the layout of the answers of several, one behind the other.

        What each of them found out about its values is taken over: it costs a hundredth of a new one.
        """
        whole = cls([])
        parts: list[npt.NDArray[np.int32]] = []
        heads: list[npt.NDArray[np.int64]] = []
        number = rows = patterns = 0
        for each in layouts:
            fields, head = each.fields.copy(), each.head.copy()
            fields[:, decode.AT] += whole.size
            fields[:, decode.ANSWER] += number
            fields[:, decode.ABSENT] += patterns
            head[:, 0] += whole.size
            parts.append(fields)
            heads.append(head)
            whole.texts += [(at + whole.size, in_answer + number, f) for at, in_answer, f in each.texts]
            whole.queued += [(row + rows, at + whole.size, needed) for row, at, needed in each.queued]
            whole.size += each.size
            number += each.answers
            rows += len(fields)
            patterns += len(each.patterns)
        if layouts:
            whole.answers = number
            whole.tags = np.concatenate([each.tags for each in layouts])
            whole.text_tags = [tag for each in layouts for tag in each.text_tags]
            whole.fields, whole.head = np.concatenate(parts), np.concatenate(heads)
            whole.patterns = np.concatenate([each.patterns for each in layouts])
            whole._odd, whole._bits = np.zeros(rows, np.int64), np.zeros(rows, np.uint64)
        return whole

    def decode(
        self, data: bytearray, stamps_ns: Sequence[int]
    ) -> tuple[Floats, Qualities, Stamps, list[Text]] | None:
        """Return value, quality and source time of each row, and the text samples.

        Args:
            data: The PDUs of the answers, joined; `size` bytes. (A bytearray, because Numba takes what
                cannot be written to by a slower way.)
            stamps_ns: Source time of each answer.

        Returns:
            None when an answer is not one to what was asked.
        """
        n = self.tags.size
        value, quality, source_ns = np.empty(n), np.zeros(n, np.uint32), np.empty(n, np.int64)
        odd = decode.decode(
            np.frombuffer(data, np.uint8),
            self.head,
            self.fields,
            self.patterns,
            np.array(stamps_ns, np.int64),
            value,
            quality,
            source_ns,
            self._odd,
            self._bits,
        )
        if odd < 0:
            return None
        for row, at, needed in self.queued:
            if int.from_bytes(data[at : at + 2]) < needed:
                value[row], quality[row] = np.nan, BAD | SENSOR
        texts = [_text(field, data, at, stamps_ns[number]) for at, number, field in self.texts]
        for row in self._odd[:odd]:
            bits, kind = int(self._bits[row]), self.fields[row, decode.KIND]
            exact = bits - 2**64 if kind == decode.SIGNED and bits >= 2**63 else bits
            texts.append(Text(int(self.tags[row]), exact, int(source_ns[row]), GOOD))
        return value, quality, source_ns, texts

    def _row(self, field: Field, data_at: int, number: int) -> tuple[int, ...]:
        address = field.address
        coils = address.table in BIT_TABLES
        flags = (
            decode.COILS * coils
            | decode.WORDS_LITTLE * (address.word_order is WordOrder.LITTLE)
            | decode.BYTES_LITTLE * (address.byte_order is ByteOrder.LITTLE)
            | decode.DWORDS_TURNED * (address.dword_order not in (None, address.word_order))
        )
        shift, width = field.offset if coils else 0, 1 if coils else 16 * address.count
        if address.bits is not None:
            shift, width = shift + (address.bit or 0), address.bits
        elif address.bit is not None:
            shift, width = address.bit, 1
        elif address.type in BYTES:
            shift, width = byte_shift(address), 8
        absent = len(self._absent)
        self._absent += [pattern for pattern in address.not_available if 0 <= pattern < 2**64]
        return (
            data_at if coils else data_at + 2 * _register(field),
            number,
            absent,
            len(self._absent) - absent,
            _kind(address),
            flags,
            0 if coils else address.count,
            shift,
            width,
        )


def byte_shift(address: ModbusAddress) -> int:
    """Return how many bits of its register are below a value of eight bits."""
    first = address.half is Half.HIGH
    return 8 if first == (address.byte_order is ByteOrder.BIG) else 0


def _kind(address: ModbusAddress) -> int:
    kind = address.type
    if kind is RegisterType.BOOL:
        return decode.BOOL
    if kind in _FLOATS:
        return decode.FLOAT
    if kind in _BCD:
        return decode.BCD
    if kind in _MOD10K:
        return decode.MOD10K
    return decode.SIGNED if kind in _SIGNED else decode.UNSIGNED


def _register(field: Field) -> int:
    """Return how many registers of the answer's data are before the value."""
    if field.address.table is Table.FIFO:
        return 0 if field.address.entry is None else 1 + field.address.entry
    return field.offset


def _text(field: Field, data: bytearray, data_at: int, stamp_ns: int) -> Text:
    """Return the sample of a text tag: a string up to its first NUL, or an exact integer."""
    address, at = field.address, data_at + 2 * _register(field)
    queued = address.entry is not None and int.from_bytes(data[data_at : data_at + 2])
    if address.entry is not None and queued < address.entry + address.count:
        return Text(field.tag, None, stamp_ns, BAD | SENSOR)
    if address.type is RegisterType.STRING:
        characters = bytes(data[at + place] for place in string_positions(address))
        return Text(field.tag, characters.split(b"\0", 1)[0].decode("latin-1").rstrip(" "), stamp_ns, GOOD)
    raw = int.from_bytes(bytes(data[at + place] for place in byte_positions(address)), "little")
    if address.type in BYTES:
        raw = raw >> byte_shift(address) & 0xFF
    if raw in address.not_available:
        return Text(field.tag, None, stamp_ns, BAD | SENSOR)
    width = 8 if address.type in BYTES else 16 * address.count
    signed = address.type in _SIGNED and raw >> (width - 1)
    return Text(field.tag, raw - (1 << width) if signed else raw, stamp_ns, GOOD)
