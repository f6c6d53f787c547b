"""Messages as the lines that a database gets: the telemetry's own, and one line an event. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from gateway.historian.api import Message
from gateway.stream.line_protocol import HEADER_MEASUREMENT, escape_string, escape_tag

EVENT_MEASUREMENT: Final = "cellgate_event"
_HEADER: Final = HEADER_MEASUREMENT.encode()
_SLOTS: Final = 4
_SUBJECTS: Final = ("name", "device", "target")
_LINE: Final = re.compile(rb'(?:[^"\n]|"(?:[^"\\]|\\.)*")+', re.DOTALL)
"""A line; a line break inside a string does not end it."""
_UNFIT: Final = re.compile(r"[\\\n\r\t\0]")


Piece = tuple[Message, bytes | memoryview]
"""Lines of a message."""


class Line(NamedTuple):
    """A line and the message that it came with."""

    data: bytes
    message: Message


def is_whole(message: Message) -> bool:
    """Tell whether a telemetry message has its first line still: a damaged row of the hot table has not."""
    return message.data.startswith(_HEADER)


def body(message: Message) -> memoryview:
    """Return a telemetry message's points: its lines without the first, which is about the message."""
    return memoryview(message.data)[message.data.index(b"\n") + 1 :]


def event_line(message: Message, event: dict[str, Any]) -> bytes:
    """Return an event as a line.

    Type, unit and what it is about are tags, so dashboards can choose by them; the event itself is a
    field. Events of one kind and time that follow each other directly (a flood in one scan) are told
    apart by the slot, their sequence modulo a small number: more slots would be more series.
    """
    subject = next((str(event[key]) for key in _SUBJECTS if event.get(key)), "")
    tags = {
        "type": str(event["type"]),
        "unit": str(event.get("unit") or message.unit),
        "gateway": message.source.gateway,
        "subject": subject,
        "slot": str(message.sequence % _SLOTS),
    }
    key = "".join(f",{name}={escape_tag(_UNFIT.sub('_', value))}" for name, value in tags.items() if value)
    text = escape_string(message.data.decode())
    fields = f'id="{escape_string(str(event["id"]))}",event="{text}"'
    return f"{EVENT_MEASUREMENT}{key} {fields} {int(event['time_ns'])}\n".encode()


def split(pieces: Iterable[Piece]) -> list[Line]:
    """Return the single lines of messages' pieces."""
    return [Line(line, message) for message, piece in pieces for line in _LINE.findall(piece)]
