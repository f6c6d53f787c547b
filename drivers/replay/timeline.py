"""When what was recorded is due again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drivers.replay.stretch import Stretch


class Timeline:
    """When the samples of a recording are due, on the loop's clock."""

    def __init__(self, longest_pause_s: float | None, speed: float, begin: float) -> None:
        """Begin now: the first sample is due at `begin`."""
        self._longest_ns = None if longest_pause_s is None else int(longest_pause_s * 1e9)
        self._speed, self.begin = speed, begin
        self._reached_ns: int | None = None
        self._played_ns = 0

    def due(self, arrivals_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the loop's times at which what arrived then is due; these go on from those before.

        Args:
            arrivals_ns: ascending. Where they begin before the last ones a clock was set back: no pause.
        """
        if len(arrivals_ns) == 0:
            return np.empty(0)
        before = arrivals_ns[0] if self._reached_ns is None else self._reached_ns
        pauses_ns = np.maximum(np.diff(arrivals_ns, prepend=before), 0)
        if self._longest_ns is not None:
            pauses_ns = np.minimum(pauses_ns, self._longest_ns)
        played_ns = self._played_ns + np.cumsum(pauses_ns)
        self._reached_ns, self._played_ns = int(arrivals_ns[-1]), int(played_ns[-1])
        return self.begin + played_ns / 1e9 / self._speed


def moments_of(stretch: Stretch) -> tuple[npt.NDArray[np.int64], list[int], list[int]]:
    """Return the moments at which something arrived, and how many rows and texts have by each of them.

    A clock that was set back within the stretch makes one moment of what follows, in its order.
    """
    rows_ns = np.maximum.accumulate(stretch.rows["arrival_ns"].astype(np.int64))
    texts_ns = np.maximum.accumulate(np.array([arrival for arrival, _ in stretch.texts], np.int64))
    moments = np.unique(np.concatenate([rows_ns, texts_ns]))
    row_ends = np.searchsorted(rows_ns, moments, "right")
    return moments, row_ends.tolist(), np.searchsorted(texts_ns, moments, "right").tolist()
