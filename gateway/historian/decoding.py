"""Messages into stored points: the one place where the historian opens what came over MQTT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import orjson

from gateway.batch.context import Context
from gateway.historian.api import Message, Rejected
from gateway.historian.points import Source, StoredPoints
from gateway.stream.line_decoder import Decoder, MalformedMessage
from gateway.stream.line_decoder import Message as Decoded
from gateway.stream.records import Kind


class PointDecoder:
    """Decodes telemetry messages; tag names keep their number from call to call."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._decoder = Decoder(self._intern())

    def decode(self, messages: Sequence[Message]) -> tuple[StoredPoints, list[Rejected]]:
        """Return the points of the telemetry among the messages, and what cannot be decoded."""
        telemetry = [message for message in messages if message.kind is Kind.TELEMETRY]
        gathered = _Gathered(sum(message.points for message in telemetry))
        rejected = []
        for message in telemetry:
            data = message.data
            try:
                gathered.add(message, self._decoder.decode(data, is_whole=data is not message.kept))
            except MalformedMessage as error:
                rejected.append(Rejected(message, str(error), data))
        return gathered.points(self._names), rejected

    def _intern(self) -> Callable[[str], int]:
        numbers: dict[str, int] = {}

        def number_of(name: str) -> int:
            if name not in numbers:
                numbers[name] = len(self._names)
                self._names.append(name)
            return numbers[name]

        return number_of


def decode_events(messages: Sequence[Message]) -> tuple[list[tuple[Message, dict[str, Any]]], list[Rejected]]:
    """Return the events among the messages, and what is no event (no JSON, no id, no time)."""
    events, rejected = [], []
    for message in messages:
        if message.kind is not Kind.EVENT:
            continue
        try:
            event = orjson.loads(message.data)
            _ = str(event["id"]), str(event["type"]), int(event["time_ns"])
            events.append((message, event))
        except (ValueError, TypeError, KeyError) as error:
            rejected.append(Rejected(message, f"not an event: {error!r}", message.data))
    return events, rejected


_NUMBERS: Final = ("tag", "value", "quality", "source_ns", "status", "ordinal")


class _Gathered:
    """Columns of many messages."""

    def __init__(self, room: int) -> None:
        """Begin with room for so many points."""
        self._columns = StoredPoints.blank(room).columns() | {"source": np.zeros(room, np.int32)}
        self._count = 0
        self._texts: list[str | int] = []
        self._sources: dict[Source, int] = {}
        self._contexts: dict[Context, int] = {}

    def add(self, message: Message, decoded: Decoded) -> None:
        """Append a message's points; its texts come behind its numbers."""
        points, first = decoded.points, self._count
        self._count = last = first + len(points)
        self._make_room(last)
        numbers = slice(first, first + len(points.tag))
        for name in _NUMBERS:
            self._columns[name][numbers] = getattr(points, name)
        for place, text in enumerate(points.texts, numbers.stop):
            for name in _NUMBERS:
                self._columns[name][place] = np.nan if name == "value" else getattr(text, name)
            self._columns["text"][place] = len(self._texts)
            self._texts.append(text.value)
        whole = slice(first, last)
        self._columns["row"][whole] = np.arange(len(points), dtype=np.int32)
        self._columns["sequence"][whole] = message.sequence
        if source := self._sources.setdefault(message.source, len(self._sources)):
            self._columns["source"][whole] = source
        if context := self._contexts.setdefault(decoded.context, len(self._contexts)):
            self._columns["context"][whole] = context

    def points(self, names: Sequence[str]) -> StoredPoints:
        """Return all of them."""
        columns: dict[str, Any] = {name: column[: self._count] for name, column in self._columns.items()}
        sources, contexts = tuple(self._sources), tuple(self._contexts) or (Context(),)
        return StoredPoints.of(names, sources=sources, contexts=contexts, texts=self._texts, **columns)

    def _make_room(self, count: int) -> None:
        room = len(self._columns["tag"])
        if count > room:
            more = StoredPoints.blank(max(room, count)).columns()
            more["source"][:] = 0
            self._columns = {name: np.concatenate([c, more[name]]) for name, c in self._columns.items()}
