"""pymodbus as the link, for framings that our own transport does not speak.

The library frames and matches; retries and reconnects are off (the session does both), and its
answers are handed over as bytes: its decoder would build a list of numbers that ours does not use,
and format it for a log entry each time. What the library leaves unchecked is checked here: that
unit id, transaction id and function are the request's, and that a lost connection ends the request
at once and not after its timeout.

Serial frames carry no transaction id, so a late answer would pass for the next one's. After a request
that had no answer the connection is made anew: what comes late finds it closed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusIOException
from pymodbus.framer import FramerType
from pymodbus.pdu import ModbusPDU

from config.devices import ModbusDevice
from drivers.api import DeviceTimeout, Disconnected
from drivers.modbus.link import Reply, frame_text

_FRAMES_KEPT: Final = 20
_READS: Final = (1, 2, 3, 4)
_ECHOES: Final = {5: 8, 6: 8, 15: 8, 16: 8, 22: 10}
"""Functions that answer with an echo, and the size of the answer's RTU frame."""


class _Quiet(logging.Filter):
    """The library logs every timeout as an error; the session says it once, with the frames."""

    def filter(self, record: logging.LogRecord) -> bool:
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)


logging.getLogger("pymodbus.logging").addFilter(_Quiet())


class _Bytes(ModbusPDU):
    """A PDU whose content the library only passes on."""

    content: bytes = b""

    def encode(self) -> bytes:
        return self.content

    def decode(self, data: bytes) -> None:
        self.content = data

    def __str__(self) -> str:
        return type(self).__name__


def _answer_class(function: int) -> type[_Bytes]:
    layout = {"rtu_byte_count_pos": 2} if function in _READS else {"rtu_frame_size": _ECHOES[function]}
    return type(f"Answer{function}", (_Bytes,), {"function_code": function, **layout})


_ANSWERS: Final = [_answer_class(function) for function in (*_READS, *_ECHOES)]


class LibraryLink:
    """A connection made by pymodbus; one request at a time."""

    def __init__(self, device: ModbusDevice) -> None:
        """Nothing is connected yet."""
        self._device = device
        self._client: AsyncModbusTcpClient | None = None
        self._answer_owed = False
        """A request had no answer, which may still come."""
        self._frames: deque[tuple[bool, bytes]] = deque(maxlen=_FRAMES_KEPT)

    async def open(self) -> None:
        """Connect.

        Raises:
            Disconnected: refused, unreachable, or no answer in time.
        """
        await self.close()
        self._answer_owed = False
        device = self._device
        self._client = client = AsyncModbusTcpClient(
            device.host,
            port=device.port,
            framer=FramerType.RTU if device.framing == "rtu" else FramerType.SOCKET,
            timeout=device.timeout,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._trace,
            trace_connect=self._connection_changed,
        )
        for answer in _ANSWERS:
            client.register(answer)
        if not await client.connect():
            self._client = None
            client.close()
            raise Disconnected(f"{device.host}:{device.port}: cannot connect within {device.timeout:g} s")

    async def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
            self._fail_request(client)
            await asyncio.sleep(0)  # the transport closes its socket in the next turn of the loop

    def send(self, unit_id: int, pdu: bytes) -> asyncio.Future[Reply]:
        """Send a request and return the future of its answer."""
        return asyncio.ensure_future(self._exchange(unit_id, pdu))

    def last_frames(self) -> Sequence[str]:
        """Return the last frames on the wire, oldest first."""
        return [frame_text(sent, frame) for sent, frame in self._frames]

    async def _exchange(self, unit_id: int, pdu: bytes) -> Reply:
        if self._answer_owed and self._device.framing == "rtu":
            await self.open()
        client = self._client
        if client is None or not client.connected:
            raise Disconnected("the connection was closed")
        request = _Bytes(dev_id=unit_id)
        request.function_code, request.content = pdu[0], pdu[1:]
        sent_ns = time.time_ns()
        self._answer_owed = True
        try:
            answer: ModbusPDU = await client.execute(False, request)
        except ConnectionException as error:
            raise Disconnected(f"connection lost: {error}") from error
        except ModbusIOException as error:
            if not client.connected:
                raise Disconnected(f"connection lost: {error}") from error
            raise DeviceTimeout(f"no answer within {self._device.timeout:g} s") from error
        stamp_ns = (sent_ns + time.time_ns()) // 2
        self._answer_owed = False
        same = answer.dev_id == unit_id and answer.transaction_id == request.transaction_id
        if not same or answer.function_code & 0x7F != pdu[0]:
            raise DeviceTimeout("the answer belonged to another request")
        content = answer.content if isinstance(answer, _Bytes) else bytes([answer.exception_code])
        return bytes([answer.function_code]) + content, stamp_ns

    def _trace(self, sending: bool, data: bytes) -> bytes:
        self._frames.append((sending, data))
        return data

    def _connection_changed(self, connected: bool) -> None:
        if not connected and self._client is not None:
            self._fail_request(self._client)

    @staticmethod
    def _fail_request(client: AsyncModbusTcpClient) -> None:
        """End the request under way: the library would let it wait for its timeout."""
        waiting = client.ctx.response_future
        if not waiting.done():
            waiting.set_exception(ConnectionException("the device closed the connection"))
            waiting.exception()  # retrieved, in case no request is under way
