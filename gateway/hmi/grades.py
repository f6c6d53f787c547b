"""Limits for particles by the grade of a room, and how a pressure cascade stands. Pure."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from typing import Final

from config.screens import OUTSIDE, Grade, Room

LIMITS_05: Final[dict[Grade, float]] = {Grade.A: 3520.0, Grade.B: 352_000.0, Grade.C: 3_520_000.0}
"""Particles of 0.5 um and more in a cubic metre, in operation (EU GMP Annex 1 of 2022, table 1)."""
LIMITS_5: Final[dict[Grade, float]] = {Grade.A: 29.0, Grade.B: 2930.0, Grade.C: 29_300.0}
"""Of 5 um and more (table 6; in grade A the limit for monitoring). Grade D has none that is given."""


def particle_limits(room: Room) -> tuple[float | None, float | None]:
    """Return the limits of a room for 0.5 um and 5 um, in 1/m^3; None where none is given."""
    small = LIMITS_05.get(room.grade) if room.limit_05 is None else room.limit_05.to("1/m^3")
    large = LIMITS_5.get(room.grade) if room.limit_5 is None else room.limit_5.to("1/m^3")
    return small, large


class Flow(enum.StrEnum):
    """Which way air goes between a room and the one it holds its pressure over; names are CSS classes."""

    OUTWARDS = "outwards"
    WEAK = "weak"
    """Outwards, but below the lowest difference that keeps the rooms apart."""
    INWARDS = "inwards"
    UNKNOWN = "unknown"


def flow(differential: float | None, lowest: float) -> Flow:
    """Return which way air goes.

    Args:
        differential: pressure over the other room; None when nobody knows.
        lowest: that keeps the rooms apart, in the same unit.
    """
    if differential is None or not math.isfinite(differential):
        return Flow.UNKNOWN
    if differential < 0.0:
        return Flow.INWARDS
    return Flow.WEAK if differential < lowest else Flow.OUTWARDS


def columns(rooms: Mapping[str, Room]) -> list[list[str]]:
    """Return the rooms by how many lie between them and the outside, the outermost first."""
    depths: dict[str, int] = {}
    for name in rooms:
        depth, at = 0, rooms[name].over
        while at != OUTSIDE:
            depth, at = depth + 1, rooms[at].over
        depths[name] = depth
    return [[name for name in rooms if depths[name] == d] for d in range(max(depths.values()) + 1)]


def share_of_limit(value: float, limit: float) -> float:
    """Return where a count is drawn, 0 to 1, on a logarithmic scale: the limit stands at three quarters.

    The scale goes over four decades, from a thousandth of the limit to ten times it.
    """
    if value <= 0.0:
        return 0.0
    return min(max((math.log10(value) - math.log10(limit) + 3.0) / 4.0, 0.0), 1.0)
