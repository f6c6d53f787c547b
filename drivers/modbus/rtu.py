"""Serial frames: unit id, PDU and CRC, with nothing that tells where one ends or what it answers.

Where an answer ends follows from its function code; the CRC says whether it is one. Bytes before
it (a line that turns around leaves some) are skipped. Answers carry no number, so after a request
without answer its unit is not asked again until the answer has come late, or has had the same time
once more; other units may be asked meanwhile, because an answer says which unit it is from. Where
serial frames travel over TCP the connection is made anew instead.

Silence: 3.5 characters lie between two frames. That a frame has no gap of 1.5 characters is kept on
our side by writing it in one piece; on the other side it cannot be measured, because drivers and
adapters hand bytes over in portions, so a frame may pause for `_TORN_S`.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from drivers.modbus.link import Exchange, Request
from drivers.modbus.wire import Pace, Wire

_TORN_S: Final = 0.05
"""A frame that pauses for longer is not continued by what comes then."""
_LONGEST: Final = 256
_SHORTEST: Final = 5
_BYTE_COUNT: Final = frozenset({1, 2, 3, 4, 12, 17, 20, 21, 23})
_FIXED: Final = {5: 8, 6: 8, 7: 5, 8: 8, 11: 8, 15: 8, 16: 8, 22: 10}
_QUEUE: Final = 24
_INTERFACE: Final = 43


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC: Final = _crc_table()


def crc(data: bytes) -> bytes:
    """Return the CRC of a frame, as it follows on the line (Modbus over serial line, 2.5.1.2)."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return value.to_bytes(2, "little")


def frame(unit_id: int, pdu: bytes) -> bytes:
    """Return a whole frame."""
    body = bytes([unit_id]) + pdu
    return body + crc(body)


def answer_length(data: bytes | bytearray, at: int = 0) -> int:
    """Return how long the answer that begins at `at` is; 0 when more bytes are needed to tell.

    Returns:
        The length with unit id and CRC, -1 for a function code that no answer has.
    """
    have = len(data) - at
    if have < 3:
        return 0
    function = data[at + 1]
    if function & 0x80:
        return 5
    if function in _BYTE_COUNT:
        return 5 + data[at + 2]
    if function in _FIXED:
        return _FIXED[function]
    if function == _QUEUE:
        return 0 if have < 4 else 6 + int.from_bytes(data[at + 2 : at + 4])
    return _identification_length(data, at) if function == _INTERFACE else -1


def _identification_length(data: bytes | bytearray, at: int) -> int:
    """Return the length of an answer to 43/14: so many objects, each with its own length."""
    if len(data) - at < 8:
        return 0
    end = at + 8
    for _ in range(data[at + 7]):
        if len(data) < end + 2:
            return 0
        end += 2 + data[end + 1]
    return end - at + 2


class RtuWire(Wire):
    """Serial frames, over a serial line or over TCP."""

    numbered = False

    def __init__(
        self, pace: Pace, frames: deque[tuple[bool, bytes]], line: tuple[float, float] | None
    ) -> None:
        """`line`: seconds that a character takes, and of silence between frames; None over TCP."""
        super().__init__(pace, frames)
        self._character_s, self._silence_s = line or (0.0, 0.0)
        self._serial = line is not None
        self._buffer = bytearray()
        self._heard = 0.0
        """When the last byte came (monotonic)."""
        self._owed: dict[int, float] = {}
        """Until when an answer may come late, by unit id (monotonic)."""

    def data_received(self, data: bytes) -> None:
        """Look for the answer to the request under way, and go on with the exchange."""
        received_ns, now = time.time_ns(), time.monotonic()
        self._frames.append((False, data))
        if self._serial and now - self._heard > max(_TORN_S, self._silence_s):
            self._buffer.clear()
        self._heard = now
        self._not_before = max(self._not_before, now + self._silence_s)
        buffer = self._buffer
        buffer += data
        at = 0
        while len(buffer) - at >= _SHORTEST:
            length = answer_length(buffer, at)
            if 0 < length <= len(buffer) - at and _whole(buffer, at, length):
                self._take(buffer[at], bytes(buffer[at + 1 : at + length - 2]), received_ns, now)
                at += length
            elif self._may_become_one(at, length):
                break
            else:
                at += 1
        del buffer[:at]
        self._go_on()

    def _may_become_one(self, at: int, length: int) -> bool:
        """Whether more bytes could make a frame that is expected of what begins here."""
        if length < 0 or length > _LONGEST or 0 < length <= len(self._buffer) - at:
            return False
        unit_id, function = self._buffer[at], self._buffer[at + 1] & 0x7F
        request = self._request()
        return unit_id in self._owed or (
            request is not None and (unit_id, function) == (request.unit_id, request.function)
        )

    def _request(self) -> Request | None:
        for position, _ in self._pending.values():
            return None if self._exchange is None else self._exchange.requests[position]
        return None

    def _take(self, unit_id: int, pdu: bytes, received_ns: int, now: float) -> None:
        request = self._request()
        if request is None or (unit_id, pdu[0] & 0x7F) != (request.unit_id, request.function):
            self.strays += 1
            self._owed.pop(unit_id, None)
            return
        exchange = self._exchange
        assert exchange is not None, "a request is under way"
        _, pending = self._pending.popitem()
        self._answered(exchange, pending, pdu, received_ns, now)

    def _frame(self, exchange: Exchange, position: int, transaction: int) -> bytes:
        request = exchange.requests[position]
        data = frame(request.unit_id, request.pdu)
        self._buffer.clear()
        self._heard = time.monotonic()
        self._not_before = self._heard + len(data) * self._character_s + self._silence_s
        return data

    def _wait_s(self, exchange: Exchange, now: float) -> float:
        owed_until = self._owed.get(exchange.requests[exchange.sent].unit_id, 0.0)
        return max(self._not_before, owed_until) - now

    def _overdue(self, exchange: Exchange) -> None:
        super()._overdue(exchange)
        if self._serial:
            unit_id = exchange.requests[exchange.sent - 1].unit_id
            self._owed[unit_id] = time.monotonic() + self._pace.timeout_s


def _whole(buffer: bytearray, at: int, length: int) -> bool:
    return crc(bytes(buffer[at : at + length - 2])) == buffer[at + length - 2 : at + length]
