"""Every function code, with pymodbus' own codec on the other side and tshark as a third reader."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu import bit_message as bits
from pymodbus.pdu import file_message as files
from pymodbus.pdu import register_message as registers_of

from config.devices import ModbusDevice
from config.tags import Access, Tag, TagKind
from control.signal import BAD, DEVICE, SENSOR
from drivers.api import DeviceRefused, TagRef, Write
from drivers.modbus.driver import ModbusDriver
from drivers.modbus.identity import parse
from tests.contract.rig import Observer
from tests.servers import tshark
from tests.servers.hostile import Answer, Request, frame, hostile

_DECODER = DecodePDU(True)


class Device:
    """A device with tables, a file and a queue, that speaks with pymodbus' codec."""

    def __init__(self) -> None:
        self.words = [0] * 200
        self.coils = [False] * 100
        self.records = [0] * 100
        self.queue = [7, 8, 0x4148, 0]  # the last two are 12.5
        self.functions: list[int] = []

    def answer(self, request: Request) -> Sequence[Answer]:
        asked: Any = _DECODER.decode(request.pdu)
        self.functions.append(request.pdu[0])
        said = self._said(asked)
        return [frame(request.transaction, request.unit_id, bytes([said.function_code]) + said.encode())]

    def _coils(self, asked: Any) -> list[bool]:
        return self.coils[asked.address : asked.address + asked.count]

    def _words(self, asked: Any) -> list[int]:
        return self.words[asked.address : asked.address + asked.count]

    def _said(self, asked: Any) -> ModbusPDU:
        match asked.function_code:
            case 1:
                return bits.ReadCoilsResponse(bits=self._coils(asked))
            case 2:
                return bits.ReadDiscreteInputsResponse(bits=self._coils(asked))
            case 3:
                return registers_of.ReadHoldingRegistersResponse(registers=self._words(asked))
            case 4:
                return registers_of.ReadInputRegistersResponse(registers=self._words(asked))
            case 5:
                self.coils[asked.address] = asked.bits[0]
                return bits.WriteSingleCoilResponse(address=asked.address, bits=asked.bits)
            case 6:
                self.words[asked.address] = asked.registers[0]
                return registers_of.WriteSingleRegisterResponse(
                    address=asked.address, registers=asked.registers
                )
            case 16:
                self.words[asked.address : asked.address + asked.count] = asked.registers
                return registers_of.WriteMultipleRegistersResponse(address=asked.address, count=asked.count)
            case 15:
                self.coils[asked.address : asked.address + asked.count] = asked.bits[: asked.count]
                return bits.WriteMultipleCoilsResponse(address=asked.address, count=asked.count)
            case 20:
                (record,) = asked.records
                assert record.file_number == 4
                # pymodbus halves the length that it reads; the request says how many registers
                got = self.records[record.record_number : record.record_number + 2 * record.record_length]
                data = b"".join(word.to_bytes(2) for word in got)
                return files.ReadFileRecordResponse(records=[files.FileRecord(record_data=data)])
            case 21:
                (record,) = asked.records
                new = struct.unpack(f">{len(record.record_data) // 2}H", record.record_data)
                self.records[record.record_number : record.record_number + len(new)] = new
                return files.WriteFileRecordResponse(records=asked.records)
            case 22:
                word = self.words[asked.address]
                self.words[asked.address] = word & asked.and_mask | asked.or_mask & ~asked.and_mask
                return registers_of.MaskWriteRegisterResponse(asked.address, asked.and_mask, asked.or_mask)
            case 23:
                self.words[asked.write_address : asked.write_address + asked.write_count] = (
                    asked.write_registers
                )
                got = self.words[asked.read_address : asked.read_address + asked.read_count]
                return registers_of.ReadWriteMultipleRegistersResponse(registers=got)
            case 24:
                return files.ReadFifoQueueResponse(values=self.queue)
            case code:
                raise AssertionError(f"function {code}")


