"""What was missed is read back from the server's own history, a request at a time beside the live data.

Gaps come from a lost connection, from messages that were lost for good, and from queues of the server
that have overflown. Samples read back carry HISTORY: they are reported and stored, and never taken for
the present. Raw values, Part 11, 6.4.3; pages by continuation points.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from asyncua import ua

from control.signal import Columns
from drivers.api import DeviceRefused
from drivers.notices import Announce, Matter, Notice
from drivers.opcua.attributes import Limits
from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder, joined
from drivers.opcua.messages import Kept, history_response
from drivers.opcua.node import Fault, Node
from drivers.opcua.status import name_of

_log = logging.getLogger(__name__)

PAGE: Final = 1000
"""Values of a node in one answer."""
MARGIN_NS: Final = 2_000_000_000
"""Read back so much more than the gap: clocks differ, and samples under way when it began."""
NONE_KNOWN: Final = np.empty(0, np.int64)
_BAD: Final = 0x8000_0000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Job:
    """Items whose samples are wanted, each between two source times; `points` continue a page."""

    handles: list[int]
    between: Mapping[int, tuple[int, int]]
    known_ns: Mapping[int, npt.NDArray[np.int64]]
    since_ns: int
    until_ns: int
    points: dict[int, bytes] = field(default_factory=dict)


class History:
    """Gaps of one session that are still to be filled."""

    def __init__(
        self,
        connection: Connection,
        limits: Limits,
        decoder: Decoder,
        nodes: Mapping[int, Node | Fault],
        announce: Announce,
    ) -> None:
        """`nodes` are by handle, and may change."""
        self._connection, self._limits, self._decoder = connection, limits, decoder
        self._nodes, self._announce = nodes, announce
        self._jobs: deque[_Job] = deque()
        self._refused: set[int] = set()
        self._read = 0

    @property
    def pending(self) -> bool:
        """Whether something is still to be read."""
        return bool(self._jobs)

    def keeps(self, handle: int) -> bool:
        """Return whether the server keeps this item's history, as far as is known."""
        node = self._nodes.get(handle)
        return isinstance(node, Node) and node.has_history and handle not in self._refused

    def want(
        self,
        handles: Sequence[int],
        after_ns: npt.NDArray[np.int64],
        before_ns: npt.NDArray[np.int64],
        since_ns: int,
        known_ns: Mapping[int, npt.NDArray[np.int64]] | None = None,
    ) -> None:
        """Read back what lies between samples that are known.

        Args:
            handles: the items; those without history are left out.
            after_ns: by handle, the source time of the last sample before the gap; 0: none ever came.
            before_ns: by handle, that of the first sample after it.
            since_ns: when the gap began; nothing much before it is asked for.
            known_ns: by handle, source times of samples in between that did arrive.
        """
        kept = [
            handle for handle in handles if self.keeps(handle) and 0 < after_ns[handle] < before_ns[handle]
        ]
        between = {handle: (int(after_ns[handle]), int(before_ns[handle])) for handle in kept}
        until_ns = time.time_ns() + MARGIN_NS
        for at in range(0, len(kept), self._limits.history.size):
            part = kept[at : at + self._limits.history.size]
            self._jobs.append(_Job(part, between, known_ns or {}, since_ns - MARGIN_NS, until_ns))

    async def next(self) -> Columns:
        """Read one page of one job.

        Raises:
            DriverError: the whole device; a server that has no history is no trouble.
        """
        job = self._jobs[0]
        size = self._limits.history.size
        part = job.handles[:size]
        try:
            data = await self._connection.send(self._request(job, part))
            results = history_response(data, len(part))
        except DeviceRefused as error:
            if self._limits.history.halve():
                return Columns.empty()
            self._give_up(part, str(error))
            job.handles = job.handles[size:]
            return self._finish(job, Columns.empty())
        columns = [self._take(job, handle, data, kept) for handle, kept in zip(part, results, strict=True)]
        job.handles = [*(each for each in part if each in job.points), *job.handles[size:]]
        return self._finish(job, joined([each for each in columns if each is not None]))

    def _take(self, job: _Job, handle: int, data: bytes, kept: Kept) -> Columns | None:
        job.points.pop(handle, None)
        if kept.status >= _BAD:
            self._give_up([handle], name_of(kept.status))
            return None
        if kept.point:
            job.points[handle] = kept.point
        if kept.values is None or not kept.values.count:
            return None
        return self._decoder.history(
            data, kept.values, handle, *job.between[handle], job.known_ns.get(handle, NONE_KNOWN)
        )

    def _finish(self, job: _Job, columns: Columns) -> Columns:
        """Count what came; tell of it when the last job is done."""
        self._read += len(columns) + len(columns.texts)
        if not job.handles:
            self._jobs.popleft()
        if not self._jobs and self._read:
            detail = f"{self._read} samples have been read back from the server's history"
            self._announce(Notice(Matter.HISTORY_READ, detail, time.time_ns(), float(self._read)))
            self._read = 0
        return columns

    def _give_up(self, handles: Sequence[int], why: str) -> None:
        """Remember that the server does not tell these items' history, whatever it says of them."""
        if not self._refused:
            _log.warning("history cannot be read: items=%d reason=%s", len(handles), why)
        self._refused.update(handles)

    def _request(self, job: _Job, part: Sequence[int]) -> ua.HistoryReadRequest:
        details: Any = ua.ReadRawModifiedDetails()
        details.IsReadModified = False
        details.StartTime, details.EndTime = _moment(job.since_ns), _moment(job.until_ns)
        details.NumValuesPerNode = PAGE
        details.ReturnBounds = False
        request = ua.HistoryReadRequest()
        request.Parameters.HistoryReadDetails = details
        request.Parameters.ReleaseContinuationPoints = False  # the library's default is True
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Source
        request.Parameters.NodesToRead = [self._wish(job, handle) for handle in part]
        return request

    def _wish(self, job: _Job, handle: int) -> ua.HistoryReadValueId:
        node = self._nodes[handle]
        wish = ua.HistoryReadValueId()
        if isinstance(node, Node):
            wish.NodeId, wish.IndexRange = node.node_id, node.index_range
        wish.ContinuationPoint = ua.ByteString(job.points[handle]) if handle in job.points else None
        return wish


def _moment(stamp_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=stamp_ns // 1000)
