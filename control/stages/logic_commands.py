"""Commands for interlocks, their bypasses and first-out groups, and for the phases of units."""

from __future__ import annotations

from control.kernels.jit import part
from control.logic_signal import BYPASS, ENTER_PHASE, RESET_GROUP
from control.logic_state import Logic
from control.rings import RingArrays, Row
from control.stages.bypasses import bypass_by_command
from control.stages.first_out import reset_group
from control.stages.interlocks import reset_by_command
from control.stages.permissives import enter_phase


@part
def carry_out(logic: Logic, transitions: RingArrays, command: Row, now_ns: int, utc_ns: int) -> int:
    """Do what a command says and answer it; or return why not."""
    if command["kind"] == BYPASS:
        return bypass_by_command(logic, transitions, command, now_ns, utc_ns)
    if command["kind"] == ENTER_PHASE:
        return enter_phase(logic, transitions, command, utc_ns)
    if command["parameter"] == RESET_GROUP:
        return reset_group(logic, transitions, command, utc_ns)
    return reset_by_command(logic, transitions, command, utc_ns)
