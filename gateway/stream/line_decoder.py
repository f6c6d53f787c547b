"""Telemetry messages as InfluxDB line protocol: decoding what `line_protocol` wrote.

Reads our own messages, whole and checked (count and checksum); it is no general line protocol
parser. Most messages hold plain numbers and are read by a compiled kernel (`line_columns`); others of
numbers are taken apart by one regular expression; messages with texts, or with spaces inside strings,
are read line by line. Every double is equal to the bit to the one that was written.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson

from gateway.batch.context import Context
from gateway.stream.line_columns import STRING, Fields, Reader, read_fields, unquote
from gateway.stream.line_protocol import HEADER_MEASUREMENT, MEASUREMENT, Header
from gateway.stream.records import Points, TextPoint


class MalformedMessage(ValueError):
    """Bytes that are not, or no longer, a message of ours."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as columns. `points.tag` holds the ids that the decoder's `intern` gave."""

    header: Header
    context: Context
    points: Points


def read_header(payload: bytes) -> Header:
    """Return the header alone: enough to know a double without decoding it.

    Raises:
        MalformedMessage: the first line is not our header.
    """
    return _split(payload)[0]


def check(payload: bytes) -> Header:
    """Return the header of a message that arrived whole, without decoding its points.

    Raises:
        MalformedMessage: not our message, or its checksum does not hold.
    """
    return _checked(payload)[0]


class Decoder:
    """Decodes messages; keeps the ids of names between messages."""

    def __init__(self, intern: Callable[[str], int]) -> None:
        """Take the function that gives a tag's name its id; it is asked once for each name."""
        self._intern = intern
        self._ids: dict[bytes, int] = {}
        self._reader = Reader(self._id)

    def decode(self, payload: bytes, *, is_whole: bool = False) -> Message:
        """Return a message's points; `is_whole`: its bytes are known to be those that were sent.

        Raises:
            MalformedMessage: not our message, or its count or checksum does not hold.
        """
        header, end = _split(payload) if is_whole else _checked(payload)
        try:
            if (message := self._usual(header, payload, end + 1)) is not None:
                return message
            body = payload[end:]
            numbers, texts = _plain_lines(body, header.count) or _lines(body)
            if len(numbers) + len(texts) != header.count:
                raise MalformedMessage(f"{len(numbers) + len(texts)} points, {header.count} were announced")
            return self._message(header, numbers, texts)
        except (ValueError, OverflowError) as error:
            raise MalformedMessage(f"message {header.sequence}: {error}") from error

    def _usual(self, header: Header, payload: bytes, first: int) -> Message | None:
        """Return a message of plain numbers, as almost all are."""
        columns = self._reader.read(payload, first, header.count) if header.count else None
        if columns is None:
            return None
        if len(columns.contexts) != 1:
            raise MalformedMessage(f"points of {len(columns.contexts)} contexts")
        points = Points(
            tag=columns.tag,
            value=columns.value,
            quality=columns.quality,
            source_ns=columns.source_ns,
            status=columns.status,
            ordinal=np.zeros(header.count, np.uint32),
        )
        return Message(header, columns.contexts.pop(), points)

    def _message(self, header: Header, numbers: Sequence[_Number], texts: Sequence[_Text]) -> Message:
        middles = {line[3] for line in numbers} | {line[3] for line in texts}
        known = {middle: _fields_of(middle) for middle in middles}
        contexts = {context for _, _, context in known.values()} or {Context()}
        if len(contexts) != 1:
            raise MalformedMessage(f"points of {len(contexts)} contexts")
        names, ordinals, values, middle_of, times = zip(*numbers, strict=True) if numbers else ((),) * 5
        points = Points(
            tag=np.array(self._ids_of(names), np.int32),
            value=np.array(orjson.loads(b"[%b]" % b",".join([v or b"null" for v in values])), np.float64),
            quality=np.array([known[middle][0] for middle in middle_of], np.uint32),
            source_ns=np.array(orjson.loads(b"[%b]" % b",".join(times)), np.int64),
            status=np.array([known[middle][1] for middle in middle_of], np.uint32),
            ordinal=np.array([int(ordinal or 0) for ordinal in ordinals], np.uint32),
            texts=tuple(
                TextPoint(self._id(name), value, int(time), *known[middle][:2], int(ordinal or 0))
                for name, ordinal, value, middle, time in texts
            ),
        )
        return Message(header, contexts.pop(), points)

    def _ids_of(self, names: Sequence[bytes]) -> list[int]:
        ids = self._ids
        try:
            return [ids[name] for name in names]
        except KeyError:
            return [self._id(name) for name in names]

    def _id(self, name: bytes) -> int:
        known = self._ids.get(name)
        if known is None:
            known = self._ids[name] = self._intern(re.sub(r"\\([,= ])", r"\1", name.decode()))
        return known


