"""How to connect to an MQTT broker, and the words for what becomes of a message."""

from __future__ import annotations

import enum
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config.broker import Broker, BrokerAddress, BrokerTls, Protocol

_SESSION_EXPIRY_S: Final = 7 * 86400
_new_properties: Final[Callable[[int], Properties]] = Properties  # its constructor has no annotations


class BrokerUnavailable(Exception):
    """The broker cannot be reached, refuses, or the connection ended."""


class Delivery(enum.Enum):
    """What became of a message."""

    ACKNOWLEDGED = "acknowledged"
    LOST = "lost"
    """The connection ended before the broker acknowledged: it may or may not have the message."""
    REFUSED = "refused"
    """The broker does not take it now (MQTT 5: not authorised, quota exceeded)."""
    REJECTED = "rejected"
    """The broker will never take it (MQTT 5: topic name or payload format invalid, too large)."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes when the connection ends without a farewell."""

    topic: str
    payload: bytes
    retain: bool = True


@dataclass(frozen=True, slots=True)
class Options:
    """How to connect."""

    broker: Broker
    client_id: str
    durable: bool = False
    """The broker keeps subscriptions and undelivered messages while this client is away."""
    will: Will | None = None
    window: int = 64
    """Messages that may be unacknowledged at one time."""
    mount: str = ""
    """Stands before every topic that is published or subscribed, and is taken off what arrives."""

    @property
    def patience_s(self) -> float:
        """A broker that answers pings, and acknowledges nothing for so long, is left and gone to anew."""
        return max(3 * self.broker.keep_alive, self.broker.connect_timeout)


class _ClosingSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails: paho leaves that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands.

        Raises:
            OSError: no answer, or the other side is not who it should be.
        """
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class _Client(Client):
    """Takes acknowledgements and messages of MQTT 3.1.1 for what they are.

    paho makes an object of 27 kinds of properties for each acknowledgement, though only MQTT 5 has any, and
    copies each message three times: a tenth of what sending costs, and a fifth of what receiving does.
    Whatever is not as it should be is left to paho.
    """

    _accepted: Final = ReasonCode(PacketTypes.PUBACK)
    _no_properties: Final = _new_properties(PacketTypes.PUBACK)

    def _handle_pubackcomp(self, cmd: Literal["PUBACK", "PUBCOMP"]) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        if self._protocol == MQTTProtocolVersion.MQTTv5 or len(packet) != 2:
            return super()._handle_pubackcomp(cmd)
        with self._out_message_mutex:
            mid = int.from_bytes(packet, "big")
            if mid in self._out_messages:
                return self._do_on_publish(mid, self._accepted, self._no_properties)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _packet_queue(
        self, command: int, packet: bytes | bytearray, mid: int, qos: int, info: MQTTMessageInfo | None = None
    ) -> MQTTErrorCode:
        view: Any = memoryview(packet)  # what is left of it is cut off at each attempt to send it
        return super()._packet_queue(command, view, mid, qos, info)

    def _handle_publish(self) -> MQTTErrorCode:
        command, packet = self._in_packet["command"], self._in_packet["packet"]
        qos, topic_end = (command & 0x06) >> 1, 2 + int.from_bytes(packet[:2], "big")
        begin = topic_end + 2 * qos
        is_plain = self._manual_ack and qos <= 1 and topic_end > 2 and begin <= len(packet)
        if self._protocol == MQTTProtocolVersion.MQTTv5 or not is_plain:
            return super()._handle_publish()
        message = MQTTMessage(int.from_bytes(packet[topic_end:begin], "big"), bytes(packet[2:topic_end]))
        message.dup, message.qos, message.retain = bool(command & 0x08), qos, bool(command & 0x01)
        message.timestamp = time.monotonic()
        with memoryview(packet) as view:
            message.payload = bytes(view[begin:])
        self._handle_on_message(message)
        return MQTTErrorCode.MQTT_ERR_SUCCESS


def build_client(options: Options) -> Client:
    """Return a paho client that neither reconnects nor queues nor acknowledges by itself."""
    v5 = options.broker.protocol is Protocol.V5
    client = _Client(
        CallbackAPIVersion.VERSION2,
        client_id=options.client_id,
        clean_session=None if v5 else not options.durable,
        protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    client.max_inflight_messages_set(0)  # the window is ours: paho's costs a walk over it for each PUBACK
    if options.broker.username is not None:
        password = options.broker.password
        client.username_pw_set(options.broker.username, password.get_secret_value() if password else None)
    if options.will is not None:
        topic = options.mount + options.will.topic
        client.will_set(topic, options.will.payload, qos=1, retain=options.will.retain)
    return client


def tls_context(tls: BrokerTls) -> ssl.SSLContext:
    """Return what a TLS connection needs; the files are read anew each time, so renewed ones are used.

    Raises:
        OSError: a file is missing or holds no certificate or key.
    """
    context = ssl.create_default_context(cafile=tls.authority)
    context.sslsocket_class = _ClosingSocket
    if tls.certificate is not None:
        secret = tls.private_key_password
        password = secret.get_secret_value() if secret is not None else None
        context.load_cert_chain(tls.certificate, tls.private_key, password)
    return context


def connect(client: Client, options: Options, address: BrokerAddress) -> None:
    """Connect a client; blocks for as long as `connect_timeout` (longer where name servers are dead).

    Raises:
        OSError: the broker cannot be reached, or a file for TLS cannot be used.
        ValueError: TLS: the certificate's name is not the host's.
    """
    broker = options.broker
    if broker.tls is not None:
        client.tls_set_context(tls_context(broker.tls))
    client.connect_timeout = broker.connect_timeout
    keep_alive_s = max(1, round(broker.keep_alive))
    if broker.protocol is Protocol.V5:
        properties = _new_properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = _SESSION_EXPIRY_S if options.durable else 0
        clean = not options.durable
        client.connect(address.host, address.port, keep_alive_s, clean_start=clean, properties=properties)
    else:
        client.connect(address.host, address.port, keep_alive_s)


def correlated(correlation: bytes | None) -> Properties | None:
    """Return the MQTT 5 properties of a reply, so that the asker can tell what it answers."""
    if correlation is None:
        return None
    properties = _new_properties(PacketTypes.PUBLISH)
    properties.CorrelationData = correlation
    return properties
