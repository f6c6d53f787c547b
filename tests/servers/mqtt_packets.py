"""MQTT packets as they are on the wire, read without the client library under test: 3.1.1 and 5."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Connect:
    """CONNECT. `expiry_s` is MQTT 5's session expiry interval, 0 where none is sent."""

    client_id: str
    version: int
    clean: bool
    keep_alive_s: int
    will_topic: str | None = None
    will_payload: bytes = b""
    will_qos: int = 0
    will_retain: bool = False
    expiry_s: int = 0


@dataclass(frozen=True)
class Publish:
    """PUBLISH."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    duplicate: bool = False


@dataclass(frozen=True)
class Subscribe:
    """SUBSCRIBE: filters with the QoS asked for."""

    filters: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Disconnect:
    """DISCONNECT."""

    reason: int = 0


Packet = Connect | Publish | Subscribe | Disconnect


class Reader:
    """Takes the bytes of one direction of a connection, gives its packets; others are left out."""

    def __init__(self, version: int = 4) -> None:
        self.version = version
        self._waiting = b""

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take bytes and yield the packets that are whole."""
        self._waiting += data
        while (cut := _first(self._waiting)) is not None:
            start, end = cut
            first, body = self._waiting[0], self._waiting[start:end]
            self._waiting = self._waiting[end:]
            packet = self._packet(first, body)
            if packet is not None:
                yield packet

    def _packet(self, first: int, body: bytes) -> Packet | None:
        match first >> 4:
            case 1:
                return self._connect(body)
            case 3:
                return self._publish(first, body)
            case 8:
                return self._subscribe(body)
            case 14:
                return Disconnect(body[0] if body else 0)
        return None

    def _connect(self, body: bytes) -> Connect:
        _, at = _text(body, 0)
        self.version, flags = body[at], body[at + 1]
        keep_alive_s = int.from_bytes(body[at + 2 : at + 4], "big")
        at += 4
        expiry_s = 0
        if self.version == 5:
            properties, at = _properties(body, at)
            if properties[:1] == b"\x11":
                expiry_s = int.from_bytes(properties[1:5], "big")
        client_id, at = _text(body, at)
        topic, payload = None, b""
        if flags & 4:
            if self.version == 5:
                _, at = _properties(body, at)
            topic, at = _text(body, at)
            payload, at = _binary(body, at)
        return Connect(
            client_id,
            self.version,
            bool(flags & 2),
            keep_alive_s,
            topic,
            payload,
            flags >> 3 & 3,
            bool(flags & 32),
            expiry_s,
        )

    def _publish(self, first: int, body: bytes) -> Publish:
        topic, at = _text(body, 0)
        qos = first >> 1 & 3
        at += 2 if qos else 0
        if self.version == 5:
            _, at = _properties(body, at)
        return Publish(topic, body[at:], qos, bool(first & 1), bool(first & 8))

    def _subscribe(self, body: bytes) -> Subscribe:
        at = 2
        if self.version == 5:
            _, at = _properties(body, at)
        filters = {}
        while at < len(body):
            topic, at = _text(body, at)
            filters[topic] = body[at] & 3
            at += 1
        return Subscribe(filters)


def _first(data: bytes) -> tuple[int, int] | None:
    """Return where the first packet's body is; None while it is not whole."""
    size = shift = 0
    for at in range(1, min(5, len(data))):
        size |= (data[at] & 0x7F) << shift
        shift += 7
        if not data[at] & 0x80:
            return (at + 1, at + 1 + size) if len(data) >= at + 1 + size else None
    return None


def _binary(data: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(data[at : at + 2], "big")
    return data[at + 2 : at + 2 + size], at + 2 + size


def _text(data: bytes, at: int) -> tuple[str, int]:
    raw, at = _binary(data, at)
    return raw.decode(), at


def _properties(data: bytes, at: int) -> tuple[bytes, int]:
    size = shift = 0
    while True:
        byte, at = data[at], at + 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return data[at : at + size], at + size
