"""The quick way through a message of numbers whose names need no escapes, as most are: by a compiled kernel.

Names and what stands between value and time (quality, status, context) are looked up by their bytes; each
is looked at once, when it comes for the first time. Whatever does not fit exactly is no mistake, but the
business of `line_decoder`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from gateway.batch.context import Context
from gateway.kernels import line_reading
from gateway.kernels.line_reading import enter_name, read_lines
from gateway.stream.line_protocol import MEASUREMENT

_PLAIN_KEY: Final = re.compile(MEASUREMENT.encode() + rb",name=([^ ,=\\\n]+)")
"""What stands before the first space of a point without ordinal whose name needs no escapes."""
STRING: Final = rb'"(?:[^"\\]|\\.)*"'
_MIDDLE: Final = re.compile(
    rb"quality=(\d+)i(?:,status=(\d+)i)?"
    + b"".join(rb"(?:,%b=(%b))?" % (name, STRING) for name in (b"campaign", b"batch", b"phase"))
)
_MIDDLES: Final = 64
"""Pieces between value and time that are known at a time."""
_FIRST_ROOM: Final = 256


class Fields(NamedTuple):
    """What stands between value and time."""

    quality: int
    status: int
    context: Context


class Columns(NamedTuple):
    """A message's points."""

    tag: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint32]
    source_ns: npt.NDArray[np.int64]
    status: npt.NDArray[np.uint32]
    contexts: set[Context]


def read_fields(middle: bytes) -> Fields | None:
    """Return what the piece between value and time says; None where it is no such piece."""
    match = _MIDDLE.fullmatch(middle)
    if match is None:
        return None
    quality, status, *ids = match.groups()
    context = Context(*(unquote(name) if name else "" for name in ids))
    return Fields(int(quality), int(status or 0), context)


def unquote(quoted: bytes) -> str:
    """Return what a string in quotes says."""
    return re.sub(r"\\(.)", r"\1", quoted[1:-1].decode(), flags=re.DOTALL)


class Reader:
    """Reads messages; what it has seen of names stays from one to the next."""

    def __init__(self, tag_of: Callable[[bytes], int]) -> None:
        """Take the function that gives a tag's name its number; it is asked once for each name."""
        self._tag_of = tag_of
        self._names = _Pieces()
        self._tags = np.zeros(_FIRST_ROOM, np.int32)
        self._slots = np.full(2 * _FIRST_ROOM, -1, np.int32)
        self._forget_middles()

    def read(self, payload: bytes, first: int, count: int) -> Columns | None:
        """Return the columns of the lines from a place on; None where one of them is unusual."""
        if len(self._middles) > _MIDDLES:
            self._forget_middles()
        data, state = np.frombuffer(payload, np.uint8), np.zeros(line_reading.STATES, np.int64)
        state[line_reading.PLACE] = first
        number, middle = np.empty(count, np.int32), np.empty(count, np.int32)
        value, source_ns = np.empty(count), np.empty(count, np.int64)
        hard = np.empty((count, 3), np.int64)
        while True:
            names, middles = self._names, self._middles
            answer = read_lines(
                data,
                self._slots,
                names.text,
                names.ends,
                len(names),
                middles.text,
                middles.ends,
                len(middles),
                number,
                value,
                middle,
                source_ns,
                hard,
                state,
            )
            if answer == line_reading.DONE:
                break
            piece = payload[state[line_reading.FIRST] : state[line_reading.LAST]]
            if answer == line_reading.UNUSUAL or not self._learn(answer, piece):
                return None
        if state[line_reading.ROW] != count or not _read_hard(
            value, payload, hard[: state[line_reading.HARD]]
        ):
            return None
        several = count and (middle != middle[0]).any()
        used = np.unique(middle) if several else middle[:1]
        contexts = {self._fields[place].context for place in used.tolist()}
        quality, status = (
            column[middle] if several else np.full(count, column[middle[:1]], np.uint32)
            for column in (self._quality, self._status)
        )
        return Columns(self._tags[number], value, quality, source_ns, status, contexts)

    def _forget_middles(self) -> None:
        self._middles = _Pieces()
        self._fields: list[Fields] = []
        self._quality = np.empty(0, np.uint32)
        self._status = np.empty(0, np.uint32)

    def _learn_middle(self, piece: bytes) -> bool:
        fields = read_fields(piece)
        if fields is None or max(fields.quality, fields.status) >= 2**32:
            return False
        self._middles.add(piece)
        self._fields.append(fields)
        self._quality, self._status = (
            np.append(column, np.uint32(number))
            for column, number in ((self._quality, fields.quality), (self._status, fields.status))
        )
        return True

    def _learn(self, what: int, piece: bytes) -> bool:
        """Take in a piece that is new; False when it is none of those that are usual."""
        if what == line_reading.UNKNOWN_MIDDLE:
            return self._learn_middle(piece)
        match = _PLAIN_KEY.fullmatch(piece)
        if match is None:
            return False
        if len(self._names) == len(self._tags):
            self._tags = np.append(self._tags, np.zeros_like(self._tags))
        self._tags[len(self._names)] = self._tag_of(match[1])
        self._names.add(piece)
        if 2 * len(self._names) > len(self._slots):
            self._slots = np.full(4 * len(self._slots), -1, np.int32)
            fresh = range(len(self._names))
        else:
            fresh = range(len(self._names) - 1, len(self._names))
        for number in fresh:
            enter_name(self._slots, self._names.text, self._names.ends, number)
        return True


class _Pieces:
    """Pieces of bytes one behind the other, with room for more."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.text = np.empty(64 * _FIRST_ROOM, np.uint8)
        self.ends = np.zeros(_FIRST_ROOM, np.int64)

    def __len__(self) -> int:
        return len(self.pieces)

    def add(self, piece: bytes) -> None:
        """Append a piece."""
        begin, number = int(self.ends[len(self)]), len(self) + 1
        end = begin + len(piece)
        if number == len(self.ends):
            self.ends = np.append(self.ends, np.zeros_like(self.ends))
        while end > len(self.text):
            self.text = np.append(self.text, np.zeros_like(self.text))
        self.text[begin:end] = np.frombuffer(piece, np.uint8)
        self.ends[number] = end
        self.pieces.append(piece)


def _read_hard(value: npt.NDArray[np.float64], payload: bytes, hard: npt.NDArray[np.int64]) -> bool:
    """Read the numbers that the kernel left; False when one of them is none."""
    if not len(hard):
        return True
    texts = [payload[first:last] for _, first, last in hard.tolist()]
    try:
        value[hard[:, 0]] = np.array(orjson.loads(b"[%b]" % b",".join(texts)), np.float64)
    except (ValueError, OverflowError):
        return False
    return True
