r"""Telemetry messages as InfluxDB line protocol: encoding.

A message is one line about itself (`cellgate_message`, our header) and one line a point:

    cellgate_message,gateway=gw1,partition=0 epoch=1i,sequence=7i,count=1i,checksum="…",config="…" 17…
    cellgate,name=br1/temp.pv value=37.02,quality=0i,campaign="c1" 1700000000000000000

so that any consumer of line protocol takes it as it is, and ours finds gaps, doubles and damage. The
numbers are printed by orjson for whole columns (shortest text that gives the same double again) and
merged with a prefix cached for each tag, without a Python object for a point beyond its bytes.
`line_decoder` reads it back.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson

from gateway.batch.context import Context
from gateway.stream.records import Points, TextPoint

MEASUREMENT: Final = "cellgate"
HEADER_MEASUREMENT: Final = "cellgate_message"
_LARGEST_INTEGER: Final = 2**63 - 1
_TAG_ESCAPES: Final = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
_UNFIT_IN_TAGS: Final = frozenset("\\\n\r\t\0")


class UnfitName(ValueError):
    """A name that line protocol cannot carry."""


@dataclass(frozen=True, slots=True)
class Header:
    """Who sent a message and which one it is. (gateway, epoch, partition, sequence) is its identity."""

    gateway: str
    partition: int
    epoch: int
    sequence: int
    created_ns: int
    config: str
    """Fingerprint of the configuration that named the tags."""
    count: int = 0
    """Points in the message."""
    checksum: str = ""
    """CRC-32 of everything behind the header line, 8 hexadecimal digits."""


def prefixes(names: Sequence[str]) -> list[bytes]:
    """Return the beginning of a tag's lines, for each name: make it once, use it for each message.

    Raises:
        UnfitName: a name has a backslash or a control character.
    """
    return [f"\n{MEASUREMENT},name={escape_tag(name)} value=".encode() for name in names]


def encode(header: Header, points: Points, beginnings: Sequence[bytes], context: Context) -> bytes:
    """Return a message. `beginnings` is what `prefixes` made of the names that `points.tag` counts.

    `header.count` and `header.checksum` are filled in here.
    """
    fields = _context_fields(context)
    body = _numbers(points, beginnings, fields) if len(points.tag) else b""
    texts = [_text_line(text, beginnings[text.tag], fields) for text in points.texts]
    body = b"".join([body, *texts])[1:]  # each line begins with the end of the line before
    body += b"\n" if body else b""
    return _header_line(header, len(points), f"{zlib.crc32(body):08x}") + body


def escape_tag(text: str) -> str:
    """Return a text as a tag's value.

    Raises:
        UnfitName: line protocol has no way to write it.
    """
    if not text or not _UNFIT_IN_TAGS.isdisjoint(text):
        raise UnfitName(f"{text!r} cannot be a tag in line protocol: no backslash or control character")
    return text.translate(_TAG_ESCAPES)


def escape_string(text: str) -> str:
    """Return a text as a string field, without its quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _header_line(header: Header, count: int, checksum: str) -> bytes:
    return (
        f"{HEADER_MEASUREMENT},gateway={escape_tag(header.gateway)},partition={header.partition} "
        f"epoch={header.epoch}i,sequence={header.sequence}i,count={count}i,"
        f'checksum="{checksum}",config="{escape_string(header.config)}" {header.created_ns}\n'
    ).encode()


def _numbers(points: Points, beginnings: Sequence[bytes], context: bytes) -> bytes:
    """Return the lines of the numeric points: four pieces each, sliced into one list and joined."""
    count = len(points.tag)
    pieces: list[bytes] = [b""] * (4 * count)
    pieces[0::4] = [beginnings[tag] for tag in points.tag.tolist()]
    pieces[1::4] = _printed(points.value)
    pieces[2::4] = _middles(points, context)
    pieces[3::4] = _printed(points.source_ns)
    for row in np.flatnonzero(points.ordinal).tolist():
        key, _, rest = pieces[4 * row].rpartition(b" ")
        pieces[4 * row] = b"%b,ordinal=%d %b" % (key, points.ordinal[row], rest)
    for row in np.flatnonzero(~np.isfinite(points.value)).tolist():
        pieces[4 * row] = pieces[4 * row].removesuffix(b"value=")
        pieces[4 * row + 1] = b""
        pieces[4 * row + 2] = pieces[4 * row + 2].removeprefix(b",")
    return b"".join(pieces)


def _printed(column: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> list[bytes]:
    return orjson.dumps(column, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")


def _middles(points: Points, context: bytes) -> list[bytes]:
    """Return what stands between value and time: mostly the same for a whole message."""
    quality, status = points.quality, points.status
    if (quality == quality[0]).all() and (status == status[0]).all():
        return [_middle(int(quality[0]), int(status[0]), context)] * len(quality)
    pairs, position = np.unique(quality.astype(np.uint64) << np.uint64(32) | status, return_inverse=True)
    texts = [_middle(pair >> 32, pair & 0xFFFF_FFFF, context) for pair in pairs.tolist()]
    return [texts[index] for index in position.tolist()]


def _middle(quality: int, status: int, context: bytes) -> bytes:
    code = b",status=%di" % status if status else b""
    return b",quality=%di%b%b " % (quality, code, context)


def _context_fields(context: Context) -> bytes:
    named = (("campaign", context.campaign), ("batch", context.batch), ("phase", context.phase))
    return "".join(f',{name}="{escape_string(value)}"' for name, value in named if value).encode()


def _text_line(text: TextPoint, beginning: bytes, context: bytes) -> bytes:
    key = beginning.removesuffix(b" value=")
    if text.ordinal:
        key += b",ordinal=%d" % text.ordinal
    middle = _middle(text.quality, text.status, context)
    return b"%b %b%b%d" % (key, _text_field(text.value), middle, text.source_ns)


def _text_field(value: str | int) -> bytes:
    if isinstance(value, str):
        return f'text="{escape_string(value)}"'.encode()
    if value <= _LARGEST_INTEGER:
        return b"integer=%di" % value
    return b'unsigned="%d"' % value  # line protocol's integers end at 2^63