TAGS: dict[str, tuple[dict[str, Any], TagKind]] = {
    "record": ({"table": "file", "file": 4, "address": 10, "type": "float32"}, TagKind.NUMBER),
    "records": ({"table": "file", "file": 4, "address": 12, "type": "uint32"}, TagKind.NUMBER),
    "recipe": ({"table": "file", "file": 4, "address": 20, "type": "string", "length": 4}, TagKind.TEXT),
    "queued": ({"table": "fifo", "address": 5}, TagKind.NUMBER),
    "oldest": ({"table": "fifo", "address": 5, "entry": 0, "type": "int16"}, TagKind.NUMBER),
    "third": ({"table": "fifo", "address": 5, "entry": 2, "type": "float32"}, TagKind.NUMBER),
    "absent": ({"table": "fifo", "address": 5, "entry": 4, "type": "uint16"}, TagKind.NUMBER),
    "group": ({"table": "coil", "address": 3, "bits": 12}, TagKind.NUMBER),
    "coil": ({"table": "coil", "address": 40}, TagKind.NUMBER),
    "inputs": ({"table": "discrete", "address": 3, "bits": 4}, TagKind.NUMBER),
    "word": ({"address": 60}, TagKind.NUMBER),
    "float": ({"address": 61, "type": "float64"}, TagKind.NUMBER),
    "field": ({"address": 70, "bit": 4, "bits": 3}, TagKind.NUMBER),
    "half": ({"address": 71, "type": "int8", "half": "high"}, TagKind.NUMBER),
    "input": ({"table": "input", "address": 60, "type": "int16"}, TagKind.NUMBER),
}
REFS = [
    TagRef(n, name, Tag(device="d", address=address, kind=kind, access=Access.READ_WRITE))
    for n, (name, (address, kind)) in enumerate(TAGS.items())
]
INDEX = {ref.name: ref.index for ref in REFS}


def driver_for(port: int, **settings: Any) -> ModbusDriver:
    base = {"driver": "modbus", "host": "127.0.0.1", "port": port, "timeout": "2 s"}
    driver = ModbusDriver("d", ModbusDevice.model_validate({**base, **settings}))
    assert driver.plan(REFS) == {}
    return driver


async def read_all(driver: ModbusDriver) -> Observer:
    seen = Observer(REFS)
    seen(await driver.read())
    while driver.more_due:
        seen(await driver.read())
    return seen


async def test_every_function_carries_values_both_ways(tmp_path: Path) -> None:
    device = Device()
    writes: dict[str, float | str] = {
        "record": 37.5, "records": 123456, "recipe": "CHO-7", "group": 0xA5C, "coil": 1, "word": 99,
        "float": -1e-7, "field": 5, "half": -3,
    }  # fmt: skip
    async with hostile(device.answer) as server:
        driver = driver_for(server.port)
        await driver.open()
        results = await driver.write([Write(INDEX[name], value) for name, value in writes.items()])
        assert [result.error for result in results] == [None] * len(writes)
        seen = await read_all(driver)
        await driver.close()
    for name, value in writes.items():
        assert seen.last[name].value == value, name
    assert {name: seen.last[name].value for name in ("queued", "oldest", "third")} == {
        "queued": 4, "oldest": 7, "third": 12.5,
    }  # fmt: skip
    assert (seen.last["absent"].value, seen.last["absent"].quality) == (None, BAD | SENSOR)
    assert seen.last["inputs"].value == 0xA5C & 15
    assert seen.last["input"].value == 99
    assert set(device.functions) == {1, 2, 3, 4, 5, 6, 15, 16, 20, 21, 22, 24}
    sent = [(True, frame(r.transaction, r.unit_id, r.pdu)) for r in server.requests]
    rows = tshark.fields(sent, tmp_path, ["modbus.func_code", "mbtcp.trans_id", "mbtcp.unit_id"])
    assert [int(row["modbus.func_code"]) for row in rows] == device.functions
    assert [int(row["mbtcp.trans_id"]) for row in rows] == [r.transaction for r in server.requests]
    assert {row["_ws.malformed"] for row in rows} == {""}


async def test_function_23_writes_and_shows_what_is_held() -> None:
    device = Device()
    async with hostile(device.answer) as server:
        driver = driver_for(server.port, profile="read_write_23")
        await driver.open()
        taken = await driver.write([Write(INDEX["word"], 4), Write(INDEX["float"], 2.5)])
        assert [result.error for result in taken] == [None, None]
        assert device.functions == [23, 23]
        assert device.words[60] == 4
        await driver.close()


