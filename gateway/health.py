"""How the gateway is: scan statistics, loop lag, and the document that it publishes about itself."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import numpy.typing as npt

HISTOGRAM_US = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
"""Upper bounds of the classes that all scans are counted in; what took longer is a class of its own."""
_WINDOW = 4096
"""Scans that percentiles are taken over."""
_LAG_PERIOD_S = 0.25


class ScanStatistics:
    """Counts of all scans, and percentiles over the latest ones."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lateness_us = np.zeros(_WINDOW)
        self._duration_us = np.zeros(_WINDOW)
        self._lateness_counts = np.zeros(len(HISTOGRAM_US) + 1, np.int64)
        self._duration_counts = np.zeros(len(HISTOGRAM_US) + 1, np.int64)
        self._filled = 0
        self._last: dict[str, int] = {}

    def take(self, rows: npt.NDArray[Any]) -> None:
        """Take STATISTICS rows."""
        for start in range(0, len(rows), _WINDOW):
            part = rows[start : start + _WINDOW]
            where = (self._filled + np.arange(len(part))) % _WINDOW
            self._lateness_us[where] = part["lateness_ns"] / 1e3
            self._duration_us[where] = part["duration_ns"] / 1e3
            self._filled += len(part)
        self._lateness_counts += _counted(rows["lateness_ns"])
        self._duration_counts += _counted(rows["duration_ns"])
        if len(rows):
            self._last = {name: int(rows[-1][name]) for name in ("scan", "overruns", "reports_refused")}

    def summary(self) -> dict[str, float]:
        """Return the counts, and lateness and duration in microseconds."""
        count = min(self._filled, _WINDOW)
        if not count:
            return {"scans": 0, "overruns": 0, "reports_refused": 0}
        late = np.percentile(self._lateness_us[:count], (50, 99, 100))
        took = np.percentile(self._duration_us[:count], (50, 99, 100))
        return {
            "scans": self._last["scan"],
            "overruns": self._last["overruns"],
            "reports_refused": self._last["reports_refused"],
            **{f"lateness_p{p}_us": round(float(v), 1) for p, v in zip((50, 99, 100), late, strict=True)},
            **{f"duration_p{p}_us": round(float(v), 1) for p, v in zip((50, 99, 100), took, strict=True)},
        }

    def histogram(self) -> dict[str, list[int]]:
        """Return how many of all scans were how late and took how long, by the classes of `HISTOGRAM_US`."""
        return {
            "bounds_us": list(HISTOGRAM_US),
            "lateness": self._lateness_counts.tolist(),
            "duration": self._duration_counts.tolist(),
        }


def _counted(times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    places = np.searchsorted(HISTOGRAM_US, times_ns / 1e3)
    return np.bincount(places, minlength=len(HISTOGRAM_US) + 1)


class LoopLag:
    """How late an event loop wakes its tasks: the worst since it was last asked."""

    def __init__(self) -> None:
        """Begin with none."""
        self._worst_s = 0.0

    async def run(self) -> None:
        """Measure for ever, on the loop that this runs on."""
        while True:
            due = time.monotonic() + _LAG_PERIOD_S
            await asyncio.sleep(_LAG_PERIOD_S)
            self._worst_s = max(self._worst_s, time.monotonic() - due)

    def take_worst_ms(self) -> float:
        """Return the worst lag since the last call, in milliseconds."""
        worst_s, self._worst_s = self._worst_s, 0.0
        return round(worst_s * 1e3, 2)
