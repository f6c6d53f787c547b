"""Who may write: the gateway as a whole is armed, and each device for itself.

Writes begin by arming and end by disarming, with every output at its safe value. A device may be held back
besides: out of service, or without the lease that says that no other gateway writes to it.
"""

from __future__ import annotations

import math

from control.actuation_layout import HELD_WITHOUT_LEASE, NOTHING_COMMANDED
from control.actuation_signal import REFUSED_DEVICE_OFF, REFUSED_FORCED
from control.kernels.jit import inlined, part
from control.kernels.pid import follow
from control.layout import FORCED_BY_INTERLOCK
from control.rings import RingArrays, Row
from control.signal import KIND_ARMED, REFUSED_DISARMED, REFUSED_INTERLOCK
from control.stages.reports import Counters
from control.stages.transitions import ANSWERED, announce
from control.state import Loops, Outputs


@part
def arm(counters: Counters) -> None:
    """Allow outputs; each loop begins to write once its PV is good."""
    counters[0]["armed"] = 1


@part
def disarm(outputs: Outputs, loops: Loops, counters: Counters) -> None:
    """Leave every output that was written at its safe value, and write nothing after it."""
    counters[0]["armed"] = 0
    for s in range(len(outputs.slots)):
        _leave(outputs.slots[s], loops)


@part
def _leave(slot: Row, loops: Loops) -> None:
    """Leave an output at its safe value; at the forced one where an interlock forces: that is safe then."""
    if slot["live"] == 0:
        return
    slot["live"] = 0
    slot["closing"] = 1
    slot["leave_at"] = slot["force"] if slot["forced"] == FORCED_BY_INTERLOCK else slot["safe"]
    if slot["loop"] >= 0:
        loops.row[slot["loop"]]["live"] = 0
        loops.special[slot["loop"]] = 1
        follow(loops, slot["loop"], slot["leave_at"])


@inlined
def is_on(device: Row) -> bool:
    """Say whether a device may be written to, as far as people, configuration and lease go."""
    nobody_said = device["commanded"] == NOTHING_COMMANDED and device["configured"] != 0
    on: bool = device["held"] == 0 and (nobody_said or device["commanded"] > NOTHING_COMMANDED)
    return on


@inlined
def is_armed(outputs: Outputs, counters: Counters, s: int) -> bool:
    """Say whether output `s` may be written: the gateway is armed, and its device is."""
    return counters[0]["armed"] != 0 and is_on(outputs.devices[outputs.slots[s]["device"]])


@part
def why_not_written(outputs: Outputs, counters: Counters, s: int) -> int:
    """Return why a person cannot set output `s` now, or ANSWERED where they can."""
    forced = outputs.slots[s]["forced"]
    if counters[0]["armed"] == 0:
        return REFUSED_DISARMED
    if not is_armed(outputs, counters, s):
        return REFUSED_DEVICE_OFF
    if forced != 0:
        return REFUSED_INTERLOCK if forced == FORCED_BY_INTERLOCK else REFUSED_FORCED
    return ANSWERED


@part
def command_device(outputs: Outputs, loops: Loops, device: int, commanded: int) -> None:
    """Arm or disarm the writes to a device; at the end of them its outputs are left at their safe values."""
    row = outputs.devices[device]
    was_on = is_on(row)
    row["commanded"] = commanded
    if was_on and not is_on(row):
        _stop_writing(outputs, loops, device)


@part
def hold_device(outputs: Outputs, loops: Loops, device: int, held: int) -> None:
    """Hold back the writes to a device, or no longer (HELD_*).

    Without the lease nothing leaves any more, not even safe values: the device is another gateway's.
    """
    row = outputs.devices[device]
    was_on = is_on(row)
    row["held"] = held
    if was_on and not is_on(row):
        _stop_writing(outputs, loops, device)
    if held & HELD_WITHOUT_LEASE:
        for s in range(len(outputs.slots)):
            if outputs.slots[s]["device"] == device and outputs.slots[s]["closing"] != 0:
                outputs.slots[s]["closing"] = 0
                outputs.slots[s]["sent"] = math.nan


@part
def _stop_writing(outputs: Outputs, loops: Loops, device: int) -> None:
    for s in range(len(outputs.slots)):
        if outputs.slots[s]["device"] == device:
            _leave(outputs.slots[s], loops)


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
