"""Alarms: every scan each alarm's condition is compared; the few that changed are stepped."""

from __future__ import annotations

import math
from typing import Final

from control.image import Image
from control.kernels import alarm as life
from control.kernels.jit import inlined, part
from control.rings import RingArrays
from control.signal import BAD, KIND_ALARM
from control.stages.alarm_first_out import announce_groups, join
from control.stages.reports import Counters
from control.stages.transitions import has_room, next_row, publish_row
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
                above = alarms.sign[i] * image.value[alarms.tag[i]] >= alarms.threshold[i]
                if alarms.hot[i] != above:
                    _look_at(alarms, image, transitions, counters, i, now_ns, utc_ns, elapsed_ns)
    announce_groups(alarms, transitions, counters)


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
    """Time and step an alarm that differs. What a timer of its state does waits for no period of its own."""
    tag, row = alarms.tag[i], alarms.row[i]
    value = image.value[tag]
    period_ns = row["period_ns"]
    if _is_due(period_ns, now_ns, elapsed_ns):
        above = alarms.sign[i] * value >= alarms.threshold[i]
        usable = image.quality[tag] < BAD and not math.isnan(value)
        passed_ns = max(elapsed_ns, period_ns)
        trigger = life.time_condition(
            row, life.is_active(row), above, usable, image.source_ns[tag], now_ns, passed_ns
        )
        if trigger != life.NOTHING:
            apply(alarms, counters, i, trigger, value, 0, now_ns, utc_ns)
    trigger = life.timer_due(row, now_ns)
    if trigger != life.NOTHING:
        apply(alarms, counters, i, trigger, value, 0, now_ns, utc_ns)
    announce_pending(alarms, transitions, counters, i)


@inlined
def _is_due(period_ns: int, now_ns: int, elapsed_ns: int) -> bool:
    """Say whether a whole number of periods has become full since the scan before; no period: always."""
    return period_ns == 0 or now_ns // period_ns != (now_ns - elapsed_ns) // period_ns


@part
def apply(
    alarms: Alarms,
    counters: Counters,
    i: int,
    trigger: int,
    value: float,
    ticket: int,
    now_ns: int,
    utc_ns: int,
) -> bool:
    """Step alarm `i`; False when nothing of the kind can happen to it now."""
    row = alarms.row[i]
    if not life.step(row, trigger, counters, now_ns, utc_ns):
        return False
    row["value"] = value
    row["ticket"] = ticket
    row["utc_ns"] = utc_ns
    alarms.threshold[i] = row["clear"] if life.is_active(row) else row["trip"]
    if trigger == life.RAISE and row["group"] >= 0 and life.is_annunciated(row):
        join(alarms, i, utc_ns)
    return True


@part
def announce_pending(alarms: Alarms, transitions: RingArrays, counters: Counters, i: int) -> None:
    """Announce what happened to alarm `i`, or leave it pending when there is no room."""
    row = alarms.row[i]
    if row["changes"] > 0:
        if has_room(transitions, 1):
            put = next_row(transitions)
            put["utc_ns"] = row["utc_ns"]
            put["onset_ns"] = row["onset_ns"]
            put["occurrence"] = row["occurrence"]
            put["ticket"] = row["ticket"]
            put["value"] = row["value"]
            put["limit"] = row["limit"]
            put["annunciated_ns"] = row["annunciated_ns"]
            put["until_ns"] = row["until_ns"]
            put["kind"] = KIND_ALARM
            put["index"] = i
            put["before"] = row["announced"]
            put["after"] = row["flags"]
            put["count"] = row["changes"]
            put["cause"] = row["trigger"]
            put["order"] = row["order"]
            publish_row(transitions)
            row["announced"] = row["flags"]
            row["changes"] = 0
        else:
            counters[0]["transitions_deferred"] += 1
    alarms.hot[i] = life.hot_byte(row)
