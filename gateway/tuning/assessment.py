"""Loop assessment on demand, from what is stored of its PV and set-point."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from config.site import Site
from control.signal import BAD
from gateway.historian.points import StoredPoints
from gateway.historian.query import open_site_history
from gateway.tuning.figures import harris_index

ACROSS_DELAY: Final = 5
"""Samples that a delay is cut into: enough to see what happens within it."""
_LOOK_BACK_NS: Final = 900_000_000_000
"""Far enough to find the values that hold at the start of a range."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was found, and from how much."""

    harris: float
    samples: int
    step_s: float
    """Of the plant."""
    delay_steps: int


def assess(site: Site, data: Path, loop: str, delay_s: float, from_ns: int, to_ns: int) -> Assessment:
    """Return the Harris index of a loop over a stretch of stored data.

    Args:
        site: the effective configuration.
        data: the data folder.
        loop: full name.
        delay_s: of the process, plant seconds.
        from_ns: begin, UTC.
        to_ns: end, UTC.

    Raises:
        ValueError: the stored data are too few, or do not move.
        StoreError: the store cannot be reached.
    """
    if not delay_s > 0.0:
        raise ValueError("the delay must be more than 0")
    names = [site.loops[loop].pv, f"{loop}.sp"]
    history = open_site_history(site.streams, data)
    try:
        points = history.raw(names, from_ns - _LOOK_BACK_NS, to_ns)
    finally:
        history.close()
    step_s = delay_s / ACROSS_DELAY
    step_ns = max(1, round(step_s * 1e9 / site.speed_of_tag(names[0])))
    pv, set_point = (points.take(points.tag == i) for i in range(2))
    grid = np.arange(from_ns, to_ns, step_ns)
    error = sampled(set_point, grid) - sampled(pv, grid)
    known = error[np.isfinite(error)]
    # The hold of the sampled output adds one step to the delay.
    return Assessment(harris_index(known, ACROSS_DELAY + 1), len(known), step_s, ACROSS_DELAY + 1)


def sampled(points: StoredPoints, at_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the values that held at these times: NaN before the first point and while they were bad."""
    values = np.where(points.quality < BAD, points.value, np.nan)
    latest = np.searchsorted(points.source_ns, at_ns, side="right") - 1
    if not len(values):
        return np.full(len(at_ns), np.nan)
    held: npt.NDArray[np.float64] = np.where(latest >= 0, values[np.maximum(latest, 0)], np.nan)
    return held
