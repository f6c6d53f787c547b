"""Modbus/TCP: a header with transaction id, length and unit id before each PDU.

An answer belongs to a request when transaction id, unit id and function code are the request's.
Everything else that is well formed is counted and dropped: the answer to a request that has timed
out finds nothing that waits for it. What is not well formed ends the connection, because after it
no boundary between frames can be trusted.
"""

from __future__ import annotations

import struct
import time
from typing import Final

from drivers.modbus.link import Exchange
from drivers.modbus.wire import Wire

_HEADER: Final = struct.Struct(">HHHB")  # transaction, protocol (0), length from here on, unit
_LONGEST: Final = 254  # unit id and PDU


class MbapWire(Wire):
    """A connection that speaks Modbus/TCP, in the clear or within TLS."""

    _rest = b""

    def data_received(self, data: bytes) -> None:
        """Cut the stream into frames, and go on with the exchange."""
        received_ns, now = time.time_ns(), time.monotonic()
        self._frames.append((False, data))
        if self._rest:
            data = self._rest + data
        at, size, unpack, take = 0, len(data), _HEADER.unpack_from, self._take
        while size - at > 7:
            transaction, protocol, length, unit_id = unpack(data, at)
            if protocol or not 2 <= length <= _LONGEST:
                self.abort(f"what came is not Modbus/TCP: {data[at : at + 12].hex(' ')}")
                return
            end = at + 6 + length
            if end > size:
                break
            take(transaction, unit_id, data[at + 7 : end], received_ns, now)
            at = end
        self._rest = data[at:] if at < size else b""
        self._go_on()

    def _take(self, transaction: int, unit_id: int, pdu: bytes, received_ns: int, now: float) -> None:
        pending, exchange = self._pending.get(transaction), self._exchange
        if pending is None or exchange is None:
            self.strays += 1
            return
        request = exchange.requests[pending[0]]
        if unit_id != request.unit_id or pdu[0] & 0x7F != request.function:
            self.strays += 1
            return
        del self._pending[transaction]
        self._answered(exchange, pending, pdu, received_ns, now)

    def _frame(self, exchange: Exchange, position: int, transaction: int) -> bytes:
        return transaction.to_bytes(2) + exchange.requests[position].numbered


class UnnumberedMbapWire(MbapWire):
    """Modbus/TCP of a gateway that answers with a transaction id of its own.

    One request is under way at a time, and whatever answers it is told by unit id and function
    alone; so the link makes the connection anew after a request without answer.
    """

    numbered = False

    def _take(self, transaction: int, unit_id: int, pdu: bytes, received_ns: int, now: float) -> None:
        super()._take(next(iter(self._pending), transaction), unit_id, pdu, received_ns, now)
