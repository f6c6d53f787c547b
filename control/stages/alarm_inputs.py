"""What alarms look at beside tags: values derived for them, and the conditions that suppress them."""

from __future__ import annotations

import math

from control.alarm_states import Trigger
from control.image import Image
from control.kernels.jit import part
from control.logic_state import Logic
from control.program import Memory
from control.rings import RingArrays, Row
from control.signal import BAD, GOOD, UNCERTAIN, WAITING
from control.stages.alarms import announce_pending, apply
from control.stages.reports import Counters
from control.state import Alarms

_SUPPRESS = int(Trigger.SUPPRESS)
_UNSUPPRESS = int(Trigger.UNSUPPRESS)


@part
def derive(alarms: Alarms, image: Image, memory: Memory, utc_ns: int) -> None:
    """Put every derived value into its cell of the image, where it is compared like a tag's."""
    for d in range(len(alarms.derived)):
        row = alarms.derived[d]
        slot, entry = int(row["slot"]), row["entry"]
        if entry >= 0:
            image.value[slot] = memory.value[entry]
            image.quality[slot] = memory.quality[entry]
        else:
            image.value[slot] = 1.0 if _is_lost(alarms, image, row) else 0.0
            image.quality[slot] = GOOD
        image.source_ns[slot] = utc_ns


@part
def _is_lost(alarms: Alarms, image: Image, row: Row) -> bool:
    """Say whether all the watched tags are not good, for the reasons that count."""
    for w in range(row["first"], row["last"]):
        quality = int(image.quality[alarms.watched[w]])
        if quality < UNCERTAIN or quality & row["reasons"] == 0:
            return False
    return True


@part
def suppress(
    alarms: Alarms,
    image: Image,
    logic: Logic,
    memory: Memory,
    transitions: RingArrays,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Begin and end the suppressions whose condition changed.

    A condition that is bad suppresses nothing: no alarm hides behind what nobody knows. While it waits
    for its first values nothing changes, or every restart would annunciate what was suppressed.
    """
    for k in range(len(alarms.suppressions)):
        row = alarms.suppressions[k]
        holds = _demanded(alarms, logic, memory, row)
        if holds == row["holds"] or holds < 0:
            continue
        row["holds"] = holds
        trigger = _SUPPRESS if holds != 0 else _UNSUPPRESS
        for s in range(row["first"], row["last"]):
            i = int(alarms.suppressed[s])
            announce_pending(alarms, transitions, counters, i)
            apply(alarms, counters, i, trigger, image.value[alarms.tag[i]], 0, now_ns, utc_ns)
            announce_pending(alarms, transitions, counters, i)


@part
def _demanded(alarms: Alarms, logic: Logic, memory: Memory, row: Row) -> int:
    """Return 1 when a suppression holds, 0 when it does not, -1 while that is not known yet."""
    phase = logic.units[row["unit"]]["phase"]
    for p in range(row["first_phase"], row["last_phase"]):
        if phase == alarms.phases[p]:
            return 1
    entry = row["entry"]
    if entry < 0:
        return 0
    result, quality = memory.value[entry], int(memory.quality[entry])
    if quality >= BAD and quality & WAITING != 0:
        return -1
    return 1 if quality < BAD and not math.isnan(result) and result != 0.0 else 0
