r"""Telemetry messages as InfluxDB line protocol: encoding.

A message is one line about itself (`cellgate_message`, our header) and one line a point:

    cellgate_message,gateway=gw1,partition=0 epoch=1i,sequence=7i,count=1i,checksum="…",config="…" 17…
    cellgate,name=br1/temp.pv value=37.02,quality=0i,campaign="c1" 1700000000000000000

so that any consumer of line protocol takes it as it is, and ours finds gaps, doubles and damage. Each
double is printed as the shortest text that gives it again; a compiled kernel writes the lines of all
numbers at once, without a Python object for a point. `line_decoder` reads it back.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson

from gateway.batch.context import Context
from gateway.kernels.copying import Bytes
from gateway.kernels.line_writing import LONGEST_NUMBERS, UNKNOWN_TAG, write_lines
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


class Prefixes:
    """Beginnings of lines, as the kernel takes them: one behind the other, and where each ends."""

    def __init__(self, names: Sequence[bytes]) -> None:
        """Take a beginning for each tag, in the order of their numbers."""
        self.names = names
        self.text, self.ends = _joined(names)
        self.longest = max(map(len, names), default=0)


def prefixes(names: Sequence[str]) -> Prefixes:
    """Return the beginning of a tag's lines, for each name: make it once, use it for each message.

    Raises:
        UnfitName: a name has a backslash or a control character.
    """
    return Prefixes([f"{MEASUREMENT},name={escape_tag(name)}".encode() for name in names])


def encode(header: Header, points: Points, beginnings: Prefixes, context: Context) -> bytes:
    """Return a message. `beginnings` is what `prefixes` made of the names that `points.tag` counts.

    `header.count` and `header.checksum` are filled in here.

    Raises:
        IndexError: a tag is none of the names.
    """
    fields = _context_fields(context)
    body = _numbers(points, beginnings, fields) if len(points.tag) else memoryview(b"")
    if points.texts:
        texts = [_text_line(text, beginnings.names[text.tag], fields) for text in points.texts]
        body = memoryview(b"".join([body, *texts]))
    return message_of(header, len(points), body)


def message_of(header: Header, count: int, body: bytes | memoryview) -> bytes:
    """Return a message of so many lines that are there, each ended by a line break."""
    return b"".join([_header_line(header, count, f"{zlib.crc32(body):08x}"), body])


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


def _numbers(points: Points, beginnings: Prefixes, context: bytes) -> memoryview:
    """Return the lines of the numeric points."""
    middles, middle_of = _middles(points, context)
    text, ends = _joined(middles)
    longest = beginnings.longest + max(map(len, middles)) + LONGEST_NUMBERS
    out = np.empty(len(points.tag) * longest, np.uint8)
    printed = orjson.dumps(points.value, option=orjson.OPT_SERIALIZE_NUMPY)
    size = write_lines(
        out,
        beginnings.text,
        beginnings.ends,
        text,
        ends,
        middle_of,
        points.tag.copy(),  # the columns of a record are read-only, and not aligned
        points.value.copy(),
        points.source_ns.copy(),
        points.ordinal.copy(),
        np.frombuffer(printed, np.uint8),
    )
    if size == UNKNOWN_TAG:
        raise IndexError(f"a tag is none of {len(beginnings.names)} names")
    return out.data[:size]


def _joined(pieces: Sequence[bytes]) -> tuple[Bytes, npt.NDArray[np.int64]]:
    ends = np.array([0, *accumulate(map(len, pieces))], np.int64)
    return np.frombuffer(b"".join(pieces), np.uint8), ends


def _middles(points: Points, context: bytes) -> tuple[list[bytes], npt.NDArray[np.int64]]:
    """Return what stands between value and time, and which of it each point has: mostly all the same."""
    quality, status = points.quality, points.status
    if (quality == quality[0]).all() and (status == status[0]).all():
        return [_middle(int(quality[0]), int(status[0]), context)], np.zeros(len(quality), np.int64)
    pairs, position = np.unique(quality.astype(np.uint64) << np.uint64(32) | status, return_inverse=True)
    return [_middle(pair >> 32, pair & 0xFFFF_FFFF, context) for pair in pairs.tolist()], position


def _middle(quality: int, status: int, context: bytes) -> bytes:
    code = b",status=%di" % status if status else b""
    return b",quality=%di%b%b " % (quality, code, context)


@functools.lru_cache(maxsize=1024)
def _context_fields(context: Context) -> bytes:
    named = (("campaign", context.campaign), ("batch", context.batch), ("phase", context.phase))
    return "".join(f',{name}="{escape_string(value)}"' for name, value in named if value).encode()


def _text_line(text: TextPoint, beginning: bytes, context: bytes) -> bytes:
    ordinal = b",ordinal=%d" % text.ordinal if text.ordinal else b""
    middle = _middle(text.quality, text.status, context)
    return b"%b%b %b%b%d\n" % (beginning, ordinal, _text_field(text.value), middle, text.source_ns)


def _text_field(value: str | int) -> bytes:
    if isinstance(value, str):
        return f'text="{escape_string(value)}"'.encode()
    if value <= _LARGEST_INTEGER:
        return b"integer=%di" % value
    return b'unsigned="%d"' % value  # line protocol's integers end at 2^63
