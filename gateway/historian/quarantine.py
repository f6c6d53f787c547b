"""What a historian set aside: look at it, carry it away, have the store try it again.

A message that arrived damaged is not tried again from here: the gateway has it, and sends it again, or has
said that it has not. What the store refused is put behind the newest messages in the hot table, where a
running historian finds it; a single line is put into a message of its own, under the number it came with.
"""

from __future__ import annotations

import base64
import contextlib
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from gateway.historian.database import open_for_reading, open_for_writing, transaction
from gateway.historian.hot_schema import SCHEMA
from gateway.historian.influx_lines import EVENT_MEASUREMENT
from gateway.historian.points import Source
from gateway.stream.line_decoder import Decoder, MalformedMessage
from gateway.stream.line_protocol import HEADER_MEASUREMENT, Header, message_of
from gateway.stream.records import Kind

_OF_STORE: Final = "store "
_EVENT: Final = re.compile(rb',event="((?:[^"\\]|\\.)*)" -?\d+$', re.DOTALL)
_SELECT: Final = """
SELECT id, noticed_ns, origin, gateway, epoch, partition, sequence, reason, data FROM quarantine ORDER BY id
"""
_ADD: Final = """
INSERT INTO message (source, sequence, kind, unit, points, received_ns, data)
SELECT id, ?4, ?5, ?6, ?7, ?8, ?9 FROM source WHERE gateway = ?1 AND epoch = ?2 AND partition = ?3
"""


class Aside(NamedTuple):
    """Something that was set aside."""

    id: int
    noticed_ns: int
    origin: str
    """The topic it came on, or the store that refused it."""
    source: Source | None
    sequence: int
    reason: str
    data: bytes

    def to_json(self) -> bytes:
        """Return it as a line of JSON; data that are no text are in base 64."""
        document = self._asdict() | {"source": self.source and self.source._asdict()}
        try:
            document["data"] = self.data.decode()
        except UnicodeDecodeError:
            document |= {"data": base64.b64encode(self.data).decode(), "encoding": "base64"}
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


class Unretriable(Exception):
    """It cannot be tried again; the text says why."""


class _Again(NamedTuple):
    kind: Kind
    unit: str
    points: int
    data: bytes


def list_quarantine(path: Path) -> list[Aside]:
    """Return what a historian has set aside, oldest first.

    Raises:
        sqlite3.Error: its hot table cannot be read.
    """
    with contextlib.closing(open_for_reading(path)) as database:
        return [
            Aside(number, noticed_ns, origin, Source(*of) if of[0] else None, sequence or 0, reason, data)
            for number, noticed_ns, origin, *of, sequence, reason, data in database.execute(_SELECT)
        ]


def retry_quarantine(path: Path) -> tuple[int, list[tuple[Aside, str]]]:
    """Have the store try again what it refused; return how many that are, and what stays aside, and why.

    Raises:
        sqlite3.Error: the hot table cannot be written; nothing was done.
    """
    count, left, found = 0, [], list_quarantine(path)
    with contextlib.closing(open_for_writing(path, SCHEMA)) as database, transaction(database):
        for aside in found:
            try:
                again = _again(aside)
            except Unretriable as why:
                left.append((aside, str(why)))
                continue
            assert aside.source is not None
            row = (*aside.source, aside.sequence, *again[:3], time.time_ns(), again.data)
            count += database.execute(_ADD, row).rowcount
            database.execute("DELETE FROM quarantine WHERE id = ?", (aside.id,))
    return count, left


def _again(aside: Aside) -> _Again:
    if not aside.origin.startswith(_OF_STORE) or aside.source is None:
        raise Unretriable("it arrived like this: the gateway was asked for it again")
    if aside.data.startswith(HEADER_MEASUREMENT.encode()):
        return _telemetry(aside.data)
    if aside.data.startswith(EVENT_MEASUREMENT.encode()):
        match = _EVENT.search(aside.data)
        return _event(re.sub(rb"\\(.)", rb"\1", match[1], flags=re.DOTALL) if match else b"")
    if aside.data.startswith(b"{"):
        return _event(aside.data)
    header = Header(**aside.source._asdict(), sequence=aside.sequence, created_ns=aside.noticed_ns, config="")
    return _telemetry(message_of(header, 1, aside.data.rstrip(b"\n") + b"\n"))


def _telemetry(message: bytes) -> _Again:
    names: list[str] = []

    def numbered(name: str) -> int:
        names.append(name)
        return len(names) - 1

    try:
        decoded = Decoder(numbered).decode(message)
    except MalformedMessage as error:
        raise Unretriable(f"it is no message of ours: {error}") from error
    unit = names[0].split("/", 1)[0] if names else ""
    return _Again(Kind.TELEMETRY, unit, decoded.header.count, message)


def _event(data: bytes) -> _Again:
    try:
        event = orjson.loads(data)
        _: Sequence[str] = (event["id"], event["type"])
        return _Again(Kind.EVENT, str(event.get("unit", "")), 0, data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unretriable(f"it is no event: {error!r}") from error
