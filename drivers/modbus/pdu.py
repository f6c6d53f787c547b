"""Requests and answers as bytes, and what each exception code means for the tags concerned."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Final

from config.devices import BIT_TABLES, ModbusAddress, RegisterType, Table
from control.signal import COMM, CONFIG, DEVICE
from drivers.modbus.encode import encode, representable

READ_FUNCTION: Final = {Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4}
WRITE_COIL: Final = 5
WRITE_REGISTER: Final = 6
WRITE_REGISTERS: Final = 16
MASK_WRITE: Final = 22


class Action(enum.Enum):
    """What to do when a read is answered with an exception."""

    BISECT = "bisect"
    """Read the halves, until the one value that cannot be read stands alone; that one seldom."""
    SELDOM = "seldom"
    """The whole block cannot be read: try again seldom."""
    LATER = "later"
    """The device has a problem: try again after a while."""
    BUSY = "busy"
    """Try again soon, but not for ever."""
    UNIT = "unit"
    """The unit behind a gateway cannot be reached: leave it alone for a while."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception code: what it is called, the reason in the quality, what follows."""

    text: str
    reason: int
    action: Action


MALFORMED: Final = 0x100
"""Our own code, outside the protocol's: the answer has not the length that was asked for."""
SILENT: Final = 0x101
"""Our own code: a request without answer, from a unit that answers others."""

FAULTS: Final = {
    1: Fault("illegal function", CONFIG, Action.SELDOM),
    2: Fault("illegal data address", CONFIG, Action.BISECT),
    3: Fault("illegal data value", CONFIG, Action.BISECT),
    4: Fault("device failure", DEVICE, Action.LATER),
    5: Fault("acknowledged, still working", DEVICE, Action.BUSY),
    6: Fault("device busy", DEVICE, Action.BUSY),
    7: Fault("negative acknowledge", DEVICE, Action.LATER),
    8: Fault("memory parity error", DEVICE, Action.LATER),
    10: Fault("gateway path unavailable", COMM, Action.UNIT),
    11: Fault("gateway target did not respond", COMM, Action.UNIT),
    MALFORMED: Fault("answer of another length than asked for", DEVICE, Action.BISECT),
    SILENT: Fault("no answer, though the unit answers other requests", COMM, Action.BISECT),
}
_UNKNOWN: Final = Fault("unknown exception", DEVICE, Action.LATER)


def fault(code: int) -> Fault:
    """Return what an exception code means; one that the protocol does not name is the device's."""
    return FAULTS.get(code, _UNKNOWN)


def describe(code: int) -> str:
    """Return a code as people see it: `exception 2: illegal data address`."""
    text = fault(code).text
    return text if code >= MALFORMED else f"exception {code}: {text}"


def read_request(table: Table, start: int, count: int) -> bytes:
    """Return the request that reads registers or bits."""
    return struct.pack(">BHH", READ_FUNCTION[table], start, count)


def answer_size(table: Table, count: int) -> int:
    """Return how many bytes of data answer a read."""
    return (count + 7) // 8 if table in BIT_TABLES else 2 * count


def read_answer(pdu: bytes, size: int) -> tuple[bytes, int]:
    """Return the data of an answer to a read, or the code of the fault that it is (else 0)."""
    if pdu[0] & 0x80:
        return b"", pdu[1] if len(pdu) == 2 else MALFORMED
    if len(pdu) != size + 2 or pdu[1] != size:
        return b"", MALFORMED
    return pdu[2:], 0


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """A write as bytes, what the device answers when it takes it, and the value it then holds."""

    pdu: bytes
    echo: bytes
    wrote: float | str


def writable(address: ModbusAddress) -> bool:
    """Return whether Modbus can write the address at all."""
    return address.table in (Table.COIL, Table.HOLDING)


def write_request(address: ModbusAddress, value: float | str, *, multiple_only: bool = False) -> WriteRequest:
    """Return the one request that writes the whole value.

    A bit of a register is written with a mask in one request: reading, changing and writing back
    would undo what somebody else wrote in between.

    Raises:
        NotRepresentableError: the type of the address cannot hold the value.
    """
    wrote = representable(address, value)
    if address.table is Table.COIL:
        pdu = struct.pack(">BHH", WRITE_COIL, address.address, 0xFF00 if wrote else 0)
        return WriteRequest(pdu, pdu, wrote)
    if address.bit is not None:
        pdu = _mask_write(address, bool(wrote))
        return WriteRequest(pdu, pdu, wrote)
    registers = encode(address, wrote)
    if address.count == 1 and not multiple_only:
        pdu = struct.pack(">BH", WRITE_REGISTER, address.address) + registers
        return WriteRequest(pdu, pdu, wrote)
    echo = struct.pack(">BHH", WRITE_REGISTERS, address.address, address.count)
    return WriteRequest(echo + bytes([len(registers)]) + registers, echo, wrote)


def _mask_write(address: ModbusAddress, bit: bool) -> bytes:
    """Result = (current and and_mask) or (or_mask and not and_mask)."""
    assert address.bit is not None
    whole = address.model_copy(update={"bit": None, "type": RegisterType.UINT16})
    mask = int.from_bytes(encode(whole, 1 << address.bit))
    return struct.pack(">BHHH", MASK_WRITE, address.address, 0xFFFF ^ mask, mask if bit else 0)
