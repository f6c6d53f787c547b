"""Limit alarms: find those whose condition changed, time them, step them through their life.

An alarm is a threshold on `sign * value` (sign -1 turns a low limit into a high one). While it is
not active the threshold is the limit; while it is active it is the smallest value above the
clearing limit, so that one comparison, at or above, answers in both.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from control.alarm_states import ACTIVE, NEXT, NO_STEP, Trigger
from control.kernels.jit import inlined, kernel, part
from control.rings import Row, Rows

ACTIVE_BIT: Final = 1
BUSY: Final = 2
"""In the hot byte: a timer runs, or a transition is not announced yet."""

RAISE: Final = int(Trigger.RAISE)
CLEAR: Final = int(Trigger.CLEAR)
ACKNOWLEDGE: Final = int(Trigger.ACKNOWLEDGE)
RESET: Final = int(Trigger.RESET)
NOTHING: Final = -1


@kernel
def count_differing(
    tag: npt.NDArray[np.uint32],
    sign: npt.NDArray[np.float64],
    threshold: npt.NDArray[np.float64],
    hot: npt.NDArray[np.uint8],
    value: npt.NDArray[np.float64],
) -> int:
    """Count the alarms that are not what their value says, or are busy.

    It writes nothing, so it vectorises with gathers; the few that differ are looked at one by
    one. NaN is at or above nothing: a quiet alarm stays quiet and an active one is looked at.
    """
    differing = 0
    for i in range(len(tag)):
        above = sign[i] * value[tag[i]] >= threshold[i]
        differing += hot[i] != above
    return differing


@part
def time_condition(
    row: Row, active: bool, above: bool, usable: bool, source_ns: int, now_ns: int, elapsed_ns: int
) -> int:
    """Run the delay of one alarm: return RAISE or CLEAR when it has held long enough, or NOTHING.

    Args:
        row: ALARM row.
        active: what the alarm says.
        above: what the condition says.
        usable: False while the quality is bad: then the state holds and the timer stands still.
        source_ns: UTC of the sample.
        now_ns: monotonic.
        elapsed_ns: since the scan before.
    """
    if not usable:
        if row["since_ns"] != 0:
            row["since_ns"] += elapsed_ns
        return NOTHING
    if above == active:
        row["since_ns"] = 0
        return NOTHING
    if row["since_ns"] == 0:
        row["since_ns"] = now_ns
        if above:
            row["violated_ns"] = source_ns
    delay_ns = row["on_ns"] if above else row["off_ns"]
    if now_ns - row["since_ns"] < delay_ns:
        return NOTHING
    row["since_ns"] = 0
    return RAISE if above else CLEAR


@part
def step(row: Row, trigger: int, counters: Rows) -> bool:
    """Take one step of the life cycle; False when the table has none from here."""
    after = NEXT[row["state"], trigger, row["latching"]]
    if after == NO_STEP:
        return False
    if trigger == RAISE:
        counters[0]["occurrences"] += 1
        row["occurrence"] = counters[0]["occurrences"]
        row["onset_ns"] = row["violated_ns"]
    row["state"] = after
    row["changes"] += 1
    return True


@inlined
def is_active(row: Row) -> bool:
    """Say whether an alarm's condition holds, delays considered."""
    active: bool = ACTIVE[row["state"]] != 0
    return active


@inlined
def hot_byte(row: Row) -> int:
    """Return the hot byte that belongs to an alarm's row."""
    busy = row["since_ns"] != 0 or row["changes"] > 0
    return (ACTIVE_BIT if is_active(row) else 0) + (BUSY if busy else 0)
