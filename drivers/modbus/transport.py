"""Modbus/TCP as a bare asyncio protocol: header in, header out, answers matched to requests.

An answer belongs to a request when transaction id, unit id and function code are the request's.
Everything else that is well formed is counted and dropped: the answer to a request that has timed
out finds nothing that waits for it. What is not well formed ends the connection, because after it
no boundary between frames can be trusted. Timeouts are swept by one timer for each connection
(a timer for each request costs as much as the request).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, cast

from drivers.api import DeviceTimeout, Disconnected
from drivers.modbus.link import Reply, frame_text

_HEADER: Final = struct.Struct(">HHHB")  # transaction, protocol (0), length from here on, unit
_LONGEST: Final = 254  # unit id and PDU
_FRAMES_KEPT: Final = 20
_CLOSE_LIMIT_S: Final = 0.2


_Pending = tuple[asyncio.Future[Reply], int, int, int, float]
"""A request under way: its future, unit id, function, when it was sent (UTC, ns), its deadline.

Plain tuples, here and in `Reply`: there is one of each for every request.
"""


class _Wire(asyncio.Protocol):
    """One TCP connection. A new one is made for each attempt, so nothing old can speak in it."""

    def __init__(self, timeout_s: float, frames: deque[tuple[bool, bytes]]) -> None:
        self.closed = asyncio.get_running_loop().create_future()
        self.strays = 0
        """Answers that nothing waited for."""
        self._timeout_s, self._frames = timeout_s, frames
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pending: dict[int, _Pending] = {}
        self._transaction = 0
        self._rest = b""
        self._timer: asyncio.TimerHandle | None = None
        self._reason = "the connection was closed"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport and have the kernel look for a dead peer."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass
        sock = transport.get_extra_info("socket")
        if sock is not None:
            _keep_alive(sock)

    def connection_lost(self, exc: Exception | None) -> None:
        """End everything that waits."""
        self._transport = None
        if exc is not None:
            self._reason = f"connection lost: {exc}"
        if self._timer is not None:
            self._timer.cancel()
        for future, *_ in self._pending.values():
            _fail(future, Disconnected(self._reason))
        self._pending.clear()
        if not self.closed.done():
            self.closed.set_result(None)

    def eof_received(self) -> bool:
        """The server closes: so do we."""
        self._reason = "the device closed the connection"
        return False

    def send(self, unit_id: int, pdu: bytes) -> asyncio.Future[Reply]:
        """Send a request and return the future of its answer."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        if self._transport is None:
            future.set_exception(Disconnected(self._reason))
            return future
        self._transaction = transaction = (self._transaction + 1) & 0xFFFF
        frame = _HEADER.pack(transaction, 0, len(pdu) + 1, unit_id) + pdu
        deadline = self._loop.time() + self._timeout_s
        self._pending[transaction] = (future, unit_id, pdu[0], time.time_ns(), deadline)
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._sweep)
        self._frames.append((True, frame))
        self._transport.write(frame)
        return future

    def data_received(self, data: bytes) -> None:
        """Cut the stream into frames."""
        received_ns = time.time_ns()
        self._frames.append((False, data))
        if self._rest:
            data = self._rest + data
        at, size = 0, len(data)
        while size - at > _HEADER.size:
            transaction, protocol, length, unit_id = _HEADER.unpack_from(data, at)
            if protocol or not 2 <= length <= _LONGEST:
                self.abort(f"what came is not Modbus/TCP: {data[at : at + 12].hex(' ')}")
                return
            end = at + 6 + length
            if end > size:
                break
            self._answer(transaction, unit_id, data[at + 7 : end], received_ns)
            at = end
        self._rest = data[at:]

    def _answer(self, transaction: int, unit_id: int, pdu: bytes, received_ns: int) -> None:
        request = self._pending.get(transaction)
        if request is None:
            self.strays += 1
            return
        future, asked_unit_id, function, sent_ns, _ = request
        if unit_id != asked_unit_id or pdu[0] & 0x7F != function:
            self.strays += 1
            return
        del self._pending[transaction]
        if not future.done():
            future.set_result((pdu, (sent_ns + received_ns) // 2))

    def _sweep(self) -> None:
        """Fail the requests whose time is over; they were sent in this order."""
        now = self._loop.time()
        self._timer = None
        while self._pending:
            transaction, (future, *_, deadline) = next(iter(self._pending.items()))
            if deadline > now:
                self._timer = self._loop.call_at(deadline, self._sweep)
                return
            del self._pending[transaction]
            _fail(future, DeviceTimeout(f"no answer within {self._timeout_s:g} s"))

    def abort(self, reason: str) -> None:
        """Drop the connection at once."""
        self._reason = reason
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Close in an orderly way, or abort when the peer does not let us."""
        if self._transport is None:
            return
        self._transport.close()
        await asyncio.wait([self.closed], timeout=_CLOSE_LIMIT_S)
        self.abort(self._reason)


class TcpLink:
    """Modbus/TCP to one server."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        """Nothing is connected yet."""
        self._host, self._port, self._timeout_s = host, port, timeout_s
        self._frames: deque[tuple[bool, bytes]] = deque(maxlen=_FRAMES_KEPT)
        self._wire: _Wire | None = None
        self._strays_before = 0

    @property
    def strays(self) -> int:
        """Answers that nothing waited for: they came too late, or belong to nobody."""
        return self._strays_before + (0 if self._wire is None else self._wire.strays)

    async def open(self) -> None:
        """Connect.

        Raises:
            Disconnected: refused, unreachable, or no answer in time; the message says which.
        """
        await self.close()
        where = f"{self._host}:{self._port}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                _, self._wire = await loop.create_connection(
                    lambda: _Wire(self._timeout_s, self._frames), self._host, self._port
                )
        except TimeoutError:
            raise Disconnected(f"{where}: no answer to connect within {self._timeout_s:g} s") from None
        except OSError as error:
            raise Disconnected(f"{where}: {_why(error)}") from error

    async def close(self) -> None:
        """Disconnect."""
        wire, self._wire = self._wire, None
        if wire is not None:
            self._strays_before += wire.strays
            await wire.close()

    def send(self, unit_id: int, pdu: bytes) -> asyncio.Future[Reply]:
        """Send a request and return the future of its answer."""
        if self._wire is None:
            future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            future.set_exception(Disconnected("not connected"))
            return future
        return self._wire.send(unit_id, pdu)

    def last_frames(self) -> Sequence[str]:
        """Return the last frames on the wire, oldest first."""
        return [frame_text(sent, frame) for sent, frame in self._frames]


def _fail(future: asyncio.Future[Reply], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _why(error: OSError) -> str:
    """Return the system's own words: asyncio says only that the call failed."""
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else str(error)


def _keep_alive(sock: socket.socket) -> None:
    """Have the kernel notice a peer that has lost power; not every platform has every option."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 3), ("TCP_KEEPCNT", 3)):
        with contextlib.suppress(AttributeError, OSError):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
