"""One connection to an MQTT broker: paho's socket on an asyncio loop.

paho blocks while it connects (name look-up, TCP, TLS), so that happens in a thread; from then on its
socket belongs to the loop and there is no thread. A link is used once: when the connection ends it is
dead and its owner makes a new one, so nothing of an old connection (unsent packets, half a packet
read, message numbers) can reach the next. paho's own reconnecting and queueing are off.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config.broker import BrokerAddress, Protocol
from gateway.stream.mqtt_options import (
    BrokerUnavailable,
    Delivery,
    Options,
    build_client,
    connect,
    correlated,
)

_FAREWELL_S: Final = 1.0
_UNACCEPTABLE: Final = frozenset({144, 149, 153})
"""MQTT 5: topic name invalid, packet too large, payload format invalid. Sending it again is useless."""


class Link:
    """One connection, from CONNECT to its end."""

    def __init__(
        self, options: Options, address: BrokerAddress, on_message: Callable[[MQTTMessage], None]
    ) -> None:
        """Prepare; `on_message` gets every message that arrives, and must not raise."""
        self._options, self._address = options, address
        self._loop = asyncio.get_running_loop()
        self._client = build_client(options)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_publish = self._published
        self._client.on_subscribe = self._subscribed
        self._client.on_message = lambda _client, _data, message: on_message(message)
        self._client.on_socket_close = self._detach
        self._client.on_socket_register_write = self._want_write
        self._client.on_socket_unregister_write = self._no_write
        self._socket: Any = None  # None while the loop does not have it
        self._session: asyncio.Future[bool] = self._loop.create_future()
        self._ended: asyncio.Future[str] = self._loop.create_future()
        self._room = asyncio.Event()
        self._outstanding: dict[int, asyncio.Future[Delivery]] = {}
        self._posted: set[int] = set()
        self._subscribing: dict[int, asyncio.Future[list[bool]]] = {}
        self._waiting_since_s = 0.0
        """Monotonic: when the broker acknowledged last, or was first asked to since then."""
        self._next_tick: asyncio.TimerHandle | None = None
        self._dialled: asyncio.Future[None] | None = None

    @property
    def alive(self) -> bool:
        """True from the broker's welcome to the end of the connection."""
        return self._session.done() and not self._ended.done()

    @property
    def greeted(self) -> bool:
        """False while it is certain that no CONNECT was sent: there was not even a TCP connection."""
        job = self._dialled
        return job is not None and not (job.done() and (job.cancelled() or job.exception() is not None))

    async def open(self, dialer: Executor) -> bool:
        """Connect; return whether the broker kept this client's session.

        Raises:
            BrokerUnavailable: not reachable, refused, or no answer in time.
        """
        job = self._loop.run_in_executor(dialer, connect, self._client, self._options, self._address)
        self._dialled = job
        welcomed = False
        try:
            async with asyncio.timeout(self._options.broker.connect_timeout):
                await asyncio.shield(job)
                self._attach()
                session_present = await asyncio.shield(self._session)
                welcomed = True
                return session_present
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            raise BrokerUnavailable(str(error) or "no answer in time") from error
        finally:
            if not welcomed:
                job.add_done_callback(self._abandon)

    async def ended(self) -> str:
        """Wait for the end of the connection and return its reason."""
        return await asyncio.shield(self._ended)

    async def close(self) -> None:
        """Say farewell and disconnect. May be repeated."""
        if self.alive:
            self._client.disconnect()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await asyncio.shield(self._ended)
        self._drop("closed")

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool, correlation: bytes | None
    ) -> asyncio.Future[Delivery]:
        """Wait for room in the window, send with QoS 1, and return what will become of it.

        Raises:
            BrokerUnavailable: the connection has ended.
        """
        while self.alive and len(self._outstanding) >= self._options.window:
            self._room.clear()
            await self._room.wait()
        if not self.alive:
            raise BrokerUnavailable("not connected")
        properties = correlated(correlation) if self._options.broker.protocol is Protocol.V5 else None
        info = self._client.publish(topic, payload, 1, retain, properties)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BrokerUnavailable(f"not sent: {info.rc.name}")
        delivery: asyncio.Future[Delivery] = self._loop.create_future()
        self._begin_waiting()
        self._outstanding[info.mid] = delivery
        return delivery

    async def room(self) -> None:
        """Wait until the socket has taken all but a window of what was posted.

        Raises:
            BrokerUnavailable: the connection has ended.
        """
        while self.alive and len(self._posted) >= self._options.window:
            self._room.clear()
            await self._room.wait()
        if not self.alive:
            raise BrokerUnavailable("not connected")

    def post(self, topic: str, payload: bytes) -> None:
        """Hand a message with QoS 0 to the socket's queue; see `room`.

        Raises:
            BrokerUnavailable: the connection has ended; nothing was handed over.
        """
        info = self._client.publish(topic, payload, 0)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BrokerUnavailable(f"not sent: {info.rc.name}")
        if not info.is_published():
            self._posted.add(info.mid)

    async def subscribe(self, patterns: Sequence[str]) -> list[bool]:
        """Subscribe with QoS 1; return for each pattern whether the broker granted it.

        Raises:
            BrokerUnavailable: the connection has ended.
        """
        code, mid = self._client.subscribe([(pattern, 1) for pattern in patterns])
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise BrokerUnavailable("not connected")
        granted: asyncio.Future[list[bool]] = self._loop.create_future()
        self._begin_waiting()
        self._subscribing[mid] = granted
        return await granted

    def acknowledge(self, message: MQTTMessage) -> None:
        """Tell the broker that a message is taken care of; without effect on a dead connection."""
        if self.alive and message.qos == 1:
            self._client.ack(message.mid, 1)

    def _attach(self) -> None:
        """Take the connected socket from the thread."""
        self._socket = self._client.socket()
        if self._socket is None:
            raise BrokerUnavailable("closed while connecting")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._client.want_write():
            self._loop.add_writer(self._socket, self._client.loop_write)
        self._tick()

    def _detach(self, *_: object) -> None:
        """Take the socket from the loop, just before it is closed."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket = None

    def _tick(self) -> None:
        """Let paho send its pings and notice that they stay unanswered; notice it of all else here."""
        self._client.loop_misc()
        patience_s = self._options.patience_s
        if (self._outstanding or self._subscribing) and time.monotonic() - self._waiting_since_s > patience_s:
            self._drop(f"the broker has acknowledged nothing for {patience_s:g} s")
        if self._socket is not None:
            self._watch(self._loop.add_reader, self._socket, self._readable)
            interval_s = min(1.0, self._options.broker.keep_alive / 4)
            self._next_tick = self._loop.call_later(interval_s, self._tick)

    def _begin_waiting(self) -> None:
        if not self._outstanding and not self._subscribing:
            self._waiting_since_s = time.monotonic()

    def _readable(self) -> None:
        self._client.loop_read()
        while isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            self._client.loop_read()

    def _want_write(self, _client: Client, _data: Any, sock: Any) -> None:
        if self._socket is not None:  # paho asks in the connecting thread too, before the loop has the socket
            self._watch(self._loop.add_writer, sock, self._client.loop_write)

    def _watch(
        self, add: Callable[[Any, Callable[[], object]], None], sock: Any, call: Callable[[], object]
    ) -> None:
        """Have the loop watch the socket; end the connection where the loop has given it up.

        uvloop reads once of a socket that was reset, however much waits in it, and never looks at it again.
        """
        try:
            add(sock, call)
        except RuntimeError:
            self._loop.call_soon(self._drop, "the connection was reset")

    def _no_write(self, _client: Client, _data: Any, sock: Any) -> None:
        if self._socket is not None:
            self._loop.remove_writer(sock)

    def _abandon(self, job: asyncio.Future[None]) -> None:
        """Close what a connecting thread leaves behind when nobody waits for it any more."""
        if not job.cancelled():
            job.exception()
        self._drop("abandoned")

    def _drop(self, reason: str) -> None:
        sock = self._client.socket()
        self._detach()
        if sock is not None:
            sock.close()
        self._finish(reason)

    def _finish(self, reason: str) -> None:
        """Tell everybody who waits that this connection has ended."""
        if self._ended.done():
            return
        self._ended.set_result(reason)
        self._room.set()
        if self._next_tick is not None:
            self._next_tick.cancel()
        for delivery in self._outstanding.values():
            if not delivery.done():
                delivery.set_result(Delivery.LOST)
        expected: tuple[asyncio.Future[Any], ...] = (self._session, *self._subscribing.values())
        for waiting in expected:
            if not waiting.done():
                waiting.set_exception(BrokerUnavailable(reason))
                waiting.exception()  # somebody may wait for it or not: it is no error of the loop
        self._outstanding.clear()
        self._subscribing.clear()

    def _connected(
        self, _client: Client, _data: Any, flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if self._session.done():
            return
        if reason.is_failure:
            self._finish(f"refused: {reason}")
        else:
            self._session.set_result(flags.session_present)

    def _disconnected(
        self,
        _client: Client,
        _data: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        who = "the broker" if flags.is_disconnect_packet_from_server else "the connection"
        self._finish(f"{who} ended: {reason}")

    def _published(
        self, _client: Client, _data: Any, mid: int, reason: ReasonCode, _more: Properties
    ) -> None:
        delivery = self._outstanding.pop(mid, None)
        self._waiting_since_s = time.monotonic()
        self._posted.discard(mid)
        self._room.set()
        if delivery is None or delivery.done():
            return
        if not reason.is_failure:
            delivery.set_result(Delivery.ACKNOWLEDGED)
        else:
            delivery.set_result(Delivery.REJECTED if reason.value in _UNACCEPTABLE else Delivery.REFUSED)

    def _subscribed(
        self, _client: Client, _data: Any, mid: int, reasons: list[ReasonCode], _more: Properties
    ) -> None:
        granted = self._subscribing.pop(mid, None)
        self._waiting_since_s = time.monotonic()
        if granted is not None and not granted.done():
            granted.set_result([not reason.is_failure for reason in reasons])
