"""A capture as sessions of an edge node, and the registry of the checks over them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.servers.mqtt_packets import Connect, Disconnect, Publish, Subscribe
from tests.system.sparkplug.conformance.wire import Payload
from tests.system.sparkplug.tap import Seen


@dataclass(frozen=True)
class Setup:
    """What the edge node was told, and what was done to it."""

    group: str
    edge_node: str
    devices: frozenset[str]
    primary_host: str | None = None
    lost: frozenset[str] = frozenset()
    """Devices that were lost while it was online."""
    min_rebirth_s: float = 5.0


@dataclass(frozen=True)
class Message:
    """What the edge node published."""

    kind: str
    device: str | None
    publish: Publish
    payload: Payload
    at_s: float


@dataclass(frozen=True)
class State:
    """STATE of a host, as the edge node got it."""

    host: str
    online: bool
    timestamp: int
    retained: bool


@dataclass(frozen=True)
class Command:
    """NCMD or DCMD, as the edge node got it."""

    kind: str
    payload: Payload
    at_s: float


Event = Message | State | Command | Disconnect


@dataclass
class Session:
    """One MQTT connection."""

    connection: int
    connect: Connect
    filters: dict[str, int] = field(default_factory=dict)
    late_filters: dict[str, int] = field(default_factory=dict)
    """Subscribed to after the first birth."""
    events: list[Event] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        """What the node published, in order."""
        return [event for event in self.events if isinstance(event, Message)]

    def of(self, *kinds: str) -> list[Message]:
        """What it published of some kinds."""
        return [message for message in self.messages if message.kind in kinds]

    @property
    def will(self) -> Payload | None:
        """The will's payload."""
        return Payload.of(self.connect.will_payload) if self.connect.will_topic is not None else None


def bd_seq(payload: Payload | None) -> int | None:
    """Return the bdSeq that a payload says."""
    if payload is None:
        return None
    told = [metric.raw for metric in payload.metrics if metric.name == "bdSeq" and metric.carried == 11]
    return told[0] if len(told) == 1 else None


def sessions(seen: Sequence[Seen]) -> list[Session]:
    """Return the sessions of a capture, in the order of their CONNECTs."""
    found: dict[int, Session] = {}
    for one in seen:
        packet = one.packet
        if isinstance(packet, Connect):
            found[one.connection] = Session(one.connection, packet)
        session = found.get(one.connection)
        if session is None:
            continue
        if isinstance(packet, Subscribe):
            (session.late_filters if session.messages else session.filters).update(packet.filters)
        elif isinstance(packet, Disconnect):
            session.events.append(packet)
        elif isinstance(packet, Publish):
            event = _event(packet, one)
            if event is not None:
                session.events.append(event)
    return list(found.values())


def _event(packet: Publish, seen: Seen) -> Event | None:
    levels = packet.topic.split("/")
    if not seen.by_node:
        if levels[1] == "STATE":
            try:
                said = json.loads(packet.payload)
                return State(levels[2], said["online"], said["timestamp"], packet.retain)
            except (ValueError, KeyError, TypeError):
                return None
        return Command(levels[2], Payload.of(packet.payload), seen.at_s)
    kind = levels[2] if len(levels) > 2 else ""
    device = "/".join(levels[4:]) if len(levels) > 4 else None
    return Message(kind, device, packet, Payload.of(packet.payload), seen.at_s)


Check = Callable[[Setup, list[Session]], Iterator[str]]
CHECKS: dict[str, Check] = {}
"""Assertion id to the check that decides it."""


def covers(*ids: str) -> Callable[[Check], Check]:
    """Register a check for assertion ids."""

    def register(check: Check) -> Check:
        for name in ids:
            assert name not in CHECKS, name
            CHECKS[name] = check
        return check

    return register


def failures(setup: Setup, seen: Sequence[Seen]) -> dict[str, list[str]]:
    """Return the assertion ids that a capture fails, each with what is wrong."""
    found = sessions(seen)
    told = {check: list(check(setup, found)) for check in dict.fromkeys(CHECKS.values())}
    return {name: told[check] for name, check in CHECKS.items() if told[check]}
