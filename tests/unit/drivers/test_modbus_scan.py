"""A scan of registers shows every plausible reading, side by side."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from config.devices import ByteOrder, ModbusAddress, RegisterType, Table, WordOrder
from drivers.inspection import Offered
from drivers.modbus.encode import encode
from drivers.modbus.scan import _ARRANGEMENTS, offers
from tests.contract.modbus_rig import ModbusRig, libmodbus_rig


@pytest.fixture(scope="module")
def rig() -> Iterator[ModbusRig]:
    made = libmodbus_rig()
    made.reset()
    yield made
    made.stop()


async def test_a_range_is_read_and_what_the_device_lacks_is_left_out(rig: ModbusRig) -> None:
    driver = rig.driver()
    found = {each.path: each async for each in driver.browse("holding:20-45")}  # type: ignore[attr-defined]
    assert "holding:38" not in found, "the device has no such register"
    assert found["holding:37"].value == 1
    assert "float32 DCBA 123456" in found["holding:24"].note
    assert "string" in found["holding:40"].note


@pytest.mark.parametrize("wrong", ["", "holding", "holding:5-3", "holding:0-70000", "holding:0-5000"])
async def test_what_is_no_range_is_said(rig: ModbusRig, wrong: str) -> None:
    with pytest.raises(ValueError, match="write"):
        [each async for each in rig.driver().browse(wrong)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("data", "reading"),
    [
        (struct.pack(">f", 37.5), "float32 ABCD 37.5"),
        (struct.pack("<f", 37.5), "float32 DCBA 37.5"),
        (struct.pack(">i", 123456), "int32 ABCD 123456"),
        (struct.pack(">h", -5) + b"\0\0", "int16 -5"),
        (b"\x12\x34\0\0", "bcd16 1234"),
        (b"Pump", "string 'Pump'"),
        (b"\x12\x34\x56\x78", "bcd32 12345678"),
        (struct.pack(">HH", 12, 3456), "mod10k32 123456"),
        (struct.pack(">d", 37.5), "float64 ABCDEFGH 37.5"),
        (struct.pack("<d", 37.5), "float64 HGFEDCBA 37.5"),
        (struct.pack(">q", 5_000_000_000), "int64 ABCDEFGH 5000000000"),
    ],
)
def test_readings_stand_side_by_side(data: bytes, reading: str) -> None:
    words = dict(enumerate(struct.unpack(f">{len(data) // 2}H", data)))
    first: Offered = next(iter(offers(Table.HOLDING, words)))
    assert reading in first.note.split("; ")


def test_a_bit_is_a_bool() -> None:
    (bit,) = offers(Table.COIL, {3: 1})
    assert (bit.address, bit.kind, bit.note) == ({"table": "coil", "address": 3}, "bool", "")


ORDERS = [
    (word, byte, dword)
    for word in WordOrder
    for byte in ByteOrder
    for dword in (None, *(order for order in WordOrder if order is not word))
]


@pytest.mark.parametrize(("word", "byte", "dword"), ORDERS)
def test_every_arrangement_that_a_tag_can_have_is_shown_under_its_name(
    word: WordOrder, byte: ByteOrder, dword: WordOrder | None
) -> None:
    address = ModbusAddress(
        address=0, type=RegisterType.FLOAT64, word_order=word, byte_order=byte, dword_order=dword
    )
    registers = struct.unpack(">4H", encode(address, 37.5))
    (named,) = [
        name
        for name, (places, order) in _ARRANGEMENTS[4].items()
        if struct.pack(f"{order}4H", *(registers[place] for place in places)) == struct.pack(">d", 37.5)
    ]
    (first, *_) = offers(Table.HOLDING, dict(enumerate(registers)))
    assert f"float64 {named} 37.5" in first.note.split("; ")
