"""What stands before the laws of a site's loops, as columns of the engine."""

from __future__ import annotations

import itertools
import math
from typing import Final

import numpy as np

from config.loops import Loop
from config.site import Site
from control.layout import GAIN_POINT
from control.rings import Rows
from control.shaping_state import Shaping
from control.state import Loops
from control.tag_tables import TablesError

_LOOK: Final = 1e-3
"""Share of its table's width that a tag must move before the table is looked up again."""


def is_shaped(loop: Loop) -> bool:
    """Say whether a loop has anything before its law: such loops lie side by side."""
    return (
        loop.sp_hold is not None
        or loop.gap is not None
        or loop.pv_filter > 0.0
        or loop.feed_forward is not None
        or loop.schedule is not None
    )


def build_shaping(site: Site, loops: Loops, groups: Rows) -> Shaping:
    """Return what stands before the law of each loop; tells the groups of gain schedules.

    Raises:
        TablesError: a width is negative, or a schedule does not ascend.
    """
    count = len(loops.pv)
    shaping = Shaping(
        **{name: np.zeros(count) for name in _REALS},
        disturbance=loops.pv.copy(),
        over=loops.pv.copy(),
        points=np.zeros(0, GAIN_POINT),
    )
    shaping.sp_hold[:] = math.inf
    shaping.filtered[:] = shaping.lagged[:] = math.nan
    shaping.over_step[:] = shaping.looked_up[:] = math.inf
    names = list(site.loops)
    points: list[tuple[float, float, float, float]] = []
    for group in groups:
        for i in range(int(group["first"]), int(group["last"])):
            name = names[int(loops.row[i]["id"])]
            try:
                _fill(shaping, loops, i, site, site.loops[name])
                table = _points(site, site.loops[name])
            except TablesError as error:
                raise TablesError(f"loop {name}: {error}") from None
            schedule = site.loops[name].schedule
            if schedule is not None:
                group["scheduled"] = 1
                shaping.over[i] = site.tag_index[schedule.over]
                shaping.over_step[i] = _LOOK * (table[-1][0] - table[0][0])
                loops.row[i]["first_point"] = len(points)
                points += table
                loops.row[i]["last_point"] = len(points)
    return shaping._replace(points=np.array(points, GAIN_POINT))


_REALS = [name for name in Shaping._fields if name not in ("disturbance", "over", "points")]


def _fill(shaping: Shaping, loops: Loops, i: int, site: Site, loop: Loop) -> None:
    row, unit = loops.row[i], site.tags[loop.pv].unit
    factor = float(row["time_factor"])
    row["shaped"] = int(is_shaped(loop))
    shaping.bias[i] = loop.bias
    shaping.filter_s[i] = loop.pv_filter * factor
    shaping.gap_gain[i] = loop.gap_gain
    if loop.gap is not None:
        shaping.gap[i] = loop.gap.span_to(unit)
    if loop.sp_hold is not None:
        shaping.sp_hold[i] = loop.sp_hold.span_to(unit)
    if shaping.gap[i] < 0.0 or not shaping.sp_hold[i] > 0.0:
        raise TablesError("gap must not be negative, and sp_hold positive")
    feed = loop.feed_forward
    if feed is not None:
        if feed.lead > 0.0 and feed.lag == 0.0:
            raise TablesError("its feed_forward has a lead without a lag")
        row["fed_forward"] = 1
        shaping.disturbance[i] = site.tag_index[feed.tag]
        shaping.gain[i] = feed.gain
        row["lead_s"], shaping.lag_s[i] = feed.lead * factor, feed.lag * factor
        shaping.lead[i] = row["lead_s"] / shaping.lag_s[i] if feed.lag > 0.0 else 0.0


def _points(site: Site, loop: Loop) -> list[tuple[float, float, float, float]]:
    if loop.schedule is None:
        return []
    unit = site.tags[loop.schedule.over].unit
    table = [(point.at.to(unit), point.kp, point.ti, point.td) for point in loop.schedule.points]
    if any(not before[0] < after[0] for before, after in itertools.pairwise(table)):
        raise TablesError("the points of its schedule must ascend")
    return table
