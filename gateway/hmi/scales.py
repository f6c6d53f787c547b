"""Moving indicators as SVG: where a value is within its range, its normal band and its set-point."""

from __future__ import annotations

import math
from dataclasses import dataclass

from config.alarms import AlarmType
from config.site import Site
from config.tags import Tag

_WIDTH, _HEIGHT = 200, 26
_TOP, _BOTTOM = 8, 18


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
        """Return where a value is drawn, kept inside the range, in half pixels."""
        share = (value - self.low) / (self.high - self.low)
        return round(2 * _WIDTH * min(max(share, 0.0), 1.0)) / 2


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
    """Return the drawing: track, normal band, limits, pointer (above), set-point (below)."""
    parts = [
        f'<svg class="scale" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">',
        f'<rect class="track" x="0" y="{_TOP}" width="{_WIDTH}" height="{_BOTTOM - _TOP}"/>',
    ]
    left, right = scale.x(scale.band_low), scale.x(scale.band_high)
    parts.append(
        f'<rect class="band" x="{left}" y="{_TOP}" width="{right - left}" height="{_BOTTOM - _TOP}"/>'
    )
    for limit in scale.outer:
        x = scale.x(limit)
        parts.append(f'<line class="limit" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_BOTTOM}"/>')
    if set_point is not None and math.isfinite(set_point):
        x = scale.x(set_point)
        parts.append(f'<path class="sp" d="M{x} {_BOTTOM - 2} l5 9 h-10 z"/>')
    if value is not None and math.isfinite(value):
        x = scale.x(value)
        parts.append(f'<path class="pv" d="M{x} {_TOP + 4} l-6 -11 h12 z"/>')
        parts.append(f'<line class="pv" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_BOTTOM}"/>')
    return "".join(parts) + "</svg>"


def fill_bar(low: float, high: float, value: float | None) -> str:
    """Return a bar that is filled up to a value: for outputs."""
    parts = [
        f'<svg class="scale" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">',
        f'<rect class="track" x="0" y="{_TOP}" width="{_WIDTH}" height="{_BOTTOM - _TOP}"/>',
    ]
    if value is not None and math.isfinite(value) and low < high:
        x = Scale(low, high, low, high).x(value)
        parts.append(f'<rect class="fill" x="0" y="{_TOP}" width="{x}" height="{_BOTTOM - _TOP}"/>')
    return "".join(parts) + "</svg>"
