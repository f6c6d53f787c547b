"""What a chart draws of a tag: runs of one quality, with every spike, every gap and every doubt.

Times are ms since the epoch as doubles: finer than a microsecond.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.site import Site
from control.signal import BAD, FORCED, SIMULATED, UNCERTAIN
from gateway.historian.buckets import Buckets

Doubles = npt.NDArray[np.float64]
Qualities = npt.NDArray[np.uint32]

GOOD_RUN: Final = 0
FORCED_RUN: Final = 1
"""Good, but forced by a person or an interlock, or simulated."""
UNCERTAIN_RUN: Final = 2
BAD_RUN: Final = 3

_HOLDS_PERIODS: Final = 3.0
_NS: Final = 1e6
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Known:
    """When the plant was watched: a value that is not reported holds, but only while somebody looks."""

    gaps_ms: tuple[tuple[float, float], ...] = ()
    """From when to when no gateway ran; by time, not touching one another."""
    to_ms: float | None = None
    """Until when the last report is known to hold; None leaves that to whoever draws."""


@dataclass(frozen=True, slots=True, eq=False)
class Reports:
    """Reports of a tag, or buckets of them, by time; arrays of equal length."""

    time_ms: Doubles
    value: Doubles
    """NaN where there is none."""
    quality: Qualities
    least: Doubles | None = None
    greatest: Doubles | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.time_ms)

    def part(self, start: int | None, end: int | None = None) -> Reports:
        """Return those from a place on, to before another."""
        where = slice(start, end)
        return Reports(
            self.time_ms[where],
            self.value[where],
            self.quality[where],
            None if self.least is None else self.least[where],
            None if self.greatest is None else self.greatest[where],
        )

    def since(self, from_ms: float) -> Reports:
        """Return those from a time on, and the last one before it: it holds there."""
        return self.part(max(int(np.searchsorted(self.time_ms, from_ms)) - 1, 0))

    def clipped(self, to_ms: float) -> Reports:
        """Return these with no time after one: the last bucket reaches beyond what is known."""
        return replace(self, time_ms=np.minimum(self.time_ms, to_ms))

    def not_before(self, from_ms: float) -> Reports:
        """Return these with no time before one: what came earlier holds there."""
        return replace(self, time_ms=np.maximum(self.time_ms, from_ms))

    def enveloped(self) -> Reports:
        """Return single reports as buckets of one."""
        return replace(self, least=self.value, greatest=self.value)

    def earlier_by(self, ms: float) -> Reports:
        """Return the same with another beginning of time."""
        return replace(self, time_ms=self.time_ms - ms)

    def then(self, later: Reports) -> Reports:
        """Return these and later ones; least and greatest of a single report are its value."""
        return Reports(
            np.concatenate((self.time_ms, later.time_ms)),
            np.concatenate((self.value, later.value)),
            np.concatenate((self.quality, later.quality)),
            None if self.least is None else np.concatenate((self.least, later.value)),
            None if self.greatest is None else np.concatenate((self.greatest, later.value)),
        )

    def repeated(self, after: npt.NDArray[np.int64], time_ms: Doubles) -> Reports:
        """Return these with the values at some places told once more, at later times."""
        value = self.value[after]
        return Reports(
            np.insert(self.time_ms, after + 1, time_ms),
            np.insert(self.value, after + 1, value),
            np.insert(self.quality, after + 1, self.quality[after]),
            None if self.least is None else np.insert(self.least, after + 1, value),
            None if self.greatest is None else np.insert(self.greatest, after + 1, value),
        )


NO_REPORTS: Final = Reports(np.empty(0), np.empty(0), np.empty(0, np.uint32))


def pace_s(site: Site, name: str) -> float:
    """Return how long a tag may be silent before its value must have stood still until the next report."""
    return max(_HOLDS_PERIODS * (site.tags[name].period or site.gateway.scan_period), 1.0)


def class_of(quality: Qualities) -> npt.NDArray[np.int8]:
    """Return the kind of run that each quality word belongs to."""
    marked = (quality & np.uint32(FORCED | SIMULATED)) != 0
    found = np.where(marked, FORCED_RUN, GOOD_RUN)
    found = np.where(quality >= UNCERTAIN, UNCERTAIN_RUN, found)
    return np.where(quality >= BAD, BAD_RUN, found).astype(np.int8)


def of_buckets(buckets: Buckets, *, stairs: bool) -> Reports:
    """Return the buckets that hold something: at their middle, with what lies between least and greatest.

    Args:
        buckets: what the store found.
        stairs: the value holds until the next: the last one of a bucket counts, not the mean.
    """
    filled = np.flatnonzero(buckets.count)
    middle = ((buckets.grid.starts()[filled] + buckets.grid.width_ns / 2) / _NS).astype(np.float64)
    value = (buckets.last if stairs else buckets.mean)[filled]
    return Reports(middle, value, buckets.quality[filled], buckets.least[filled], buckets.greatest[filled])


def runs(reports: Reports, hold_s: float, width_ms: float = 0.0, known: Known = Known()) -> list[Any]:
    """Return a tag's runs as the browser takes them.

    A run is {"q": its kind, "j": whether the line goes on from the run before, "t": times, "v": values
    (None: none)} and, where buckets hold several values, {"lo", "hi"}.

    Args:
        reports: by time.
        hold_s: see `pace_s`.
        width_ms: of a bucket; 0 for single reports.
        known: when values that were not reported still held.
    """
    if not len(reports):
        return []
    reports, lost = _with_gaps(_holding(reports, hold_s * 1000, width_ms), known)
    kind = class_of(reports.quality)
    starts = np.flatnonzero(np.concatenate(([True], lost | (np.diff(kind) != 0))))
    ends = np.append(starts[1:], len(reports))
    columns: dict[str, Doubles | None] = {"t": reports.time_ms, "v": reports.value}
    columns |= {"lo": reports.least, "hi": reports.greatest}
    listed = {name: _short(column, name == "t") for name, column in columns.items() if column is not None}
    return [
        {
            "q": int(kind[start]),
            "j": bool(start > 0 and not lost[start - 1]),
            **{name: column[start:end] for name, column in listed.items()},
        }
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]


def going_on(before: Reports, fresh: Reports, hold_s: float) -> tuple[list[Any], Reports]:
    """Return the runs of what was reported since, to be joined to the runs before, and the last report.

    Args:
        before: the last report that is drawn, or none.
        fresh: by time; what is not newer than `before` is there already.
        hold_s: see `pace_s`.
    """
    if len(before):
        fresh = fresh.part(int(np.searchsorted(fresh.time_ms, before.time_ms[-1], side="right")))
    if not len(fresh):
        return [], before
    found = runs(before.then(fresh), hold_s)
    if len(before):
        first = found[0]
        found = found[1:] if len(first["t"]) == 1 else [_without_first(first), *found[1:]]
    return found, fresh.part(len(fresh) - 1)


def _without_first(run: dict[str, Any]) -> dict[str, Any]:
    return {"q": run["q"], "j": True, "t": run["t"][1:], "v": run["v"][1:]}


def _holding(reports: Reports, hold_ms: float, width_ms: float) -> Reports:
    """Return the reports with one more before each that came after a silence: until then the value held.

    What is reported when it changes must not be drawn as if it had drifted there.
    """
    silence = np.diff(reports.time_ms)
    quiet = np.flatnonzero(silence > max(hold_ms, 1.5 * width_ms))
    before_ms = np.minimum(max(width_ms, hold_ms / _HOLDS_PERIODS), silence[quiet] / 2)
    return reports.repeated(quiet, reports.time_ms[quiet + 1] - before_ms)


def _with_gaps(reports: Reports, known: Known) -> tuple[Reports, npt.NDArray[np.bool_]]:
    """Return the reports with one more where knowledge ends, and whether a gap follows each."""
    broken = []
    for start_ms, end_ms in known.gaps_ms:
        last = int(np.searchsorted(reports.time_ms, end_ms)) - 1
        if last >= 0 and reports.time_ms[last] < start_ms:  # it held until the gap began
            reports = reports.repeated(np.array([last]), np.array([start_ms]))
            last += 1
        broken.append(last)
    ends_in_gap = any(end_ms > reports.time_ms[-1] for _, end_ms in known.gaps_ms)
    if known.to_ms is not None and reports.time_ms[-1] < known.to_ms and not ends_in_gap:
        reports = reports.repeated(np.array([len(reports) - 1]), np.array([known.to_ms]))
    lost = np.zeros(len(reports) - 1, np.bool_)
    lost[[place for place in broken if 0 <= place < len(lost)]] = True
    return reports, lost


def _short(column: Doubles, time: bool) -> list[float | None]:
    """Return numbers with as many digits as can be seen: they travel as text."""
    if time:
        return list(np.round(column, 3).tolist())
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = np.nan_to_num(np.floor(np.log10(np.abs(column))), nan=0.0, neginf=0.0, posinf=300.0)
    scale = 10.0 ** np.clip(_DIGITS - 1 - digits, -300, 300)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.round(column * scale) / scale
    kept = np.where(np.isfinite(rounded), rounded, column)
    return [value if np.isfinite(value) else None for value in kept.tolist()]
