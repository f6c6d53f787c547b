"""Fill weights: their histogram, and how they lie within their limits."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Limits:
    """What a vial may weigh, in the unit of the weights."""

    target: float
    low: float
    high: float

    @classmethod
    def around(cls, target: float, tolerance_percent: float) -> Limits:
        """Return the limits of a tolerance in per cent of the target."""
        off = target * tolerance_percent / 100.0
        return cls(target, target - off, target + off)


@dataclass(frozen=True, slots=True)
class Capability:
    """How weights lie within their limits. None where there are too few of them, or they do not differ."""

    count: int
    mean: float | None
    deviation: float | None
    """Standard deviation of the sample."""
    cpk: float | None
    """min(high - mean, mean - low) / 3 deviations."""
    outside: int
    """Weights outside the limits."""


def capability(weights: npt.NDArray[np.float64], limits: Limits | None) -> Capability:
    """Return how weights lie within their limits; without limits only their mean and deviation."""
    known = weights[np.isfinite(weights)]
    mean = float(known.mean()) if len(known) else None
    deviation = float(known.std(ddof=1)) if len(known) > 1 else None
    cpk, outside = None, 0
    if limits is not None:
        outside = int(((known < limits.low) | (known > limits.high)).sum())
        if mean is not None and deviation:
            cpk = min(limits.high - mean, mean - limits.low) / (3.0 * deviation)
    return Capability(len(known), mean, deviation, cpk, outside)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many weights each bin has. Bins are equally wide; the first and last take what lies beyond."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def middles(self) -> list[float]:
        """Return the middle of each bin."""
        return [(low + high) / 2.0 for low, high in itertools.pairwise(self.edges)]


def histogram(weights: npt.NDArray[np.float64], limits: Limits | None, bins: int = 24) -> Histogram | None:
    """Return the histogram over the limits and a bit more, without limits over the weights; None of nothing.

    Args:
        weights: NaN is left out.
        limits: a sixth of the bins on each side lies beyond them, so that the edges are seen.
        bins: how many there are, 3 or more.
    """
    known = weights[np.isfinite(weights)]
    if not len(known):
        return None
    if limits is not None and limits.high > limits.low:
        beyond = (limits.high - limits.low) / 4.0
        low, high = limits.low - beyond, limits.high + beyond
    else:
        low, high = float(known.min()), float(known.max())
        if not high > low:
            low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bins + 1)
    last = math.nextafter(high, -math.inf)
    counts, _ = np.histogram(np.clip(known, low, last), bins=edges)
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def pareto(counts: dict[str, float]) -> list[tuple[str, float, float]]:
    """Return causes by their count, the largest first, each with the share of all up to it (0 to 1)."""
    total = sum(counts.values())
    found, sofar = [], 0.0
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        sofar += count
        found.append((name, count, sofar / total if total > 0.0 else 0.0))
    return found
