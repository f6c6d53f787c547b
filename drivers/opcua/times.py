"""Times that disagree: what source and server told of samples, beside when they arrived.

A source time that is missing or impossible is replaced by the time of arrival, one that is ahead of the
server's own is kept; both carry CLOCK. All three times of the first such sample of each item go on record
with a notice, and those of the last one stand here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from drivers.notices import Announce, Matter, Notice

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_TICKS_PER_US: Final = 10
SHOWN: Final = 5
"""In the health."""
NAMED: Final = 20
"""In one notice."""
TOLD_EACH_S: Final = 60.0
"""Further items are announced at most so often."""


class Doubts:
    """The items whose last sample had a doubtful time, with its three times."""

    def __init__(self, names: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        """`names` are the items' by handle."""
        self._names, self._clock = names, clock
        self._source, self._server, self._arrival_ns = np.zeros((3, len(names)), np.int64)
        self._told = np.zeros(len(names), np.bool_)
        self._has_told = False
        self._tell_at = -math.inf
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
        """How many there are, and the three times of the first of them."""
        first = np.flatnonzero(self._arrival_ns)[:SHOWN]
        return {"doubtful_times": self.count, "doubtful_time": self._listed(first) if self.count else None}

    def announce(self, announce: Announce) -> None:
        """Announce each item that has become doubtful, with its three times, and that there is none any more.

        The first at once, further ones together after a while: a notice names `NAMED`, the next the rest.
        """
        if not self.count and not self._has_told:
            return
        doubtful = self._arrival_ns != 0
        self._told &= doubtful
        if not self.count:
            self._has_told, self._tell_at = False, -math.inf
            announce(Notice(Matter.TIMES_RIGHT, "every tag has its time", time.time_ns(), 0.0))
            return
        new, now = np.flatnonzero(doubtful & ~self._told)[:NAMED], self._clock()
        if not len(new) or now < self._tell_at:
            return
        self._told[new] = self._has_told = True
        self._tell_at = now + TOLD_EACH_S
        detail = f"{self.count} tags, new among them: {self._listed(new)}"
        announce(Notice(Matter.TIMES_DOUBTFUL, detail, time.time_ns(), float(self.count)))

    def _listed(self, handles: npt.NDArray[np.intp]) -> str:
        return "; ".join(map(self._three_times, handles.tolist()))

    def _three_times(self, at: int) -> str:
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
