"""One connection to a Modbus server: sends an exchange's requests, and gives each its answer.

What all framings share is here: how many requests are under way, pauses, timeouts, the end of an
exchange. `mbap.py` frames for TCP, `rtu.py` for serial lines. A new wire is made for each attempt
to connect, so nothing old can speak in it.

Timeouts are swept by one timer for each connection (a timer for each request costs as much as the
request), and requests that may go together go in one write.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import time
from collections import deque
from dataclasses import dataclass
from typing import Final, cast

from drivers.api import Disconnected
from drivers.modbus.link import Exchange

_CLOSE_LIMIT_S: Final = 0.2
_TICK_S: Final = 0.001
"""Timers of the event loop are no finer."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a connection may be used."""

    timeout_s: float
    depth: int = 1
    """Requests under way at once."""
    pause_s: float = 0.0
    """Rest between an answer and the next request."""


_Pending = tuple[int, float]
"""A request under way: its position in the exchange, and when it was sent (monotonic)."""


class Wire(asyncio.Protocol):
    """One connection, whatever its framing; subclasses cut frames and make them."""

    numbered = True
    """Answers name the request they belong to."""

    def __init__(self, pace: Pace, frames: deque[tuple[bool, bytes]]) -> None:
        """Not connected yet; `frames` remembers what was last on the wire."""
        self._loop = asyncio.get_running_loop()
        self.closed = self._loop.create_future()
        self.strays = 0
        """Answers that nothing waited for."""
        self.owes = False
        """A request of an unnumbered framing had no answer, which may still come."""
        self._pace, self._frames = pace, frames
        self._may_wait = pace.pause_s > 0 or not self.numbered
        self._transport: asyncio.Transport | None = None
        self._pending: dict[int, _Pending] = {}
        self._transaction = 0
        self._exchange: Exchange | None = None
        self._until = 0.0
        self._not_before = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waking: asyncio.TimerHandle | None = None
        self._reason = "the connection was closed"

    @property
    def is_open(self) -> bool:
        """Whether requests can be sent."""
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport and have the kernel look for a dead peer."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass
        sock = transport.get_extra_info("socket")
        if sock is not None:
            _keep_alive(sock)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange under way."""
        self._transport = None
        if exc is not None:
            self._reason = f"connection lost: {exc}"
        for timer in (self._timer, self._waking):
            if timer is not None:
                timer.cancel()
        self._pending.clear()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            self._lose(exchange)
        if not self.closed.done():
            self.closed.set_result(None)

    def eof_received(self) -> bool:
        """The server closes: so do we."""
        self._reason = "the device closed the connection"
        return False

    def begin(self, exchange: Exchange, until: float) -> None:
        """Send the requests; `exchange.done` is set at its end. One exchange at a time."""
        if self._transport is None:
            self._lose(exchange)
            return
        self._exchange, self._until = exchange, until
        self._go_on()

    def forsake(self, exchange: Exchange) -> None:
        """Nobody waits for the exchange any more: what it still gets belongs to nobody."""
        if self._exchange is exchange:
            if self._pending:
                self._overdue(exchange)
            self._pending.clear()
            self._exchange = None

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

    def _frame(self, exchange: Exchange, position: int, transaction: int) -> bytes:
        """Return a request as it goes on the wire."""
        raise NotImplementedError

    def _wait_s(self, exchange: Exchange, now: float) -> float:
        """Return how long to wait before the next request may be sent."""
        return self._not_before - now

    def _go_on(self) -> None:
        """Send what may be under way, or end the exchange."""
        exchange, pending = self._exchange, self._pending
        if exchange is None or self._transport is None:
            return
        at = exchange.sent
        if at < exchange.end and len(pending) < self._pace.depth:
            now = time.monotonic()
            if at and now >= self._until:
                exchange.end = at
            elif self._may_wait and (wait_s := self._wait_s(exchange, now)) > 0:
                self._wake_in(wait_s)
                return
            else:
                self._send(exchange, at, now)
        if not pending and exchange.sent >= exchange.end:
            self._exchange = None
            if not exchange.done.done():
                exchange.done.set_result(None)

    def _send(self, exchange: Exchange, at: int, now: float) -> None:
        pending, pace = self._pending, self._pace
        last = min(at + pace.depth - len(pending), exchange.end) if not pace.pause_s else at + 1
        sent_ns = time.time_ns()
        frames, transaction, stamps_ns = [], self._transaction, exchange.stamps_ns
        for position in range(at, last):
            transaction = (transaction + 1) & 0xFFFF
            pending[transaction] = (position, now)
            stamps_ns[position] = sent_ns
            frames.append(self._frame(exchange, position, transaction))
        self._transaction, exchange.sent = transaction, last
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        if self._timer is None:
            self._timer = self._loop.call_later(pace.timeout_s, self._sweep)
        self._frames.append((True, data))
        assert self._transport is not None
        self._transport.write(data)

    def _answered(
        self, exchange: Exchange, pending: _Pending, pdu: bytes, received_ns: int, now: float
    ) -> None:
        """Give an answer to the request it belongs to; the caller has checked that it does.

        The middle between the two is told by the monotonic clock: UTC may have been set meanwhile.
        """
        position, sent = pending
        exchange.answers[position] = pdu
        exchange.stamps_ns[position] = received_ns - int((now - sent) * 5e8)
        if pdu[0] & 0x80:
            exchange.disturbed = True
            exchange.end = exchange.sent
        if self._pace.pause_s:
            self._not_before = now + self._pace.pause_s

    def _wake_in(self, wait_s: float) -> None:
        """Go on after a pause; the loop's timers may fire early by a tick, so it is looked at again."""
        if self._waking is None:
            self._waking = self._loop.call_later(math.ceil(wait_s / _TICK_S) * _TICK_S, self._wake)

    def _wake(self) -> None:
        self._waking = None
        self._go_on()

    def _sweep(self) -> None:
        """End the requests whose time is over; they were sent in this order."""
        now = time.monotonic()
        self._timer = None
        exchange = self._exchange
        while self._pending:
            transaction, (_, sent) = next(iter(self._pending.items()))
            deadline = sent + self._pace.timeout_s
            if deadline > now:
                self._timer = self._loop.call_later(max(deadline - now, _TICK_S), self._sweep)
                break
            del self._pending[transaction]
            if exchange is not None:
                exchange.disturbed = True
                exchange.end = exchange.sent
                self._overdue(exchange)
        self._go_on()

    def _overdue(self, exchange: Exchange) -> None:
        """A request had no answer in time."""
        self.owes = not self.numbered

    def _lose(self, exchange: Exchange) -> None:
        exchange.disturbed = True
        exchange.lost = Disconnected(self._reason)
        exchange.end = exchange.sent
        if not exchange.done.done():
            exchange.done.set_result(None)


def _keep_alive(sock: socket.socket) -> None:
    """Have the kernel notice a peer that has lost power; not every platform has every option."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 3), ("TCP_KEEPCNT", 3)):
        with contextlib.suppress(AttributeError, OSError):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
