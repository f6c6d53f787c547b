"""What ECharts draws of buckets: every spike, every gap, an axis for each unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from config.site import Site
from control.signal import BAD
from gateway.historian.buckets import Buckets
from gateway.hmi.style import CHART_COLOURS

Point = list[float | None]
_STAIRS: Final = (".sp", ".mode", ".op")
_GAP_HEARTBEATS: Final = 2.5
"""A tag reports at least every heartbeat: without a report for this many, nobody knows its value."""
_AXIS_PX: Final = 58


def points(buckets: Buckets, gap_s: float) -> list[Point]:
    """Return a tag's line: each bucket's first, least, greatest and last value, and where it breaks.

    Args:
        buckets: what the store found.
        gap_s: without a report for this long the line breaks.
    """
    width_ms = buckets.grid.width_ns / 1e6
    starts = (buckets.grid.starts() / 1e6).tolist()
    line: list[Point] = []
    last_ms = -math.inf
    for index in np.flatnonzero(buckets.count).tolist():
        start = starts[index]
        if line and start - last_ms > gap_s * 1000 + width_ms:
            line.append([start, None])
        last_ms = start + width_ms
        if buckets.quality[index] >= BAD or math.isnan(buckets.first[index]):
            line.append([start, None])
        values = [
            float(column[index]) for column in (buckets.first, buckets.least, buckets.greatest, buckets.last)
        ]
        if math.isnan(values[0]):
            continue
        if len(set(values)) == 1:
            line.append([start + width_ms / 2, values[0]])
        else:
            line += [[start + width_ms * (number + 0.5) / 4, value] for number, value in enumerate(values)]
        if buckets.quality[index] >= BAD:
            line.append([start + width_ms, None])
    return line


def gap_s(site: Site, name: str) -> float:
    """Return how long a tag may be silent before its line breaks."""
    return _GAP_HEARTBEATS * site.tags[name].report.heartbeat


def options(
    site: Site, tags: Sequence[str], lines: Sequence[list[Point]], window: tuple[int, int], *, dark: bool
) -> dict[str, Any]:
    """Return the chart: one axis for each unit, left and right in turn, and twice the time around it.

    Args:
        site: for units.
        tags: what is drawn.
        lines: their points.
        window: the stretch that is shown, in ms; the axis has its length more on both sides.
        dark: whether the page is dark.
    """
    units = list(dict.fromkeys(site.tags[name].unit for name in tags))
    ink, rule = ("#dfe3e6", "#4a5157") if dark else ("#23282d", "#b4b9be")
    colours = CHART_COLOURS[dark]
    span = window[1] - window[0]
    zoom = {"startValue": window[0], "endValue": window[1], "filterMode": "none", "throttle": 250}
    return {
        "animation": False,
        "useUTC": True,
        "color": list(colours),
        "textStyle": {"color": ink},
        "grid": {"left": _AXIS_PX * ((len(units) + 1) // 2) + 12, "right": _AXIS_PX * (len(units) // 2) + 24,
                 "top": 56, "bottom": 36},
        "legend": {"top": 4, "type": "scroll", "textStyle": {"color": ink}, "data": list(tags)},
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"type": "cross"}},
        "toolbox": {"right": 10, "bottom": 0, "feature": {}},
        "xAxis": {
            "type": "time", "min": window[0] - span, "max": window[1] + span,
            "axisLine": {"lineStyle": {"color": ink}}, "axisLabel": {"color": ink, "hideOverlap": True},
        },
        "yAxis": [_axis(unit, number, ink, rule) for number, unit in enumerate(units)],
        "dataZoom": [{"type": "inside", **zoom}],
        "series": [
            {
                "name": name, "type": "line", "data": line, "showSymbol": False, "connectNulls": False,
                "yAxisIndex": units.index(site.tags[name].unit), "lineStyle": {"width": 1.6},
                "step": "end" if name.endswith(_STAIRS) else False, "id": name,
            }
            for name, line in zip(tags, lines, strict=True)
        ],
    }  # fmt: skip


def _axis(unit: str, number: int, ink: str, rule: str) -> dict[str, Any]:
    return {
        "type": "value", "scale": True, "name": unit, "nameTextStyle": {"color": ink},
        "position": "right" if number % 2 else "left", "offset": _AXIS_PX * (number // 2),
        "axisLine": {"show": True, "lineStyle": {"color": ink}}, "axisLabel": {"color": ink},
        "splitLine": {"show": number == 0, "lineStyle": {"color": rule}},
    }  # fmt: skip
