"""The one request that writes a value, and the answer that says the device took it.

A part of a register (a bit, some bits, a half) is written with a mask in one request: reading,
changing and writing back would undo what somebody else wrote in between. A value of several
registers goes in one request, so that nobody sees half of it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from config.devices import BYTES, ModbusAddress, ModbusDevice, Table
from drivers.modbus.encode import encode, masked, representable
from drivers.modbus.pdu import (
    MASK_WRITE,
    MOST_READ_WRITTEN,
    MOST_RECORDS_WRITTEN,
    READ_WRITE,
    WRITE_COIL,
    WRITE_COILS,
    WRITE_FILE,
    WRITE_REGISTER,
    WRITE_REGISTERS,
)

_WRITABLE = frozenset({Table.COIL, Table.HOLDING, Table.FILE})


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """A write as bytes, what the device answers when it takes it, and the value it then holds."""

    pdu: bytes
    echo: bytes
    wrote: float | str
    read_back: bool = False
    """The answer shows what the device holds now, and it is compared."""


def writable(address: ModbusAddress) -> bool:
    """Return whether Modbus can write the address at all."""
    return address.table in _WRITABLE


def longest_write(device: ModbusDevice, address: ModbusAddress) -> int:
    """Return how many registers one write to the address may have."""
    if address.table is Table.FILE:
        return min(device.max_write_registers, MOST_RECORDS_WRITTEN)
    most = MOST_READ_WRITTEN if device.write_and_read else device.max_write_registers
    return min(device.max_write_registers, most)


def write_request(device: ModbusDevice, address: ModbusAddress, value: float | str) -> WriteRequest:
    """Return the request that writes the whole value.

    Raises:
        NotRepresentableError: the type of the address cannot hold the value.
        ValueError: the device has no such address.
    """
    wrote = representable(address, value)
    start = address.on_the_wire(device.address_base)
    if address.table is Table.COIL:
        return _coils(address, start, wrote, multiple_only=device.write_multiple_only)
    if address.bit is not None or address.bits is not None or address.type in BYTES:
        taken, wanted = masked(address, float(wrote))
        pdu = struct.pack(">BHHH", MASK_WRITE, start, 0xFFFF ^ taken, wanted)
        return WriteRequest(pdu, pdu, wrote)
    registers = encode(address, wrote)
    count = address.count
    if address.table is Table.FILE:
        record = struct.pack(">BHHH", 6, address.file, start, count) + registers
        pdu = bytes([WRITE_FILE, len(record)]) + record
        return WriteRequest(pdu, pdu, wrote)
    if device.write_and_read:
        head = struct.pack(">BHHHHB", READ_WRITE, start, count, start, count, len(registers))
        echo = bytes([READ_WRITE, len(registers)]) + registers
        return WriteRequest(head + registers, echo, wrote, read_back=True)
    if count == 1 and not device.write_multiple_only:
        pdu = struct.pack(">BH", WRITE_REGISTER, start) + registers
        return WriteRequest(pdu, pdu, wrote)
    echo = struct.pack(">BHH", WRITE_REGISTERS, start, count)
    return WriteRequest(echo + bytes([len(registers)]) + registers, echo, wrote)


def _coils(address: ModbusAddress, start: int, wrote: float | str, *, multiple_only: bool) -> WriteRequest:
    """A group of coils goes in one request, its least significant bit first."""
    count = address.count
    if count == 1 and not multiple_only:
        pdu = struct.pack(">BHH", WRITE_COIL, start, 0xFF00 if wrote else 0)
        return WriteRequest(pdu, pdu, wrote)
    echo = struct.pack(">BHH", WRITE_COILS, start, count)
    bits = int(wrote).to_bytes((count + 7) // 8, "little")
    return WriteRequest(echo + bytes([len(bits)]) + bits, echo, wrote)
