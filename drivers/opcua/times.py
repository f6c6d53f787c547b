"""Times that disagree: what source and server told of samples, beside when they arrived.

A source time that is missing or impossible is replaced by the time of arrival, one that is ahead of the
server's own is kept; both carry CLOCK, and here are all three times of the last such sample of each item.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from drivers.notices import Announce, Matter, Notice

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_TICKS_PER_US: Final = 10


class Doubts:
    """The items whose last sample had a doubtful time, with its three times."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names` are the items' by handle."""
        self._names = names
        self._source, self._server, self._arrival_ns = np.zeros((3, len(names)), np.int64)
        self._told = False
        self.count = 0

    def take(self, rows: npt.NDArray[Any], doubtful: npt.NDArray[np.bool_], arrival_ns: int) -> None:
        """Take decoded rows (`wire.ROW`) and which have a doubtful time; of one item the last row counts."""
        if not self.count and not doubtful.any():
            return
        handles = rows["handle"]
        self._source[handles] = rows["source_ticks"]
        self._server[handles] = rows["server_ticks"]
        self._arrival_ns[handles] = np.where(doubtful, arrival_ns, 0)
        self.count = int(np.count_nonzero(self._arrival_ns))

    @property
    def facts(self) -> Mapping[str, float | str | None]:
        """How many there are, and the three times of the first."""
        return {"doubtful_times": self.count, "doubtful_time": self._first() if self.count else None}

    def announce(self, announce: Announce) -> None:
        """Announce that there are some, and that there are none any more."""
        if bool(self.count) == self._told:
            return
        self._told = bool(self.count)
        matter = Matter.TIMES_DOUBTFUL if self._told else Matter.TIMES_RIGHT
        detail = f"{self.count} tags, the first: {self._first()}" if self._told else "every tag has its time"
        announce(Notice(matter, detail, time.time_ns(), float(self.count)))

    def _first(self) -> str:
        at = int(np.flatnonzero(self._arrival_ns)[0])
        arrived = datetime.fromtimestamp(self._arrival_ns[at] / 1e9, UTC).isoformat()
        source, server = _text(int(self._source[at])), _text(int(self._server[at]))
        return f"{self._names[at]}: source time {source}, server time {server}, arrived {arrived}"


def _text(ticks: int) -> str:
    """Return a time of OPC UA as people read it."""
    if not ticks:
        return "none"
    try:
        return (_EPOCH + timedelta(microseconds=ticks // _TICKS_PER_US)).isoformat()
    except OverflowError:
        return "after the year 9999"
