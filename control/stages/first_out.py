"""First-out groups: which of several interlocks acted first, kept until somebody resets the group.

Within one scan nobody can tell an order: then there is no first one, and those of that scan share a
place in the order.
"""

from __future__ import annotations

import math

from control.kernels.jit import part
from control.logic_layout import FIRST_OUT_NONE, FIRST_OUT_UNKNOWN
from control.logic_signal import KIND_FIRST_OUT
from control.logic_state import Logic
from control.rings import RingArrays, Row
from control.signal import REFUSED_INVALID, REFUSED_STATE
from control.stages.transitions import ANSWERED, put


@part
def enter(group: Row, member: int, scan: int, utc_ns: int) -> int:
    """Note that a member begins to act; return its place in the order, counted from 1."""
    if group["order"] == 0 or group["scan"] != scan:
        group["order"] += 1
        group["scan"] = scan
    if group["order"] == 1:
        _set(group, member if group["first"] == FIRST_OUT_NONE else FIRST_OUT_UNKNOWN, 0, utc_ns)
    order: int = group["order"]
    return order


@part
def _set(group: Row, first: int, ticket: int, utc_ns: int) -> None:
    group["first"] = first
    group["changes"] += 1
    group["utc_ns"] = utc_ns
    group["ticket"] = ticket


@part
def announce_first_out(logic: Logic, transitions: RingArrays, g: int) -> bool:
    """Announce what came first in a group, or its reset; False when that must wait for room."""
    group = logic.groups[g]
    if group["changes"] == 0:
        return True
    first, before = group["first"], group["announced"]
    utc_ns, ticket = group["utc_ns"], group["ticket"]
    announced = put(
        transitions, KIND_FIRST_OUT, g, before, first, utc_ns, ticket, math.nan, math.nan, 1, 0, 0, 0
    )
    if announced:
        group["announced"] = first
        group["changes"] = 0
    return announced


@part
def reset_group(logic: Logic, transitions: RingArrays, command: Row, utc_ns: int) -> int:
    """Forget what came first, once no member acts any more, and answer; or return why not."""
    g = int(command["index"])
    if not 0 <= g < len(logic.groups):
        return REFUSED_INVALID
    group = logic.groups[g]
    if group["first"] == FIRST_OUT_NONE:
        return REFUSED_STATE
    for k in range(len(logic.interlocks)):
        if logic.interlocks[k]["group"] == g and logic.interlocks[k]["active"] != 0:
            return REFUSED_STATE
    announce_first_out(logic, transitions, g)
    group["order"] = 0
    _set(group, FIRST_OUT_NONE, command["ticket"], utc_ns)
    announce_first_out(logic, transitions, g)
    return ANSWERED
