"""Requests and answers as bytes, and what each exception code means for the tags concerned."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Final

from config.devices import BIT_TABLES, Table
from config.modbus import QUEUE_LENGTH
from control.signal import COMM, CONFIG, DEVICE
from drivers.modbus.codec import Answer

READ_FUNCTION: Final = {Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4}
WRITE_COIL: Final = 5
WRITE_REGISTER: Final = 6
WRITE_COILS: Final = 15
WRITE_REGISTERS: Final = 16
READ_FILE: Final = 20
WRITE_FILE: Final = 21
MASK_WRITE: Final = 22
READ_WRITE: Final = 23
READ_QUEUE: Final = 24
_RECORD: Final = struct.Struct(">BHHH")  # reference type (6), file, record, length
_REFERENCE_TYPE: Final = 6
MOST_RECORDS: Final = 121
"""Records in one read of a file: the byte count of the answer ends at 245."""
MOST_RECORDS_WRITTEN: Final = 122
MOST_READ_WRITTEN: Final = 121
"""Registers that function 23 writes, at the most."""


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


def read_request(table: Table, start: int, count: int, file: int = 0) -> bytes:
    """Return the request that reads registers or bits, records of a file, or a queue."""
    if table is Table.FILE:
        return bytes([READ_FILE, 7]) + _RECORD.pack(_REFERENCE_TYPE, file, start, count)
    if table is Table.FIFO:
        return struct.pack(">BH", READ_QUEUE, start)
    return struct.pack(">BHH", READ_FUNCTION[table], start, count)


def answer_to(table: Table, count: int) -> Answer:
    """Return what answers a read."""
    if table is Table.FILE:
        head = bytes([READ_FILE, 2 + 2 * count, 1 + 2 * count, _REFERENCE_TYPE])
        return Answer(head, len(head) + 2 * count)
    if table is Table.FIFO:
        head = bytes([READ_QUEUE, 0, 0])
        return Answer(head, len(head) + 2 + 2 * QUEUE_LENGTH, queue=True)
    size = (count + 7) // 8 if table in BIT_TABLES else 2 * count
    return Answer(bytes([READ_FUNCTION[table], size]), 2 + size)


def read_answer(pdu: bytes, answer: Answer) -> tuple[bytes, int]:
    """Return an answer to a read, of the size that is expected, or the code of its fault (else 0)."""
    if pdu[0] & 0x80:
        return b"", pdu[1] if len(pdu) == 2 else MALFORMED
    if answer.queue:
        return _queue(pdu, answer)
    if len(pdu) != answer.size or not pdu.startswith(answer.head):
        return b"", MALFORMED
    return pdu, 0


def _queue(pdu: bytes, answer: Answer) -> tuple[bytes, int]:
    """A queue has as many entries as it has: pad them to the most, so that every place exists."""
    size, entries = int.from_bytes(pdu[1:3]), int.from_bytes(pdu[3:5])
    if entries > QUEUE_LENGTH or size != 2 + 2 * entries or len(pdu) != 3 + size:
        return b"", MALFORMED
    return pdu.ljust(answer.size, b"\0"), 0
