"""Overall equipment effectiveness (ISO 22400-2) from PackML states and counters.

    availability A = run time / planned time          run: mode production, state Execute
    performance  P = total * ideal cycle time / run time
    quality      Q = good / total
    OEE            = A * P * Q = good * ideal cycle time / planned time

Planned time is all time in mode production, less what was planned to stand: Idle or Stopped with a stop
reason that the configuration calls planned. Time of which nothing is known is neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.historian.buckets import Buckets
from gateway.packml.intervals import UNKNOWN, Interval
from gateway.packml.states import EXECUTE, IDLE, PRODUCTION, STOPPED


@dataclass(frozen=True, slots=True)
class Effectiveness:
    """What a machine made of its time. Times in seconds of the plant."""

    planned_s: float
    run_s: float
    unknown_s: float
    total: float
    """Units that left the machine, good or not."""
    good: float
    ideal_cycle_s: float
    """Time for a unit at the design speed."""

    @property
    def availability(self) -> float | None:
        """Return A; None without planned time."""
        return self.run_s / self.planned_s if self.planned_s > 0.0 else None

    @property
    def performance(self) -> float | None:
        """Return P; above 1 the design speed is wrong. None without run time."""
        return self.total * self.ideal_cycle_s / self.run_s if self.run_s > 0.0 else None

    @property
    def quality(self) -> float | None:
        """Return Q; None where nothing was made."""
        return self.good / self.total if self.total > 0.0 else None

    @property
    def oee(self) -> float | None:
        """Return good * ideal cycle time / planned time, which is A * P * Q; None without planned time."""
        return self.good * self.ideal_cycle_s / self.planned_s if self.planned_s > 0.0 else None


def effectiveness(
    found: Iterable[Interval],
    processed: float,
    defective: float,
    design_speed_per_s: float,
    *,
    planned_reasons: Collection[int] = (),
    speed: float = 1.0,
) -> Effectiveness:
    """Return what a machine made of its time.

    Args:
        found: its states.
        processed: units that left it in that time.
        defective: those that were rejected.
        design_speed_per_s: units a second that it was built for, more than 0.
        planned_reasons: stop reasons of planned stops.
        speed: seconds of the plant in a second of the wall clock.

    Raises:
        ValueError: the design speed is not more than 0.
    """
    if not design_speed_per_s > 0.0:
        raise ValueError("the design speed must be more than 0")
    planned_s = run_s = unknown_s = 0.0
    for each in found:
        if UNKNOWN in (each.state, each.mode):
            unknown_s += each.duration_s
        elif each.mode == PRODUCTION:
            if each.state in (IDLE, STOPPED) and each.reason in planned_reasons:
                continue
            planned_s += each.duration_s
            run_s += each.duration_s if each.state == EXECUTE else 0.0
    good = max(processed - defective, 0.0)
    return Effectiveness(
        planned_s * speed, run_s * speed, unknown_s * speed, processed, good, 1.0 / design_speed_per_s
    )


def gained(values: npt.NDArray[np.float64]) -> float:
    """Return what a counter gained: the sum of its positive differences, so that a reset takes nothing away.

    Values that are NaN are left out.
    """
    known = values[np.isfinite(values)]
    return float(np.clip(np.diff(known), 0.0, None).sum())


def counted(buckets: Buckets) -> npt.NDArray[np.float64]:
    """Return the values of a counter from its buckets, in the order in which it had them.

    In a bucket in which it was reset it fell to its least. Had it been higher before than it is at the end,
    that was its greatest; otherwise what it gained between the first report and the reset is not told.
    """
    filled = np.flatnonzero(buckets.count)
    first, last = buckets.first[filled], buckets.last[filled]
    least, greatest = buckets.least[filled], buckets.greatest[filled]
    was_reset = least < first
    top = np.where(was_reset & (greatest > last), greatest, first)
    return np.column_stack([first, top, np.where(was_reset, least, first), last]).ravel()
