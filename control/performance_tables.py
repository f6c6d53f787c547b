"""The sums over loop performance before the first scan: what counts as an oscillation, and as normal."""

from __future__ import annotations

import math

import numpy as np

from config.site import Site
from control.loop_tables import MODES
from control.state import Loops, Performance
from control.tag_tables import in_unit

BAND: float = 0.01
"""Share of the PV's range that an oscillation must have to matter (Hagglund's 1 %)."""


def build_performance(site: Site, loops: Loops) -> Performance:
    """Return empty sums for the loops, in their order."""
    count = len(loops.pv)
    columns = {name: np.zeros(count) for name in Performance._fields if name != "normal_mode"}
    performance = Performance(normal_mode=np.zeros(count, np.uint8), **columns)
    names = list(site.loops)
    for i in range(count):
        loop = site.loops[names[int(loops.row[i]["id"])]]
        pv = site.tags[loop.pv]
        span = in_unit(pv.high, pv.unit, math.inf) - in_unit(pv.low, pv.unit, -math.inf)
        performance.band[i] = BAND * span
        performance.normal_mode[i] = MODES[loop.mode]
    performance.output_before[:] = loops.output
    return performance
