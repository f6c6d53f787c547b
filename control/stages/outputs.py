"""Outputs: what leaves for the devices, when, and what is pushed when it must not go on.

Nothing but the watchdog leaves before the outputs are armed, and nothing at all to a device whose writes
are off. A row goes out when the wanted value
differs from the last one sent. What a loop or an interlock wants, or a person forces, goes out again after
`REFRESH_NS`, so that a device that lost it gets it back; what a person wrote goes out once.
A full ring loses nothing: the value of the next scan is tried instead, the newest counts.
"""

from __future__ import annotations

import math
from typing import Final

from control.image import Image
from control.kernels.atomic import store_release
from control.kernels.jit import inlined, part
from control.kernels.pid import follow
from control.kernels.ring import TAIL, room
from control.layout import ROLE_WRITTEN
from control.rings import RingArrays, Row, Rows
from control.signal import (
    BAD,
    FORCED,
    GOOD,
    OUTPUT_COMMAND,
    OUTPUT_INTERLOCK,
    OUTPUT_LOOP,
    OUTPUT_RESUMED,
    OUTPUT_SAFE,
    OUTPUT_WATCHDOG,
    SUBSTITUTE,
)
from control.stages.arming import is_on
from control.stages.reports import Counters, publish
from control.state import Loops, Outputs, Tags

AS_SENT: Final = GOOD | SUBSTITUTE
"""Quality of a tag that can only be written: the value is the one last sent, not a measured one."""

REFRESH_NS: Final = 10_000_000_000
BEAT_NS: Final = 500_000_000
BEATS: Final = 32_767
"""The watchdog counts 1 to this and begins again: it fits signed and unsigned 16-bit registers."""


@part
def send_output(ring: RingArrays, counters: Counters, tag: int, value: float, reason: int) -> bool:
    """Put one output into the ring; False (and counted) when it is full."""
    capacity = len(ring.rows)
    if room(ring.counters, capacity) < 1:
        counters[0]["outputs_refused"] += 1
        return False
    tail = ring.counters[TAIL]
    row = ring.rows[tail & (capacity - 1)]
    row["value"] = value
    row["scan"] = counters[0]["scan"]
    row["tag"] = tag
    row["reason"] = reason
    store_release(ring.counters, TAIL, tail + 1)
    return True


@part
def write_outputs(
    ring: RingArrays,
    outputs: Outputs,
    loops: Loops,
    links: Rows,
    image: Image,
    tags: Tags,
    reports: RingArrays,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Push the outputs that changed, and what is left of safe values."""
    armed = counters[0]["armed"] != 0
    for s in range(len(outputs.slots)):
        slot = outputs.slots[s]
        if slot["forced"] != 0:
            _take_by_force(slot, image)
            if slot["loop"] >= 0:
                follow(loops, slot["loop"], slot["force"])
        elif slot["loop"] >= 0:
            slot["value"] = loops.output[slot["loop"]]
            slot["reason"] = OUTPUT_LOOP
        elif slot["link"] >= 0:
            slot["value"] = links[slot["link"]]["value"]
            slot["reason"] = OUTPUT_LOOP
        elif slot["reason"] == OUTPUT_INTERLOCK:
            _give_back(slot)
        if slot["closing"] != 0:
            if _close(ring, slot, counters) and slot["role"] == ROLE_WRITTEN:
                left = slot["leave_at"]
                publish(image, tags, reports, counters, slot["tag"], left, AS_SENT, now_ns, utc_ns)
            continue
        if not (armed and slot["live"] != 0 and _is_to_send(slot, now_ns)):
            continue
        if send_output(ring, counters, slot["tag"], slot["value"], slot["reason"]):
            slot["sent"] = slot["value"]
            slot["sent_ns"] = now_ns
            if slot["role"] == ROLE_WRITTEN:
                quality = AS_SENT | FORCED if slot["forced"] != 0 else AS_SENT
                publish(image, tags, reports, counters, slot["tag"], slot["value"], quality, now_ns, utc_ns)


@part
def _take_by_force(slot: Row, image: Image) -> None:
    """Give a slot the value that an interlock forces, and keep what it goes back to afterwards.

    It is the value wanted before, or where the actuator stands when nobody has wanted any.
    """
    if slot["reason"] != OUTPUT_INTERLOCK:
        stands = image.value[slot["tag"]]
        known = image.quality[slot["tag"]] < BAD and math.isfinite(stands)
        slot["resume"] = stands if known and not math.isfinite(slot["value"]) else slot["value"]
        slot["reason"] = OUTPUT_INTERLOCK
    slot["value"] = slot["force"]


@part
def _give_back(slot: Row) -> None:
    """Let a slot without a loop go back to what was wanted before; what was only withheld, to nothing.

    Where nobody knows what was wanted it stays where it was forced to.
    """
    slot["reason"] = OUTPUT_RESUMED
    if slot["live"] == 0:
        slot["value"] = math.nan
    elif math.isfinite(slot["resume"]):
        slot["value"] = slot["resume"]
        slot["sent"] = math.nan


@inlined
def _is_to_send(slot: Row, now_ns: int) -> bool:
    changed: bool = slot["value"] != slot["sent"]
    held = slot["reason"] != OUTPUT_COMMAND and slot["reason"] != OUTPUT_RESUMED
    due = held and now_ns - slot["sent_ns"] >= REFRESH_NS
    return math.isfinite(slot["value"]) and (changed or due)


@part
def _close(ring: RingArrays, slot: Row, counters: Counters) -> bool:
    """Push the value that a disarmed slot is left at; again next scan when it is refused. True: pushed."""
    value = slot["leave_at"]
    known = not math.isnan(value)
    if known and not send_output(ring, counters, slot["tag"], value, OUTPUT_SAFE):
        return False
    slot["closing"] = 0
    slot["sent"] = math.nan
    return known


@part
def count_closing(outputs: Outputs) -> int:
    """Return how many safe values still have to be pushed."""
    closing = 0
    for s in range(len(outputs.slots)):
        closing += outputs.slots[s]["closing"]
    return closing


@part
def beat(ring: RingArrays, outputs: Outputs, counters: Counters, now_ns: int) -> None:
    """Count on for the equipment's watchdogs. Armed or not: the counter says that we live.

    A device whose own writes are off gets no counter either.
    """
    if counters[0]["beats"] != 0 and now_ns - counters[0]["beat_ns"] < BEAT_NS:
        return
    counters[0]["beat_ns"] = now_ns
    counters[0]["beats"] = counters[0]["beats"] % BEATS + 1
    for w in range(len(outputs.watchdogs)):
        watchdog = outputs.watchdogs[w]
        if not is_on(outputs.devices[watchdog["device"]]):
            continue
        value = counters[0]["beats"] & 1 if watchdog["is_bool"] != 0 else counters[0]["beats"]
        send_output(ring, counters, watchdog["tag"], float(value), OUTPUT_WATCHDOG)
