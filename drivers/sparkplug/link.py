"""A connection to the broker: paho with its own thread, whose messages come to the loop."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import orjson
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from config.broker import Protocol
from config.sparkplug_device import SparkplugSettings
from drivers.api import Disconnected

NAMESPACE: Final = "spBv1.0"
Message = Callable[[str, bytes, bool], None]
"""Topic, payload, and whether the broker had kept it."""


class Link:
    """One connection; used once."""

    def __init__(
        self, settings: SparkplugSettings, on_message: Message, on_end: Callable[[str], None]
    ) -> None:
        """Prepare; both are called on the loop."""
        self._settings, self._on_message, self._on_end = settings, on_message, on_end
        self._loop = asyncio.get_running_loop()
        v5 = settings.protocol is Protocol.V5
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"cellgate-{uuid.uuid4().hex[:16]}",
            clean_session=None if v5 else True,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._subscribed = asyncio.Event()
        self._client.on_message = self._heard
        self._client.on_connect = self._answered
        self._client.on_subscribe = lambda *_: self._call(self._subscribed.set)
        self._client.on_disconnect = lambda *_: self._call(self._end, "the broker ended the connection")
        self._welcome: asyncio.Future[str] = self._loop.create_future()
        self._began_ms = time.time_ns() // 1_000_000
        host = settings.host_id
        self._state_topic = None if host is None else f"{NAMESPACE}/STATE/{host}"
        self._ended = False
        self._starting = threading.Lock()
        self.alive = False

    async def open(self, timeout_s: float) -> None:
        """Connect and subscribe; be online as a host, where that is wanted.

        Raises:
            Disconnected: not reachable, refused, or no answer in time.
        """
        settings = self._settings
        where = f"{settings.host}:{settings.port}"
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.to_thread(self._dial, timeout_s)
                refused = await self._welcome
                if refused:
                    raise Disconnected(f"{where} refuses: {refused}")
                node = f"{settings.group}/+/{settings.edge_node}"
                topics = [f"{NAMESPACE}/{node}", f"{NAMESPACE}/{node}/+"]
                self._client.subscribe(
                    [(topic, 1) for topic in topics + ([self._state_topic] if self._state_topic else [])]
                )
                await self._subscribed.wait()
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            raise Disconnected(f"{where}: {error or 'no answer in time'}") from error
        self.alive = True
        self._say_state(online=True, stamp_ms=self._began_ms)

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand a command over.

        Raises:
            Disconnected: the connection has ended.
        """
        info = self._client.publish(topic, payload, 0)
        if not self.alive or info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise Disconnected("the connection to the broker has ended")

    async def close(self) -> None:
        """Disconnect and end the thread. May be repeated."""
        self._say_state(online=False, stamp_ms=time.time_ns() // 1_000_000)
        self.alive, self._ended = False, True
        await asyncio.to_thread(self._stop)

    def _dial(self, timeout_s: float) -> None:
        settings, client = self._settings, self._client
        if settings.username is not None:
            password = settings.password
            client.username_pw_set(settings.username, password.get_secret_value() if password else None)
        if settings.tls is not None:
            context = ssl.create_default_context(cafile=settings.tls.authority)
            if settings.tls.certificate is not None:
                secret = settings.tls.private_key_password
                password_text = secret.get_secret_value() if secret is not None else None
                context.load_cert_chain(settings.tls.certificate, settings.tls.private_key, password_text)
            client.tls_set_context(context)
        if self._state_topic is not None:
            client.will_set(self._state_topic, _state(online=False, stamp_ms=self._began_ms), 1, retain=True)
        client.connect_timeout = timeout_s
        client.connect(settings.host, settings.port, max(1, round(settings.keep_alive)))
        with self._starting:
            if self._ended:  # nobody waits for this connection any more
                client.disconnect()
            else:
                client.loop_start()

    def _stop(self) -> None:
        with self._starting, contextlib.suppress(OSError, ValueError):
            self._client.disconnect()
        self._client.loop_stop()
        # They refer to us and we to the client: without this its handles wait for the garbage collector.
        self._client.on_message = self._client.on_connect = None
        self._client.on_subscribe = self._client.on_disconnect = None

    def _say_state(self, *, online: bool, stamp_ms: int) -> None:
        if self._state_topic is not None and self.alive:
            self._client.publish(self._state_topic, _state(online=online, stamp_ms=stamp_ms), 1, retain=True)

    def _answered(self, _client: Client, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        self._call(self._welcomed, str(reason) if reason.is_failure else "")

    def _welcomed(self, refused: str) -> None:
        if not self._welcome.done():
            self._welcome.set_result(refused)

    def _heard(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with contextlib.suppress(UnicodeDecodeError):
            self._call(self._take, message.topic, bytes(message.payload), message.retain)

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:
        if self._ended:
            return
        if topic == self._state_topic:
            with contextlib.suppress(orjson.JSONDecodeError, KeyError, TypeError):
                if orjson.loads(payload)["online"] is False:  # an old will of ours: we are here
                    self._say_state(online=True, stamp_ms=self._began_ms)
            return
        self._on_message(topic, payload, retained)

    def _end(self, reason: str) -> None:
        self._welcomed(reason)
        if not self._ended:
            self._ended, self.alive = True, False
            self._on_end(reason)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            self._loop.call_soon_threadsafe(function, *arguments)


def _state(*, online: bool, stamp_ms: int) -> bytes:
    return orjson.dumps({"online": online, "timestamp": stamp_ms})
