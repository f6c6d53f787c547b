"""The seam between messages and columns: bytes in, columns out, in the session's terms."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.devices import OpcUaDevice
from control.signal import BAD, CLOCK, HISTORY, Columns
from drivers.opcua.builtin import (
    DIAGNOSTIC_INFO,
    MALFORMED,
    skip_bytes,
    skip_extension_object,
    skip_nested,
    skip_node_id,
)
from drivers.opcua.codec import columns
from drivers.opcua.errors import MalformedMessage
from drivers.opcua.messages import Stretch
from drivers.opcua.plan import Item, Plan, make_plan
from drivers.opcua.status import quality_of
from drivers.opcua.times import Doubts
from drivers.opcua.views import View
from drivers.opcua.wire import EPOCH, FROM_THE_WIRE, ROW, Decoded, decode

TICK_NS: Final = 100


@functools.cache
def warm_up() -> None:
    """Compile the decoder, or load its machine code: that takes seconds, so never on a loop."""
    plan = make_plan(OpcUaDevice(driver="opcua", endpoint=""), ())
    stray = b"\0\0\0\0\1\x80\0\0\0\0"  # an empty array, with a handle nobody has
    Decoder(plan, 0.0).columns(stray, Stretch(0, len(stray), 1), 0)
    octets = np.frombuffer(bytes(16), np.uint8)
    skip_nested(DIAGNOSTIC_INFO, octets, 0, len(octets))
    for skip in (skip_node_id, skip_bytes, skip_extension_object):
        skip(octets, 0, len(octets))


class Decoder:
    """Decodes the values of one plan; remembers which items have a gap before their next sample."""

    def __init__(self, plan: Plan, clock_tolerance_s: float) -> None:
        """Source times ahead by more than the tolerance of ours are not believed, of the server's doubted."""
        self._plan = plan
        self._tolerance = int(clock_tolerance_s * 1e9) // TICK_NS
        self._marks = np.zeros(len(plan.items), np.uint32)
        self._no_marks = np.zeros(len(plan.items), np.uint32)
        self.latest_ns = np.zeros(len(plan.items), np.int64)
        """By handle, the source time of the last sample that came; 0 before the first. Outlives sessions."""
        self.doubts = Doubts([item.name for item in plan.items])
        """Times that disagree, outliving sessions."""
        self.views: dict[int, View] = {}
        """By handle, where a tag shows less than the whole of its node's value; set by who looks nodes up."""
        self.strays = 0
        """Values that came with a handle nobody gave out."""

    def mark(self, handles: Sequence[int], reasons: int) -> None:
        """Let the next sample of each of the items carry these reasons."""
        self._marks[np.asarray(handles, np.intp)] |= np.uint32(reasons)

    def clear(self) -> None:
        """Forget the marks: a new session begins with a fresh reading of everything."""
        self._marks[:] = 0

    def columns(
        self, data: bytes, stretch: Stretch, arrival_ns: int, handles: npt.NDArray[np.int32] = FROM_THE_WIRE
    ) -> Columns:
        """Decode a stretch of values; `handles` name them where the message does not.

        Raises:
            MalformedMessage: the bytes are not what they claim to be.
        """
        rows = self._rows(data, stretch, arrival_ns, handles, self._marks)
        doubtful = rows["quality"] & np.uint32(CLOCK) != 0
        told = rows[~doubtful | (rows["source_ns"] != arrival_ns)]
        self.latest_ns[told["handle"]] = told["source_ns"]
        self.doubts.take(rows, doubtful, arrival_ns)
        return columns(rows, data, self._plan, self.views)

    def history(
        self,
        data: bytes,
        stretch: Stretch,
        handle: int,
        after_ns: int,
        before_ns: int,
        known_ns: npt.NDArray[np.int64],
    ) -> Columns:
        """Decode values of one item from the server's history: those between two source times.

        Those of the source times that are known already are left out.
        They carry HISTORY. A value without a time of its own is of no use there, and is left out.

        Raises:
            MalformedMessage: the bytes are not what they claim to be.
        """
        handles = np.full(stretch.count, handle, np.int32)
        rows = self._rows(data, stretch, time.time_ns(), handles, self._no_marks)
        within = (rows["source_ns"] > after_ns) & (rows["source_ns"] < before_ns)
        within &= ~np.isin(rows["source_ns"], known_ns)
        rows = rows[within & (rows["quality"] & np.uint32(CLOCK) == 0)]
        rows["quality"] |= np.uint32(HISTORY)
        return columns(rows, data, self._plan, self.views)

    def _rows(
        self,
        data: bytes,
        stretch: Stretch,
        arrival_ns: int,
        handles: npt.NDArray[np.int32],
        marks: npt.NDArray[np.uint32],
    ) -> npt.NDArray[Any]:
        rows = np.empty(stretch.count, ROW)
        latest = arrival_ns // TICK_NS + EPOCH + self._tolerance
        found = Decoded(
            *decode(
                np.frombuffer(data, np.uint8),
                stretch.start,
                stretch.end,
                stretch.count,
                handles,
                self._plan.kind_of,
                marks,
                arrival_ns,
                latest,
                self._tolerance,
                rows,
            )
        )
        if found.next == MALFORMED:
            raise MalformedMessage(f"value {found.rows + found.strays} of {stretch.count} is malformed")
        self.strays += found.strays
        return rows[: found.rows]


def faulty(items: Sequence[Item], statuses: Sequence[int], stamp_ns: int) -> Columns:
    """Return a sample without value for each of the items, bad for the reason in its status."""
    status = np.array(statuses, np.uint32)
    return Columns(
        tag=np.array([item.tag for item in items], np.int32),
        value=np.full(len(items), np.nan),
        quality=np.array([BAD | quality_of(code) for code in statuses], np.uint32),
        source_ns=np.full(len(items), stamp_ns, np.int64),
        status=status,
    )


def joined(parts: Sequence[Columns]) -> Columns:
    """Return several columns as one, in order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Columns.empty()
    return Columns(
        tag=np.concatenate([part.tag for part in parts]),
        value=np.concatenate([part.value for part in parts]),
        quality=np.concatenate([part.quality for part in parts]),
        source_ns=np.concatenate([part.source_ns for part in parts]),
        status=np.concatenate([part.status for part in parts]),
        texts=tuple(text for part in parts for text in part.texts),
    )
