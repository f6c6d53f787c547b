"""Alarms: every scan each alarm's condition is compared; the few that changed are stepped."""

from __future__ import annotations

import math
from typing import Final

from control.image import Image
from control.kernels import alarm as life
from control.kernels.jit import part
from control.rings import RingArrays, Row
from control.signal import (
    ACKNOWLEDGE,
    BAD,
    KIND_ALARM,
    REFUSED_INVALID,
    REFUSED_OCCURRENCE,
    REFUSED_STATE,
)
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, put
from control.state import Alarms

CHUNK: Final = 64
"""Alarms that are asked for together whether any of them changed."""


@part
def evaluate(
    alarms: Alarms, image: Image, transitions: RingArrays, counters: Counters, now_ns: int, utc_ns: int
) -> None:
    """Compare every alarm with its value, and step those that differ."""
    elapsed_ns = now_ns - counters[0]["scanned_ns"]
    for first in range(0, len(alarms.tag), CHUNK):
        last = min(len(alarms.tag), first + CHUNK)
        differing = life.count_differing(
            alarms.tag[first:last],
            alarms.sign[first:last],
            alarms.threshold[first:last],
            alarms.hot[first:last],
            image.value,
        )
        if differing > 0:
            for i in range(first, last):
                _look_at(alarms, image, transitions, counters, i, now_ns, utc_ns, elapsed_ns)


@part
def _look_at(
    alarms: Alarms,
    image: Image,
    transitions: RingArrays,
    counters: Counters,
    i: int,
    now_ns: int,
    utc_ns: int,
    elapsed_ns: int,
) -> None:
    tag = alarms.tag[i]
    value = image.value[tag]
    above = alarms.sign[i] * value >= alarms.threshold[i]
    if alarms.hot[i] == (1 if above else 0):
        return
    row = alarms.row[i]
    usable = image.quality[tag] < BAD and not math.isnan(value)
    trigger = life.time_condition(
        row, life.is_active(row), above, usable, image.source_ns[tag], now_ns, elapsed_ns
    )
    if trigger != life.NOTHING:
        apply(alarms, counters, i, trigger, value, 0, utc_ns)
    announce_pending(alarms, transitions, counters, i)


@part
def apply(
    alarms: Alarms, counters: Counters, i: int, trigger: int, value: float, ticket: int, utc_ns: int
) -> bool:
    """Step alarm `i`; False when nothing of the kind can happen to it now."""
    row = alarms.row[i]
    if not life.step(row, trigger, counters):
        return False
    row["value"] = value
    row["ticket"] = ticket
    row["utc_ns"] = utc_ns
    alarms.threshold[i] = row["clear"] if life.is_active(row) else row["trip"]
    return True


@part
def announce_pending(alarms: Alarms, transitions: RingArrays, counters: Counters, i: int) -> None:
    """Announce what happened to alarm `i`, or leave it pending when there is no room."""
    row = alarms.row[i]
    if row["changes"] > 0:
        announced = put(
            transitions,
            KIND_ALARM,
            i,
            row["announced"],
            row["state"],
            row["utc_ns"],
            row["ticket"],
            row["value"],
            row["limit"],
            row["changes"],
            row["onset_ns"],
            row["occurrence"],
            0,
        )
        if announced:
            row["announced"] = row["state"]
            row["changes"] = 0
        else:
            counters[0]["transitions_deferred"] += 1
    alarms.hot[i] = life.hot_byte(row)


@part
def step_by_command(
    alarms: Alarms, image: Image, transitions: RingArrays, counters: Counters, command: Row, utc_ns: int
) -> int:
    """Acknowledge or reset an alarm and answer; or return why not."""
    i = int(command["index"])
    if not 0 <= i < len(alarms.row):
        return REFUSED_INVALID
    row = alarms.row[i]
    trigger = life.RESET
    if command["kind"] == ACKNOWLEDGE:
        trigger = life.ACKNOWLEDGE
        if command["occurrence"] != row["occurrence"]:
            return REFUSED_OCCURRENCE
    elif row["since_ns"] != 0:
        return REFUSED_STATE
    announce_pending(alarms, transitions, counters, i)
    if not apply(alarms, counters, i, trigger, image.value[alarms.tag[i]], command["ticket"], utc_ns):
        return REFUSED_STATE
    announce_pending(alarms, transitions, counters, i)
    return ANSWERED
