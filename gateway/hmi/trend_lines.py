"""The traces of a trend, and which stretch of time has to be read for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.site import Site
from gateway.hmi.trend_view import TrendView

MARGIN: Final = 0.5
"""Read on each side, in lengths of what is shown: moving shows something at once."""
_STAIRS: Final = (".sp", ".mode", ".op")


@dataclass(frozen=True, slots=True)
class Line:
    """A trace to be looked up."""

    key: str
    tag: str
    origin_ms: float = 0.0
    """Taken off every time: the start of the batch, where batches are laid over one another."""
    until_ms: float = math.inf


def stairs(name: str) -> bool:
    """Return whether a tag's value holds until the next, rather than moves there."""
    return name.endswith(_STAIRS)


def lines_of(site: Site, view: TrendView) -> list[Line]:
    """Return the traces of a view: its tags, or the same signal of each unit that is laid over."""
    if not view.over:
        return [Line(name, name) for name in view.tags]
    signals = dict.fromkeys(name.split("/", 1)[1] for name in view.tags)
    return [
        Line(
            f"{batch.unit}/{signal}@{batch.start_ms}", f"{batch.unit}/{signal}", batch.start_ms, batch.end_ms
        )
        for signal in signals
        for batch in view.over
        if f"{batch.unit}/{signal}" in site.tags
    ]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of absolute time with its margins."""

    from_ms: float
    to_ms: float
    span_ms: float


def alike(
    lines: Sequence[Line], window_ms: tuple[float, float], now_ms: float
) -> list[tuple[list[Line], Stretch]]:
    """Return the lines by the stretch of absolute time that is read for them."""
    span = window_ms[1] - window_ms[0]
    start, end = window_ms[0] - MARGIN * span, window_ms[1] + MARGIN * span
    found: dict[Stretch, list[Line]] = {}
    for line in lines:
        from_ms = max(start, 0.0) + line.origin_ms if line.origin_ms else start
        to_ms = min(end + line.origin_ms, line.until_ms, now_ms)
        if from_ms < to_ms:
            found.setdefault(Stretch(from_ms, to_ms, span), []).append(line)
    return [(of, stretch) for stretch, of in found.items()]
