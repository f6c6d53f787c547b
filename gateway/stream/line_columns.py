"""The quick way through a message: plain numbers that share quality, status and context, as most do.

Such a message is cut at its spaces in one call, what every line ends with is cut off in another, and
the values of all lines are read by a third: a fifth of what looking at each line costs. Whatever does
not fit exactly is no mistake, but the business of `line_decoder`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from gateway.stream.line_protocol import MEASUREMENT

PLAIN_KEY: Final = re.compile(MEASUREMENT.encode() + rb",name=([^ ,=\\\n]+)")
"""What stands before the first space of a point without ordinal whose name needs no escapes."""


class Columns(NamedTuple):
    """A message's points, all alike in the fields behind the value."""

    keys: list[bytes]
    """Measurement and name of each."""
    value: npt.NDArray[np.float64]
    middle: bytes
    """Quality and the fields behind it, of every point."""
    source_ns: npt.NDArray[np.int64]


def columns_of(body: bytes, count: int) -> Columns | None:
    """Return the columns of lines that are all alike, each ended by a line break; None where they are not."""
    parts = body.replace(b"\n", b" ").split(b" ")
    if not count or len(parts) != 3 * count + 1:
        return None
    fields = parts[1::3]
    _, _, middle = fields[0].partition(b",")
    numbers = b" ".join([*fields, b""]).replace(b",%b " % middle, b",").replace(b"value=", b"")
    try:
        value = np.array(orjson.loads(b"[%b]" % numbers[:-1]))
        source_ns = np.array(orjson.loads(b"[%b]" % b",".join(parts[2::3])))
    except ValueError:
        return None
    if (
        value.dtype.kind not in "fi"
        or source_ns.dtype != np.int64
        or not len(value) == len(source_ns) == count
    ):
        return None
    return Columns(parts[0:-1:3], value.astype(np.float64, copy=False), middle, source_ns)
