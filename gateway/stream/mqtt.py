"""The MQTT client of every service: connects, stays connected, subscribes again, publishes.

One object holds what outlives a connection: the subscriptions, the counters, who wants to hear of
connections. `run` makes one `Link` after the other. Everything is on one asyncio loop.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from paho.mqtt.client import MQTTMessage, topic_matches_sub

from gateway.stream.mqtt_failover import looking_back
from gateway.stream.mqtt_link import Link
from gateway.stream.mqtt_options import BrokerUnavailable, Delivery, Options

log = logging.getLogger(__name__)

_FIRST_DELAY_S: Final = 0.1
_LONGEST_DELAY_S: Final = 5.0


@dataclass(slots=True)
class Inbound:
    """A message from the broker."""

    topic: str
    payload: bytes
    retain: bool
    """The broker had kept it: it is no news."""
    duplicate: bool
    """The broker may have delivered it before."""
    response_topic: str | None
    """MQTT 5: where the sender wants its answer."""
    correlation: bytes | None
    _acknowledge: Callable[[], None] | None = field(repr=False)

    def acknowledge(self) -> None:
        """Say that the message is taken care of: until then the broker keeps it. May be repeated."""
        acknowledge, self._acknowledge = self._acknowledge, None
        if acknowledge is not None:  # the broker uses numbers again: a second time would mean another message
            acknowledge()


Handler = Callable[[Inbound], None]


@dataclass(slots=True)
class MqttCounters:
    """What happened since the start."""

    connections: int = 0
    failures: int = 0
    """Attempts to connect that failed, and connections that ended by themselves."""
    published: int = 0
    received: int = 0
    handler_errors: int = 0
    subscriptions_refused: int = 0


class MqttClient:
    """A client that keeps itself connected while `run` runs."""

    def __init__(self, options: Options) -> None:
        """Take the options; nothing happens before `run`."""
        self.options = options
        self.counters = MqttCounters()
        self.on_connected: list[Callable[[bool], None]] = []
        """Called after each connect and subscribe; True: the broker had kept the session."""
        self.on_disconnected: list[Callable[[str], None]] = []
        """Called with the reason after each connection."""
        self._handlers: dict[str, tuple[Handler, bool]] = {}
        self._link: Link | None = None
        self._up = asyncio.Event()
        self._attempts = 0
        self._tries = 0
        self._address = options.broker.addresses[0]

    @property
    def broker(self) -> str:
        """Where the broker is that is spoken to, or was tried last."""
        return str(self._address)

    @property
    def connected(self) -> bool:
        """True while messages can be published."""
        return self._link is not None and self._link.alive

    async def wait_connected(self) -> None:
        """Wait until messages can be published."""
        while not self.connected:
            await self._up.wait()
            await asyncio.sleep(0)  # the connection may just have ended, and `run` not know it yet

    def subscribe(self, pattern: str, handler: Handler, *, acknowledge: bool = True) -> None:
        """Have `handler` called with what arrives, from the next connection on (before `run`: the first).

        Args:
            pattern: topic filter; filters must not overlap (brokers then deliver one to three copies).
            handler: called on the loop; it must be quick and should not raise.
            acknowledge: False leaves it to the handler to call `message.acknowledge`.
        """
        self._handlers[self.options.mount + pattern] = (handler, acknowledge)

    async def send(
        self, topic: str, payload: bytes, *, retain: bool = False, correlation: bytes | None = None
    ) -> asyncio.Future[Delivery]:
        """Send with QoS 1 when the window has room; the result says what became of it.

        Raises:
            BrokerUnavailable: not connected; nothing was sent.
        """
        if self._link is None:
            raise BrokerUnavailable("not connected")
        topic = self.options.mount + topic
        delivery = await self._link.publish(topic, payload, retain=retain, correlation=correlation)
        self.counters.published += 1
        return delivery

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, correlation: bytes | None = None
    ) -> Delivery:
        """Send, and wait for what becomes of it.

        Raises:
            BrokerUnavailable: not connected; nothing was sent.
        """
        return await (await self.send(topic, payload, retain=retain, correlation=correlation))

    async def run(self) -> None:
        """Connect, and connect again, until cancelled; then say farewell."""
        dialer = ThreadPoolExecutor(1, thread_name_prefix=f"mqtt-{self.options.client_id}")
        delay_s = _FIRST_DELAY_S
        try:
            while True:
                began = time.monotonic()
                try:
                    await self._serve(dialer)
                except BrokerUnavailable as error:
                    self._report_failure(error)
                lasted_s = time.monotonic() - began
                delay_s = min(2 * delay_s, _LONGEST_DELAY_S) if lasted_s < delay_s else _FIRST_DELAY_S
                await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))
        finally:
            # A thread that still connects ends by itself, at the latest after the connect timeout.
            await asyncio.get_running_loop().run_in_executor(None, dialer.shutdown)

    async def _serve(self, dialer: ThreadPoolExecutor) -> None:
        """Live through one connection.

        Raises:
            BrokerUnavailable: always, when it has ended.
        """
        addresses = self.options.broker.addresses
        address = self._address = addresses[self._tries % len(addresses)]
        self._tries += 1
        link = Link(self.options, address, lambda message: self._dispatch(link, message))
        try:
            session_present = await link.open(dialer)
            await self._subscribe_all(link)
            self._begin(link, session_present)
            try:
                async with looking_back(link, self.options, away=address != addresses[0], dialer=dialer):
                    reason = await link.ended()
            finally:
                self._link = None
                self._up.clear()
            for listener in self.on_disconnected:
                listener(reason)
            raise BrokerUnavailable(reason)
        finally:
            await link.close()

    async def _subscribe_all(self, link: Link) -> None:
        if not self._handlers:
            return
        patterns = list(self._handlers)
        for pattern, granted in zip(patterns, await link.subscribe(patterns), strict=True):
            if not granted:
                self.counters.subscriptions_refused += 1
                log.error("the broker refuses the subscription", extra={"pattern": pattern})

    def _begin(self, link: Link, session_present: bool) -> None:
        self._link = link
        self._up.set()
        self.counters.connections += 1
        log.info("connected to the broker", extra={**self._where(), "attempts": self._attempts})
        self._attempts = self._tries = 0
        for listener in self.on_connected:
            listener(session_present)

    def _report_failure(self, error: BrokerUnavailable) -> None:
        """Log the first of a row of failures only; the next connection says how many there were."""
        self.counters.failures += 1
        self._attempts += 1
        if self._attempts == 1:
            log.warning("no broker: %s", error, extra=self._where())

    def _where(self) -> dict[str, str | int]:
        return {"broker": str(self._address), "client_id": self.options.client_id}

    def _dispatch(self, link: Link, message: MQTTMessage) -> None:
        """Hand a message to its handler. A handler's mistake must not end the connection."""
        self.counters.received += 1
        mount = self.options.mount
        inbound = _inbound(link, message, mount)
        for pattern, (handler, acknowledge) in self._handlers.items():
            if inbound is not None and topic_matches_sub(pattern, mount + inbound.topic):
                try:
                    handler(inbound)
                except Exception:
                    self.counters.handler_errors += 1
                    log.exception("a message could not be handled", extra={"topic": inbound.topic})
                if acknowledge:
                    inbound.acknowledge()
                return
        link.acknowledge(message)  # from a subscription of an earlier version of this client


def _inbound(link: Link, message: MQTTMessage, mount: str) -> Inbound | None:
    """Return a message as its handler sees it, without the mount; None where its topic is no text."""
    try:
        topic = message.topic
    except UnicodeDecodeError:
        return None
    properties = message.properties
    return Inbound(
        topic=topic.removeprefix(mount),
        payload=bytes(message.payload),
        retain=message.retain,
        duplicate=message.dup,
        response_topic=getattr(properties, "ResponseTopic", None),
        correlation=getattr(properties, "CorrelationData", None),
        _acknowledge=lambda: link.acknowledge(message),
    )
