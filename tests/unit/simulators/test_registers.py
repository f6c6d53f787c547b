"""Registers: bit patterns, scaling, clipping, blocks and what a write means."""

from __future__ import annotations

import math

import pytest

from simulators.environment_signals import environment_registers
from simulators.fill_line_signals import fill_line_registers
from simulators.registers import Image, WriteRefusedError, decode, encode, words_of
from simulators.signals import Kind, Register, Signal, Table

LINE = {register.signal.name: register for register in fill_line_registers()}


def register(kind: Kind, *, little: bool = False, factor: float = 1.0) -> Register:
    return Register(Signal("x", kind), Table.HOLDING, 0, little, factor)


@pytest.mark.parametrize(
    ("kind", "little", "factor", "value", "words"),
    [
        (Kind.FLOAT32, False, 1.0, 123456.0, [0x47F1, 0x2000]),
        (Kind.FLOAT32, True, 1.0, 123456.0, [0x2000, 0x47F1]),
        (Kind.UINT32, False, 1.0, 0x12345678, [0x1234, 0x5678]),
        (Kind.UINT32, True, 1.0, 0x12345678, [0x5678, 0x1234]),
        (Kind.INT32, False, 1.0, -2, [0xFFFF, 0xFFFE]),
        (Kind.UINT64, False, 1.0, 0x0123456789ABCDEF, [0x0123, 0x4567, 0x89AB, 0xCDEF]),
        (Kind.INT64, True, 1.0, -1, [0xFFFF] * 4),
        (Kind.FLOAT64, False, 1.0, 1.0, [0x3FF0, 0, 0, 0]),
        (Kind.INT16, False, 0.1, -12.34, [0x10000 - 123]),
        (Kind.UINT16, False, 0.01, 45.678, [4568]),
    ],
)
def test_bit_patterns(kind: Kind, little: bool, factor: float, value: float, words: list[int]) -> None:
    where = register(kind, little=little, factor=factor)
    assert encode(where, value) == words
    assert words_of(where) == len(words)
    assert decode(where, words) == pytest.approx(value, abs=factor / 2.0)


@pytest.mark.parametrize(
    ("kind", "value", "word"),
    [
        (Kind.UINT16, 70000, 65535),
        (Kind.UINT16, -5, 0),
        (Kind.INT16, 40000, 32767),
        (Kind.INT16, -40000, 0x8000),
    ],
)
def test_values_beyond_the_type_are_clipped(kind: Kind, value: int, word: int) -> None:
    assert encode(register(kind), value) == [word]


def test_failed_sensors_have_their_pattern() -> None:
    assert encode(register(Kind.INT16), None) == [0x8000]
    assert encode(register(Kind.UINT16), None) == [0xFFFF]
    assert math.isnan(float(decode(register(Kind.FLOAT32), encode(register(Kind.FLOAT32), None))))


def test_a_write_is_checked_before_anything_is_taken() -> None:
    image = Image(fill_line_registers())
    speed = encode(LINE["Command.MachSpeed"], 150.0)
    target = encode(LINE["Fill.Target"], 6.5)
    assert image.written_words(4, [*speed, *target]) == [("Command.MachSpeed", 150.0), ("Fill.Target", 6.5)]
    assert image.written_words(3, [7]) == []
    with pytest.raises(WriteRefusedError, match="2 registers"):
        image.written_words(4, speed[:1])
    with pytest.raises(WriteRefusedError, match="2 registers"):
        image.written_words(5, [*speed[1:], *target])
    with pytest.raises(WriteRefusedError, match="outside"):
        image.written_words(4, encode(LINE["Command.MachSpeed"], 401.0))
    with pytest.raises(WriteRefusedError, match="outside"):
        image.written_words(4, encode(LINE["Command.MachSpeed"], None))


def test_scaled_writes_become_engineering_values() -> None:
    image = Image(environment_registers())
    assert image.written_words(1, [705, 1000]) == [
        ("A.FanCommand", pytest.approx(70.5)),
        ("B.FanCommand", 100.0),
    ]
    with pytest.raises(WriteRefusedError):
        image.written_words(1, [1001])


def test_coils_that_nothing_listens_to_are_ignored() -> None:
    image = Image(fill_line_registers())
    assert image.written_bits(2, [True, False, True]) == [
        ("Command.ResetCounters", True),
        ("Command.TakeSample", False),
    ]


@pytest.mark.parametrize("registers", [fill_line_registers(), environment_registers()], ids=["line", "rooms"])
def test_no_two_signals_share_an_address(registers: list[Register]) -> None:
    for table in Table:
        taken: set[int] = set()
        for where in registers:
            if where.table is table:
                used = set(range(where.address, where.address + words_of(where)))
                assert not used & taken, where.signal.name
                taken |= used
    names = [where.signal.name for where in registers]
    assert len(names) == len(set(names))


def test_blocks_join_what_lies_in_the_same_hundred() -> None:
    assert Image(fill_line_registers()).blocks(Table.INPUT) == [(0, 70), (200, 44)]
    assert Image(fill_line_registers()).blocks(Table.HOLDING) == [(0, 12)]
    assert Image(environment_registers()).blocks(Table.INPUT) == [(0, 80)]
    assert Image(environment_registers()).blocks(Table.COIL) == []


def test_every_signal_has_a_description() -> None:
    assert all(where.signal.description for where in (*fill_line_registers(), *environment_registers()))
