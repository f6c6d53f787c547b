"""A scan of registers shows every plausible reading, side by side."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from config.devices import Table
from drivers.inspection import Offered
from drivers.modbus.scan import offers
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
    ],
)
def test_readings_stand_side_by_side(data: bytes, reading: str) -> None:
    words = dict(enumerate(struct.unpack(">HH", data)))
    first: Offered = next(iter(offers(Table.HOLDING, words)))
    assert reading in first.note.split("; ")


def test_a_bit_is_a_bool() -> None:
    (bit,) = offers(Table.COIL, {3: 1})
    assert (bit.address, bit.kind, bit.note) == ({"table": "coil", "address": 3}, "bool", "")
