"""The bars of a faceplate as SVG: PV, SP and OP upright, each in its range with its limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

_HEIGHT, _TOP, _BOTTOM = 250, 18, 232
_WIDTH: Final = 34
_STEP: Final = 84


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, all in one unit."""

    title: str
    low: float
    high: float
    value: float | None
    band: tuple[float, float] | None = None
    """Where the value is normal, or may be."""
    limits: tuple[float, ...] = ()
    """Alarm limits further out."""
    mark: float | None = None
    """Set-point beside the bar."""

    def y(self, value: float) -> float:
        """Return where a value is drawn, kept inside the bar."""
        share = (value - self.low) / (self.high - self.low)
        return round(_BOTTOM - (_BOTTOM - _TOP) * min(max(share, 0.0), 1.0), 1)


def bars(drawn: list[Bar]) -> str:
    """Return the drawing; a bar without a finite range is only named."""
    width = _STEP * len(drawn)
    parts = [f'<svg class="bars" viewBox="0 0 {width} {_HEIGHT}" aria-hidden="true">']
    for number, bar in enumerate(drawn):
        parts += _bar(bar, _STEP * number + 8)
    return "".join(parts) + "</svg>"


def _bar(bar: Bar, left: float) -> list[str]:
    parts = [f'<text class="bar-title" x="{left + _WIDTH / 2}" y="12">{bar.title}</text>']
    if not (math.isfinite(bar.low) and math.isfinite(bar.high) and bar.low < bar.high):
        return parts
    right = left + _WIDTH
    parts.append(f'<rect class="track" x="{left}" y="{_TOP}" width="{_WIDTH}" height="{_BOTTOM - _TOP}"/>')
    if bar.band is not None:
        top, bottom = bar.y(bar.band[1]), bar.y(bar.band[0])
        parts.append(
            f'<rect class="band" x="{left}" y="{top}" width="{_WIDTH}" height="{max(bottom - top, 0)}"/>'
        )
    if bar.value is not None and math.isfinite(bar.value):
        y = bar.y(bar.value)
        parts.append(
            f'<rect class="fill" x="{left + 10}" y="{y}" width="{_WIDTH - 20}" height="{_BOTTOM - y}"/>'
        )
        parts.append(f'<path class="pv" d="M{left} {y} H{right}"/>')
    parts += [f'<path class="limit" d="M{left} {bar.y(limit)} H{right}"/>' for limit in bar.limits]
    if bar.mark is not None and math.isfinite(bar.mark):
        y = bar.y(bar.mark)
        parts.append(f'<path class="sp" d="M{right + 2} {y} l9 -5 v10 z"/>')
    for value, y in ((bar.high, _TOP + 9), (bar.low, _BOTTOM)):
        parts.append(f'<text x="{right + 4}" y="{y}">{value:.6g}</text>')
    return parts
