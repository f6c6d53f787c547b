"""Moving indicators as SVG: where a value is within its range, its normal band and its set-point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from config.alarms import AlarmType
from config.site import Site
from config.tags import Tag

_HEIGHT: Final = 26
"""Of the pointers' drawings."""
_TOP, _BOTTOM = 31, 69
"""Of the bar, in % of the height."""
_STEPS_PER_PERCENT: Final = 4
"""A pointer that moves less is not drawn anew."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What is drawn behind a value: range and alarm limits, in the tag's unit."""

    low: float
    high: float
    band_low: float
    """Lower end of the normal band."""
    band_high: float
    outer: tuple[float, ...] = ()
    """Limits further out: high high, low low."""

    def x(self, value: float) -> float:
        """Return where a value is drawn, kept inside the range, in %."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * _STEPS_PER_PERCENT * min(max(share, 0.0), 1.0)) / _STEPS_PER_PERCENT


def scale_of(site: Site, name: str) -> Scale | None:
    """Return a tag's scale: around its alarm limits where it has some, else its range; None without."""
    tag = site.tags[name]
    limits: dict[AlarmType, float] = {
        alarm.type: alarm.limit.to(tag.unit)
        for alarm in site.alarms.values()
        if alarm.tag == name and alarm.is_limit and alarm.limit is not None
    }
    low, high = range_of(tag)
    band_low = limits.get(AlarmType.LOW, limits.get(AlarmType.LOW_LOW, low))
    band_high = limits.get(AlarmType.HIGH, limits.get(AlarmType.HIGH_HIGH, high))
    outer = tuple(limits[kind] for kind in (AlarmType.LOW_LOW, AlarmType.HIGH_HIGH) if kind in limits)
    if len(limits) > 1 and band_low < band_high:
        # A range of 0 to 60 degC says nothing about 37 ± 0.5: the normal band takes a third of the scale.
        margin = band_high - band_low
        low = max(low, min(band_low - margin, *outer, band_low))
        high = min(high, max(band_high + margin, *outer, band_high))
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return None
    return Scale(low, high, max(band_low, low), min(band_high, high), outer)


def range_of(tag: Tag) -> tuple[float, float]:
    """Return a tag's range in its unit; infinite where it has none."""
    low = -math.inf if tag.low is None else tag.low.to(tag.unit)
    high = math.inf if tag.high is None else tag.high.to(tag.unit)
    return low, high


def indicator(scale: Scale, value: float | None, set_point: float | None = None) -> str:
    """Return the drawing: track, normal band, limits, pointer (above), set-point (below).

    It is as wide as its place; the pointers keep their shape, being drawings of their own.
    """
    bar = f'y="{_TOP}%" height="{_BOTTOM - _TOP}%"'
    parts = ['<svg class="scale" aria-hidden="true">', f'<rect class="track" x="0" width="100%" {bar}/>']
    left, right = scale.x(scale.band_low), scale.x(scale.band_high)
    parts.append(f'<rect class="band" x="{left}%" width="{right - left}%" {bar}/>')
    parts += [_line("limit", scale.x(limit)) for limit in scale.outer]
    if set_point is not None and math.isfinite(set_point):
        parts.append(_pointer("sp", scale.x(set_point), "M0 16 l5 9 h-10 z"))
    if value is not None and math.isfinite(value):
        x = scale.x(value)
        parts += [_pointer("pv", x, "M0 12 l-6 -11 h12 z"), _line("pv", x)]
    return "".join(parts) + "</svg>"


def _line(kind: str, x: float) -> str:
    return f'<line class="{kind}" x1="{x}%" x2="{x}%" y1="{_TOP}%" y2="{_BOTTOM}%"/>'


def _pointer(kind: str, x: float, path: str) -> str:
    return (
        f'<svg x="{x}%" width="100%" height="100%" viewBox="0 0 1 {_HEIGHT}" '
        f'preserveAspectRatio="xMinYMid meet" overflow="visible"><path class="{kind}" d="{path}"/></svg>'
    )
