"""Permissives: what must hold before a loop leaves manual, or a phase starts."""

from __future__ import annotations

import math
from typing import Final

from control.kernels.jit import part
from control.logic_signal import ENTER_PHASE
from control.logic_state import Logic
from control.program import Memory
from control.rings import RingArrays, Row
from control.signal import BAD, MODE_MANUAL, MODE_OUT_OF_SERVICE, REFUSED_INVALID, SET_MODE
from control.stages.transitions import ANSWERED, done

NOTHING_MISSING: Final = 0
LARGEST_CODE: Final = 2.0**53
"""Codes of phases are whole numbers below it."""


@part
def missing(logic: Logic, memory: Memory, command: Row) -> int:
    """Return which conditions forbid a command, a bit for each that guards its target in their order.

    They are those of this scan's beginning. What the command asks for already, and what leaves an
    automatic mode or a phase, needs no permission.
    """
    bits, count = 0, 0
    for g in range(len(logic.guards)):
        guard = logic.guards[g]
        if _guards(logic, guard, command):
            for c in range(guard["first_condition"], guard["last_condition"]):
                entry = logic.conditions[c]["entry"]
                result = memory.value[entry]
                if memory.quality[entry] >= BAD or math.isnan(result) or result == 0.0:
                    bits |= 1 << count
                count += 1
    return bits


@part
def _guards(logic: Logic, guard: Row, command: Row) -> bool:
    """Say whether a guard stands before what a command asks for."""
    index, value = command["index"], command["value"]
    if command["kind"] == SET_MODE:
        manual = value in (float(MODE_MANUAL), float(MODE_OUT_OF_SERVICE))
        automatic: bool = guard["loop"] == index and not manual
        return automatic
    if command["kind"] == ENTER_PHASE and guard["unit"] == index:
        begins: bool = guard["phase"] == value and logic.units[index]["phase"] != value
        return begins
    return False


@part
def enter_phase(logic: Logic, transitions: RingArrays, command: Row, utc_ns: int) -> int:
    """Let a unit enter a phase, and answer; or return why not."""
    u = int(command["index"])
    if not (0 <= u < len(logic.units) and 0.0 <= command["value"] < LARGEST_CODE):
        return REFUSED_INVALID
    logic.units[u]["phase"] = int(command["value"])
    done(transitions, command["ticket"], u, math.nan, utc_ns)
    return ANSWERED