async def test_function_23_tells_when_the_device_holds_something_else() -> None:
    def script(request: Request) -> Sequence[Answer]:
        return [frame(request.transaction, request.unit_id, b"\x17\x02\x00\x63")]

    async with hostile(script) as server:
        driver = driver_for(server.port, write_and_read=True)
        await driver.open()
        (result,) = await driver.write([Write(INDEX["word"], 4)])
        assert result.error == "outcome unknown: the device holds something else"
        await driver.close()


async def test_multiple_writes_where_single_ones_are_not_known() -> None:
    device = Device()
    async with hostile(device.answer) as server:
        driver = driver_for(server.port, profile="multiple_writes_only")
        await driver.open()
        assert [r.error for r in await driver.write([Write(INDEX["coil"], 1), Write(INDEX["word"], 2)])] == [
            None,
            None,
        ]
        assert device.functions == [15, 16]
        await driver.close()


@pytest.mark.parametrize(
    "pdu",
    [
        b"\x18\x00\x04\x00\x02\x00\x01",  # says two entries and has one
        b"\x18\x00\x42\x00\x20" + bytes(64),  # more than a queue can hold
        b"\x18\x00\x02",
    ],
)
async def test_a_queue_that_makes_no_sense_is_bad(pdu: bytes) -> None:
    async with hostile(lambda request: [frame(request.transaction, request.unit_id, pdu)]) as server:
        ref = TagRef(0, "q", Tag(device="d", address={"table": "fifo", "address": 5}))
        driver = driver_for(server.port)
        driver.plan([ref])
        await driver.open()
        seen = Observer([ref])
        seen(await driver.read())
        await driver.close()
    assert (seen.last["q"].value, seen.last["q"].quality) == (None, BAD | DEVICE)


def _identification(request: Request, portions: dict[int, bytes]) -> bytes:
    return frame(request.transaction, request.unit_id, portions[request.pdu[3]])


async def test_the_identity_comes_in_portions_and_from_the_category_there_is() -> None:
    """Extended is refused, regular says that more follows from object 2 on."""
    portions = {
        0: b"\x2b\x0e\x02\x02\xff\x02\x02" + b"\x00\x04Acme" + b"\x01\x03X-1",
        2: b"\x2b\x0e\x02\x02\x00\x00\x01" + b"\x02\x032.0",
    }

    def script(request: Request) -> Sequence[Answer]:
        if request.pdu[2] == 3:
            return [frame(request.transaction, request.unit_id, b"\xab\x03")]
        return [_identification(request, portions)]

    async with hostile(script) as server:
        driver = driver_for(server.port, identity={"vendor": "Acme", "revision": "2.0"})
        await driver.open()
        assert await driver.identify() == {0: "Acme", 1: "X-1", 2: "2.0"}
        await driver.close()
    assert [request.pdu[2:] for request in server.requests[:3]] == [b"\x03\0", b"\x02\0", b"\x02\x02"]


async def test_a_device_that_never_says_is_refused() -> None:
    async with hostile(lambda r: [frame(r.transaction, r.unit_id, b"\xab\x01")]) as server:
        driver = driver_for(server.port, identity={"vendor": "Acme"})
        with pytest.raises(DeviceRefused, match="does not say what it is: exception 1: illegal function"):
            await driver.open()
        await driver.close()


@pytest.mark.parametrize("cut", range(1, 15))
def test_torn_identifications_are_none(cut: int) -> None:
    whole = b"\x2b\x0e\x02\x02\x00\x00\x01\x02\x06abcdef"
    assert parse(whole) == ({2: "abcdef"}, None)
    assert parse(whole[:-cut]) is None
    assert parse(whole + bytes(cut)) is None


def test_the_mask_of_the_standard() -> None:
    """Register 0x12, and 0xF2, or 0x25 gives 0x17 (function 22's own example)."""
    device = Device()
    device.words[4] = 0x12
    request = Request(0, 0, 1, struct.pack(">BHHH", 22, 4, 0xF2, 0x25))
    device.answer(request)
    assert device.words[4] == 0x17
