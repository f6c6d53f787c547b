"""What a filling line did over the last hours, from the store: effectiveness, stops, rejects, weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from config.quantities import Quantity
from config.screens import FillingLineScreen
from config.site import Site
from control.signal import BAD
from gateway.historian.points import StoredPoints
from gateway.hmi.chart_options import gap_s
from gateway.hmi.stored import Stored
from gateway.packml.effectiveness import Effectiveness, counted, effectiveness, gained
from gateway.packml.intervals import Stop, Trace, intervals, stops

_BUCKETS: Final = 480
_LOOK_BACK_S: Final = 900.0
"""Far enough to find the values that hold at the start."""
WEIGHINGS: Final = 1000
_WEIGHTS_S: Final = 900.0


@dataclass(frozen=True, slots=True)
class LineHistory:
    """What a line did in a stretch of time."""

    figures: Effectiveness
    stops: list[Stop]
    rejects: dict[str, float]
    """By reason."""
    gained: dict[str, float]
    """What each other counter gained, by its title."""


async def line_history(
    stored: Stored, site: Site, page: FillingLineScreen, from_ns: int, to_ns: int
) -> LineHistory:
    """Ask the store what a line did.

    Raises:
        StoreError: the store cannot be reached.
    """
    counters = page.counters
    reject_tags = list(page.rejects.values())
    tags = list(
        dict.fromkeys([counters.processed, counters.defective, *reject_tags, *counters.others.values()])
    )
    buckets = dict(zip(tags, await stored.buckets(tags, from_ns, to_ns, _BUCKETS), strict=True))
    made = {tag: gained(counted(found)) for tag, found in buckets.items()}
    states = [tag for tag in (page.state, page.mode, page.stop_reason) if tag is not None]
    points = await stored.raw(states, from_ns - int(_LOOK_BACK_S * 1e9), to_ns)
    traces = [trace_of(points, number, gap_s(site, tag)) for number, tag in enumerate(states)]
    reason = traces[2] if page.stop_reason is not None else None
    found = intervals(traces[0], traces[1], reason, from_ns, to_ns)
    figures = effectiveness(
        found,
        made[counters.processed],
        made[counters.defective],
        design_speed_per_s(site, page),
        planned_reasons=page.planned_reasons,
        speed=site.speed_of_tag(page.state),
    )
    return LineHistory(
        figures,
        stops(found),
        {name: made[tag] for name, tag in page.rejects.items()},
        {name: made[tag] for name, tag in counters.others.items()},
    )


def design_speed_per_s(site: Site, page: FillingLineScreen) -> float:
    """Return the speed that a line was built for, in what its counters count, per second."""
    given, unit = page.design_speed, site.tags[page.speed].unit
    speed = given if given.unit else Quantity(given.magnitude, unit)
    return speed.to(f"{site.tags[page.counters.processed].unit or '1'}/s")


def trace_of(points: StoredPoints, number: int, holds_s: float) -> Trace:
    """Return the reports of one of the tags that were asked for, NaN where they were bad."""
    mine = points.take(points.tag == number)
    value = np.where(mine.quality < BAD, mine.value, np.nan)
    return Trace(mine.source_ns, value, int(holds_s * 1e9))


async def weighings(stored: Stored, tag: str, to_ns: int) -> list[tuple[float, float]]:
    """Return the last weighings as time in ms and weight.

    Raises:
        StoreError: the store cannot be reached.
    """
    points = await stored.raw([tag], to_ns - int(_WEIGHTS_S * 1e9), to_ns)
    good = points.take((points.quality < BAD) & np.isfinite(points.value))
    pairs = zip((good.source_ns[-WEIGHINGS:] / 1e6).tolist(), good.value[-WEIGHINGS:].tolist(), strict=True)
    return [(time_ms, weight) for time_ms, weight in pairs if weight > 0.0]
