"""Several parameters of a loop set by one command: all of them, or none."""

from __future__ import annotations

from control.kernels.jit import part
from control.kernels.parameters import FITS, unfit
from control.signal import (
    REFUSED_INVALID,
    SET_TUNING,
    TUNE_B,
    TUNE_C,
    TUNE_KP,
    TUNE_N,
    TUNE_TD,
    TUNE_TI,
    TUNE_TT,
)
from control.stages.loop_commands import tune
from control.stages.transitions import ANSWERED
from control.state import State

TOGETHER = (TUNE_KP, TUNE_TI, TUNE_TD, TUNE_TT, TUNE_N, TUNE_B, TUNE_C)
"""Parameters that may be set together: whether a value fits one of them depends on no other one."""


@part
def tune_together(state: State, head: int, rows: int, utc_ns: int) -> int:
    """Set the parameters that commands head..head+rows-1 name, and answer; or return why not.

    Each is told by a transition of its own, and none of them moves the output.
    """
    commands, loops, shaping = state.rings.commands, state.loops, state.shaping
    mask = len(commands.rows) - 1
    index, ticket = commands.rows[head & mask]["index"], commands.rows[head & mask]["ticket"]
    if not 0 <= index < len(state.maps.loop_row):
        return REFUSED_INVALID
    i = int(state.maps.loop_row[index])
    for k in range(head, head + rows):
        row = commands.rows[k & mask]
        own = row["kind"] == SET_TUNING and row["index"] == index and row["ticket"] == ticket
        if not own or row["parameter"] not in TOGETHER:
            return REFUSED_INVALID
        cause = unfit(loops, shaping, i, int(row["parameter"]), row["value"])
        if cause != FITS:
            return cause
    for k in range(head, head + rows):
        tune(loops, shaping, state.groups, state.rings.transitions, commands.rows[k & mask], i, utc_ns)
    return ANSWERED
