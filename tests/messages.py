"""Messages as a gateway sends them, for tests of whoever receives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gateway.batch.context import Context
from gateway.historian.api import Message
from gateway.historian.incoming import Arrival
from gateway.historian.points import Source
from gateway.stream import topics
from gateway.stream.alarm_events import AlarmEvent, AlarmLetter
from gateway.stream.events import to_json, with_header
from gateway.stream.line_protocol import Header, encode, prefixes
from gateway.stream.records import Kind, Points, TextPoint

SITE = "site1"
EPOCH = 1_763_000_000_000_000_000
START_NS = 1_763_000_000_000_000_000


@dataclass(frozen=True)
class Sample:
    """A point to be sent."""

    tag: str
    value: float | str | int
    source_ns: int
    quality: int = 0
    status: int = 0
    ordinal: int = 0

    @property
    def is_text(self) -> bool:
        return not isinstance(self.value, float)


def payload(
    samples: Sequence[Sample],
    sequence: int,
    *,
    gateway: str = "gw1",
    epoch: int = EPOCH,
    partition: int = 0,
    context: Context | None = None,
) -> bytes:
    """Return a telemetry message; texts come behind the numbers, as they do on the wire."""
    names = list(dict.fromkeys(sample.tag for sample in samples))
    numbers = [sample for sample in samples if not sample.is_text]
    points = Points(
        tag=np.array([names.index(s.tag) for s in numbers], np.int32),
        value=np.array([s.value for s in numbers], np.float64),
        quality=np.array([s.quality for s in numbers], np.uint32),
        source_ns=np.array([s.source_ns for s in numbers], np.int64),
        status=np.array([s.status for s in numbers], np.uint32),
        ordinal=np.array([s.ordinal for s in numbers], np.uint32),
        texts=tuple(
            TextPoint(names.index(s.tag), s.value, s.source_ns, s.quality, s.status, s.ordinal)
            for s in samples
            if not isinstance(s.value, float)
        ),
    )
    header = Header(gateway, partition, epoch, sequence, START_NS, "0123456789abcdef")
    return encode(header, points, prefixes(names), context or Context())


def topic(unit: str = "br1", gateway: str = "gw1", partition: int = 0) -> str:
    """Return where telemetry of a unit is published."""
    return str(topics.Telemetry(SITE, "upstream", "cell1", unit, gateway, partition))


def event_topic(unit: str = "br1", gateway: str = "gw1", partition: int = 0) -> str:
    """Return where events of a unit are published."""
    return str(topics.UnitEvent(SITE, "upstream", "cell1", unit, gateway, partition))


def ramp(sequence: int, tags: int = 3, *, unit: str = "br1", step_ns: int = 10**9) -> list[Sample]:
    """Return one sample of each of some tags, whose value tells which it is."""
    at_ns = START_NS + sequence * step_ns
    return [Sample(f"{unit}/t{number}.pv", sequence + number / 8, at_ns) for number in range(tags)]


def arrival(sequence: int, samples: Sequence[Sample] | None = None, **identity: Any) -> Arrival:
    """Return a telemetry message as it arrives."""
    data = payload(ramp(sequence) if samples is None else samples, sequence, **identity)
    partition, gateway = identity.get("partition", 0), identity.get("gateway", "gw1")
    return Arrival(topic(gateway=gateway, partition=partition), data, START_NS)


def stored(number: int, samples: Sequence[Sample], sequence: int | None = None, **identity: Any) -> Message:
    """Return a telemetry message as a store is given it."""
    sequence = number if sequence is None else sequence
    context = identity.pop("context", None)
    source = Source(
        identity.get("gateway", "gw1"), identity.get("epoch", EPOCH), identity.get("partition", 0)
    )
    data = payload(samples, sequence, context=context, **source._asdict())
    return Message(number, source, sequence, Kind.TELEMETRY, samples[0].tag.split("/")[0], data)


def alarm(time_ns: int, name: str = "br1/temp_high", identity: str = "") -> AlarmEvent:
    """Return an alarm's onset."""
    known = {"id": identity} if identity else {}
    return AlarmEvent(
        **known,
        gateway="gw1",
        unit="br1",
        config="0123456789abcdef",
        time_ns=time_ns,
        name=name,
        tag="br1/temp.pv",
        alarm_type="high",
        priority="high",
        before=AlarmLetter.NORMAL,
        after=AlarmLetter.UNACKNOWLEDGED,
        active=True,
        acknowledged=False,
        occurrence=1,
        onset_ns=time_ns,
        value=38.5,
        limit=38.0,
    )


def stored_event(number: int, event: AlarmEvent) -> Message:
    """Return an event as a store is given it."""
    data = with_header(to_json(event), EPOCH, 0, number)
    return Message(number, Source("gw1", EPOCH, 0), number, Kind.EVENT, "br1", data)
