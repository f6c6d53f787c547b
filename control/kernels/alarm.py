"""Alarms: find those whose condition changed, time them, step them through their life.

An alarm is a threshold on `sign * value` (sign -1 turns a low limit into a high one), where the value
is a tag's, or one that was derived for the alarm. While it is not active the threshold is the limit;
while it is active it is the smallest value above the clearing limit, so that one comparison, at or
above, answers in both.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from control.alarm_states import ACTIVE, BEGINS, MEANINGS, NEXT, NO_STEP, SHELVED, AlarmState, Trigger
from control.kernels.jit import inlined, kernel, part
from control.rings import Row, Rows

ACTIVE_BIT: Final = 1
BUSY: Final = 2
"""In the hot byte: a timer runs, or a transition is not announced yet."""

RAISE: Final = int(Trigger.RAISE)
CLEAR: Final = int(Trigger.CLEAR)
RE_ALARM: Final = int(Trigger.RE_ALARM)
EXPIRE: Final = int(Trigger.EXPIRE)
NOTHING: Final = -1

_UNACKNOWLEDGED: Final = MEANINGS[AlarmState.B].flags
_ACKNOWLEDGED: Final = MEANINGS[AlarmState.C].flags


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
def timer_due(row: Row, now_ns: int) -> int:
    """Return what a timer of the alarm's state brings about now: EXPIRE, RE_ALARM or NOTHING."""
    if row["flags"] & SHELVED != 0 and now_ns >= row["shelved_until_ns"]:
        return EXPIRE
    waits = row["flags"] == _ACKNOWLEDGED and row["re_alarm_ns"] > 0
    if waits and now_ns - row["acknowledged_ns"] >= row["re_alarm_ns"]:
        return RE_ALARM
    return NOTHING


@part
def step(row: Row, trigger: int, counters: Rows, now_ns: int, utc_ns: int) -> bool:
    """Take one step of the life cycle; False when the table has none from here."""
    before = row["flags"]
    after = NEXT[before, trigger, row["latching"]]
    if after == NO_STEP:
        return False
    if BEGINS[before, trigger, row["latching"]] != 0:
        counters[0]["occurrences"] += 1
        row["occurrence"] = counters[0]["occurrences"]
        row["annunciated_ns"] = utc_ns if after == _UNACKNOWLEDGED else 0
        if trigger == RAISE:
            row["onset_ns"] = row["violated_ns"]
    if after == _ACKNOWLEDGED:
        row["acknowledged_ns"] = now_ns
    if after & SHELVED == 0:
        row["shelved_until_ns"] = 0
        row["until_ns"] = 0
    row["flags"] = after
    row["trigger"] = trigger
    row["changes"] += 1
    return True


@inlined
def is_active(row: Row) -> bool:
    """Say whether an alarm's condition holds, delays considered."""
    active: bool = row["flags"] & ACTIVE != 0
    return active


@inlined
def is_annunciated(row: Row) -> bool:
    """Say whether an alarm is unacknowledged and its condition holds."""
    annunciated: bool = row["flags"] == _UNACKNOWLEDGED
    return annunciated


@inlined
def hot_byte(row: Row) -> int:
    """Return the hot byte that belongs to an alarm's row."""
    flags = row["flags"]
    times = (
        row["since_ns"] != 0 or flags & SHELVED != 0 or (flags == _ACKNOWLEDGED and row["re_alarm_ns"] > 0)
    )
    return (ACTIVE_BIT if flags & ACTIVE != 0 else 0) + (BUSY if times or row["changes"] > 0 else 0)
