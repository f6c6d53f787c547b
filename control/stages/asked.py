"""States that expressions ask for, put where they are looked for: what the scan before left."""

from __future__ import annotations

from control.kernels.alarm import ACTIVE_BIT
from control.kernels.jit import part
from control.logic_layout import ASKED_ALARM, ASKED_BYPASS, ASKED_INTERLOCK
from control.logic_state import Logic
from control.program import Memory
from control.stages.bypasses import is_bypassed
from control.state import Alarms


@part
def answer_asked(logic: Logic, alarms: Alarms, memory: Memory) -> None:
    """Put every state that is asked for into its register; it is always good."""
    for a in range(len(logic.asked)):
        asked = logic.asked[a]
        i = asked["index"]
        if asked["kind"] == ASKED_ALARM:
            holds = alarms.hot[i] & ACTIVE_BIT != 0
        elif asked["kind"] == ASKED_INTERLOCK:
            holds = logic.interlocks[i]["active"] != 0
        elif asked["kind"] == ASKED_BYPASS:
            holds = is_bypassed(logic, i)
        else:
            holds = logic.units[i]["phase"] == asked["phase"]
        memory.register[asked["register"]] = 1.0 if holds else 0.0
