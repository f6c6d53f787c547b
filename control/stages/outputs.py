"""Outputs: what leaves for the devices, when, and what is pushed when it must not go on.

Nothing but the watchdog leaves before the outputs are armed. A row goes out when the wanted value
differs from the last one sent, and again after `REFRESH_NS`, so that a device that lost it gets it
back. A full ring loses nothing: the value of the next scan is tried instead, the newest counts.
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
from control.rings import RingArrays, Row
from control.signal import (
    GOOD,
    KIND_ARMED,
    OUTPUT_INTERLOCK,
    OUTPUT_LOOP,
    OUTPUT_SAFE,
    OUTPUT_WATCHDOG,
    SUBSTITUTE,
)
from control.stages.reports import Counters, publish
from control.stages.transitions import announce
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
            slot["value"] = slot["force"]
            slot["reason"] = OUTPUT_INTERLOCK
            if slot["loop"] >= 0:
                follow(loops, slot["loop"], slot["force"])
        elif slot["loop"] >= 0:
            slot["value"] = loops.output[slot["loop"]]
            slot["reason"] = OUTPUT_LOOP
        if slot["closing"] != 0:
            _close(ring, slot, counters)
            continue
        if not (armed and slot["live"] != 0 and _is_to_send(slot, now_ns)):
            continue
        if send_output(ring, counters, slot["tag"], slot["value"], slot["reason"]):
            slot["sent"] = slot["value"]
            slot["sent_ns"] = now_ns
            if slot["role"] == ROLE_WRITTEN:
                publish(image, tags, reports, counters, slot["tag"], slot["value"], AS_SENT, now_ns, utc_ns)


@inlined
def _is_to_send(slot: Row, now_ns: int) -> bool:
    changed: bool = slot["value"] != slot["sent"]
    return math.isfinite(slot["value"]) and (changed or now_ns - slot["sent_ns"] >= REFRESH_NS)


@part
def _close(ring: RingArrays, slot: Row, counters: Counters) -> None:
    """Push the value that a disarmed slot is left at; again next scan when it is refused."""
    value = slot["leave_at"]
    if math.isnan(value) or send_output(ring, counters, slot["tag"], value, OUTPUT_SAFE):
        slot["closing"] = 0
        slot["sent"] = math.nan


@part
def arm(counters: Counters) -> None:
    """Allow outputs; each loop begins to write once its PV is good."""
    counters[0]["armed"] = 1


@part
def disarm(outputs: Outputs, loops: Loops, counters: Counters) -> None:
    """Leave every output that was written at its safe value, and write nothing after it.

    What an interlock forces is left at the forced value: that is the safe one then.
    """
    counters[0]["armed"] = 0
    for s in range(len(outputs.slots)):
        slot = outputs.slots[s]
        if slot["live"] != 0:
            slot["live"] = 0
            slot["closing"] = 1
            slot["leave_at"] = slot["force"] if slot["forced"] != 0 else slot["safe"]
            if slot["loop"] >= 0:
                loops.row[slot["loop"]]["live"] = 0
                loops.special[slot["loop"]] = 1
                follow(loops, slot["loop"], slot["leave_at"])


@part
def announce_armed(counters: Counters, transitions: RingArrays, ticket: int, utc_ns: int) -> bool:
    """Announce that the outputs were armed or disarmed; False when that must wait for room."""
    before, after = counters[0]["armed_announced"], counters[0]["armed"]
    if before == after:
        return True
    announced = announce(transitions, KIND_ARMED, 0, before, after, utc_ns, ticket, float(after), 1)
    if announced:
        counters[0]["armed_announced"] = after
    return announced


@part
def count_closing(outputs: Outputs) -> int:
    """Return how many safe values still have to be pushed."""
    closing = 0
    for s in range(len(outputs.slots)):
        closing += outputs.slots[s]["closing"]
    return closing


@part
def beat(ring: RingArrays, outputs: Outputs, counters: Counters, now_ns: int) -> None:
    """Count on for the equipment's watchdogs. Armed or not: the counter says that we live."""
    if counters[0]["beats"] != 0 and now_ns - counters[0]["beat_ns"] < BEAT_NS:
        return
    counters[0]["beat_ns"] = now_ns
    counters[0]["beats"] = counters[0]["beats"] % BEATS + 1
    for w in range(len(outputs.watchdogs)):
        watchdog = outputs.watchdogs[w]
        value = counters[0]["beats"] & 1 if watchdog["is_bool"] != 0 else counters[0]["beats"]
        send_output(ring, counters, watchdog["tag"], float(value), OUTPUT_WATCHDOG)
