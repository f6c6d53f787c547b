"""Messages into stored points: the one place where the historian opens what came over MQTT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from gateway.batch.context import Context
from gateway.historian.api import Message, Rejected
from gateway.historian.points import NO_TEXT, Source, StoredPoints
from gateway.stream.line_decoder import Decoder, MalformedMessage
from gateway.stream.line_decoder import Message as Decoded
from gateway.stream.records import Kind, TextPoint


class PointDecoder:
    """Decodes telemetry messages; tag names keep their number from call to call."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._decoder = Decoder(self._intern())

    def decode(self, messages: Sequence[Message]) -> tuple[StoredPoints, list[Rejected]]:
        """Return the points of the telemetry among the messages, and what cannot be decoded."""
        gathered = _Gathered()
        rejected = []
        for message in messages:
            if message.kind is not Kind.TELEMETRY:
                continue
            try:
                gathered.add(message, self._decoder.decode(message.data))
            except MalformedMessage as error:
                rejected.append(Rejected(message, str(error), message.data))
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


class _Gathered:
    """Columns of many messages, joined once at the end."""

    def __init__(self) -> None:
        self._decoded: list[Decoded] = []
        self._sequences: list[int] = []
        self._source: list[int] = []
        self._context: list[int] = []
        self._sources: dict[Source, int] = {}
        self._contexts: dict[Context, int] = {}

    def add(self, message: Message, decoded: Decoded) -> None:
        self._decoded.append(decoded)
        self._sequences.append(message.sequence)
        self._source.append(self._sources.setdefault(message.source, len(self._sources)))
        self._context.append(self._contexts.setdefault(decoded.context, len(self._contexts)))

    def points(self, names: Sequence[str]) -> StoredPoints:
        if not self._decoded:
            return StoredPoints.empty(names)
        texts: list[str | int] = []
        parts = [self._columns(index, texts) for index in range(len(self._decoded))]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        sizes = [len(decoded.points) for decoded in self._decoded]
        columns["sequence"] = np.repeat(np.array(self._sequences, np.int64), sizes)
        columns["source"] = np.repeat(np.array(self._source, np.int32), sizes)
        columns["context"] = np.repeat(np.array(self._context, np.int32), sizes)
        contexts = tuple(self._contexts)
        return StoredPoints.of(names, sources=tuple(self._sources), contexts=contexts, texts=texts, **columns)

    def _columns(self, index: int, texts: list[str | int]) -> dict[str, npt.NDArray[Any]]:
        points = self._decoded[index].points
        columns: dict[str, npt.NDArray[Any]] = {
            name: getattr(points, name)
            for name in ("tag", "value", "quality", "source_ns", "status", "ordinal")
        }
        columns["text"] = np.full(len(points.tag), NO_TEXT, np.int32)
        if points.texts:
            columns = {
                name: np.concatenate([column, _of_texts(name, points.texts, len(texts))])
                for name, column in columns.items()
            }
            texts.extend(text.value for text in points.texts)
        columns["row"] = np.arange(len(points), dtype=np.int32)
        return columns


def _of_texts(name: str, texts: Sequence[TextPoint], known: int) -> npt.NDArray[Any]:
    if name == "value":
        return np.full(len(texts), np.nan)
    if name == "text":
        return np.arange(known, known + len(texts), dtype=np.int32)
    return np.array([getattr(text, name) for text in texts])
