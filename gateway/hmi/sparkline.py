"""Sparklines as SVG: the last minutes of a value, with its normal band behind."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.hmi.scales import Scale

_WIDTH, _HEIGHT = 120, 24
_LEAST_SHARE: Final = 0.02
"""Of the value, or of its scale: the line is drawn over as much at the least, so that noise is no news."""


def sparkline(samples: npt.NDArray[np.float64], scale: Scale | None) -> str:
    """Return the drawing.

    Args:
        samples: at equal steps, the oldest first; NaN is a gap.
        scale: range and normal band of the tag; None where it has none.
    """
    known = samples[np.isfinite(samples)]
    head = (
        f'<svg class="spark" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
    )
    if not len(known):
        return head + "</svg>"
    low, high = _range(known, scale)
    parts = [head]
    if scale is not None and (scale.band_low > scale.low or scale.band_high < scale.high):
        top, bottom = (_y(limit, low, high) for limit in (scale.band_high, scale.band_low))
        if bottom - top > 0.0 and (top > 0.0 or bottom < _HEIGHT):
            parts.append(
                f'<rect class="band" x="0" y="{top:.1f}" width="{_WIDTH}" height="{bottom - top:.1f}"/>'
            )
    parts += [f'<polyline points="{points}"/>' for points in _runs(samples, low, high)]
    if math.isfinite(samples[-1]):
        parts.append(f'<circle cx="{_WIDTH - 2}" cy="{_y(float(samples[-1]), low, high):.1f}" r="2"/>')
    return "".join(parts) + "</svg>"


def _range(known: npt.NDArray[np.float64], scale: Scale | None) -> tuple[float, float]:
    low, high = float(known.min()), float(known.max())
    whole = scale.high - scale.low if scale is not None else max(abs(low), abs(high))
    missing = max(_LEAST_SHARE * whole, 1e-12) - (high - low)
    return (low - missing / 2.0, high + missing / 2.0) if missing > 0.0 else (low, high)


def _y(value: float, low: float, high: float) -> float:
    return min(max((1.0 - (value - low) / (high - low)) * (_HEIGHT - 4) + 2.0, 0.0), float(_HEIGHT))


def _runs(samples: npt.NDArray[np.float64], low: float, high: float) -> list[str]:
    """Return the stretches without gap, as points of an SVG polyline."""
    step = (_WIDTH - 2) / max(len(samples) - 1, 1)
    runs: list[list[str]] = [[]]
    for number, value in enumerate(samples.tolist()):
        if math.isfinite(value):
            runs[-1].append(f"{number * step:.1f},{_y(value, low, high):.1f}")
        elif runs[-1]:
            runs.append([])
    return [" ".join(run) for run in runs if len(run) > 1]