# A line is (name, ordinal, value, quality and the fields behind it, time); a number's value is bytes.
_Number = tuple[bytes, bytes, bytes, bytes, bytes]
_Text = tuple[bytes, bytes, str | int, bytes, bytes]

_KEY: Final = rb"\n" + MEASUREMENT.encode() + rb",name=((?:[^ ,\\\n]|\\.)+)(?:,ordinal=(\d+))? "
_PLAIN_KEY: Final = rb"\n" + MEASUREMENT.encode() + rb",name=([^ ,\\\n]+)(?:,ordinal=(\d+))? "
_PLAIN: Final = re.compile(_PLAIN_KEY + rb"(?:value=([^ ,\n]+),)?(quality=\d+i[^ \n]*) (-?\d+)(?=\n)")
_LINE: Final = re.compile(
    _KEY
    + rb"(?:value=([^ ,\n]+),|text=(?P<text>"
    + STRING
    + rb"),|integer=(?P<integer>-?\d+)i,"
    + rb'|unsigned="(?P<unsigned>\d+)",)?'
    + rb"(quality=\d+i(?:,\w+=(?:\d+i|"
    + STRING
    + rb"))*) (-?\d+)(?=\n)",
    re.DOTALL,
)
_HEADER: Final = re.compile(
    HEADER_MEASUREMENT.encode()
    + rb",gateway=((?:[^ ,\\\n]|\\.)+),partition=(\d+) epoch=(\d+)i,sequence=(\d+)i,count=(\d+)i,"
    + rb'checksum="([0-9a-f]{8})",config=('
    + STRING
    + rb") (-?\d+)(?=\n)"
)


def _split(payload: bytes) -> tuple[Header, int]:
    """Return the header, and the place of the line break that ends it."""
    match = _HEADER.match(payload)
    if match is None:
        raise MalformedMessage(f"no header: {payload[:80]!r}")
    gateway, partition, epoch, sequence, count, checksum, config, created_ns = match.groups()
    header = Header(
        gateway=re.sub(r"\\([,= ])", r"\1", gateway.decode()),
        partition=int(partition),
        epoch=int(epoch),
        sequence=int(sequence),
        created_ns=int(created_ns),
        config=unquote(config),
        count=int(count),
        checksum=checksum.decode(),
    )
    return header, match.end()


def _checked(payload: bytes) -> tuple[Header, int]:
    header, end = _split(payload)
    if f"{zlib.crc32(memoryview(payload)[end + 1 :]):08x}" != header.checksum:
        raise MalformedMessage(f"the checksum of message {header.sequence} does not hold")
    return header, end


def _plain_lines(body: bytes, count: int) -> tuple[list[_Number], list[_Text]] | None:
    """Return the lines of a message of plain numbers, None when there is more in it.

    As many line breaks as points, each of them the end of a match, leave no room for a line break
    inside a string, and so none for a device's text to pass as a line.
    """
    if body.count(b"\n") != count + 1:
        return None
    lines = _PLAIN.findall(body)
    return (lines, []) if len(lines) == count else None


def _lines(body: bytes) -> tuple[list[_Number], list[_Text]]:
    numbers: list[_Number] = []
    texts: list[_Text] = []
    position = 0
    while position < len(body) - 1:
        match = _LINE.match(body, position)
        if match is None:
            raise MalformedMessage(f"no point of ours: {body[position : position + 80]!r}")
        name, ordinal, value, text, integer, unsigned, middle, time = match.groups()
        if text is None and integer is None and unsigned is None:
            if texts:
                raise MalformedMessage("a number behind a text")
            numbers.append((name, ordinal, value, middle, time))
        else:
            texts.append((name, ordinal, unquote(text) if text else int(integer or unsigned), middle, time))
        position = match.end()
    return numbers, texts


def _fields_of(middle: bytes) -> Fields:
    fields = read_fields(middle)
    if fields is None:
        raise MalformedMessage(f"unknown fields: {middle!r}")
    return fields
