"""What came from the broker, examined: which message it is, or why it is none. Pure."""

from __future__ import annotations

import functools
from typing import Any, Final, NamedTuple

import orjson

from gateway.historian.points import Source
from gateway.stream.line_decoder import MalformedMessage, check, read_header
from gateway.stream.records import Kind
from gateway.stream.topics import GATEWAY_LEVEL, GatewayEvent, Telemetry, TopicError, UnitEvent, parse


class Arrival(NamedTuple):
    """A message as it came, and when."""

    topic: str
    payload: bytes
    received_ns: int


class Examined(NamedTuple):
    """A message that can be stored."""

    source: Source
    sequence: int
    kind: Kind
    unit: str
    points: int
    gap: tuple[int, int] | None
    """Sequences of the source that the gateway says will never come."""


class Unfit(NamedTuple):
    """A message that cannot be stored; its identity as far as it can be told."""

    reason: str
    source: Source | None = None
    sequence: int = 0


_parse: Final = functools.lru_cache(maxsize=4096)(parse)
"""Topics are few, and come again with each message."""


def examine(topic: str, payload: bytes) -> Examined | Unfit:
    """Return which message this is, or why it cannot be stored."""
    try:
        place = _parse(topic)
    except TopicError as error:
        return Unfit(str(error))
    match place:
        case Telemetry():
            return _telemetry(place, payload)
        case UnitEvent(unit=unit) | GatewayEvent(gateway=unit):
            return _event(place, GATEWAY_LEVEL if isinstance(place, GatewayEvent) else unit, payload)
        case _:
            return Unfit(f"{topic!r} carries no messages for a store")


def _telemetry(place: Telemetry, payload: bytes) -> Examined | Unfit:
    try:
        header = check(payload)
    except MalformedMessage as error:
        return _identified(str(error), payload)
    source = Source(header.gateway, header.epoch, header.partition)
    if problem := _mismatch(place, source, header.sequence):
        return Unfit(problem)
    return Examined(source, header.sequence, Kind.TELEMETRY, place.unit, header.count, None)


def _identified(reason: str, payload: bytes) -> Unfit:
    """Say which message is damaged, when its header can still be read."""
    try:
        header = read_header(payload)
    except MalformedMessage:
        return Unfit(reason)
    return Unfit(reason, Source(header.gateway, header.epoch, header.partition), header.sequence)


def _event(place: UnitEvent | GatewayEvent, unit: str, payload: bytes) -> Examined | Unfit:
    try:
        event = orjson.loads(payload)
        source = Source(str(event["gateway"]), int(event["epoch"]), int(event["partition"]))
        sequence = int(event["sequence"])
        _require(event)
        gap = (int(event["first"]), int(event["last"])) if event["type"] == "gap" else None
    except (ValueError, TypeError, KeyError) as error:
        return Unfit(f"not an event: {error!r}")
    if problem := _mismatch(place, source, sequence):
        return Unfit(problem)
    return Examined(source, sequence, Kind.EVENT, unit, 0, gap)


def _require(event: dict[str, Any]) -> None:
    """Raise for an event that no store can file: KeyError, TypeError or ValueError."""
    str(event["id"])
    int(event["time_ns"])


def _mismatch(place: Any, source: Source, sequence: int) -> str:
    """Return what is wrong with a message's numbers, or nothing."""
    if (place.gateway, place.partition) != (source.gateway, source.partition):
        return f"of {source.gateway}/{source.partition}, on the topic of {place.gateway}/{place.partition}"
    if sequence < 1 or source.epoch < 1:
        return f"epoch {source.epoch} and sequence {sequence} cannot be"
    return ""
