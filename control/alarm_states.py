"""The life of an alarm as one table (ISA-18.2 / IEC 62682 as commonly cited).

The kernel steps by this table, the tests walk it, the documentation's diagram is drawn from it:
there is no other place where a transition is written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt


class AlarmState(IntEnum):
    """States by the letters of the standard's diagram; the number travels in transitions."""

    A = 0
    B = 1
    C = 2
    D = 3
    E = 4
    F = 5


class Trigger(IntEnum):
    """What can happen to an alarm."""

    RAISE = 0
    CLEAR = 1
    ACKNOWLEDGE = 2
    RESET = 3


@dataclass(frozen=True, slots=True)
class StateMeaning:
    """What a state says: to an operator, and to a consumer that knows active and acknowledged only."""

    name: str
    active: bool
    acknowledged: bool
    annunciated: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One transition. `latching` None means that it holds for latching alarms and for others."""

    before: AlarmState
    trigger: Trigger
    after: AlarmState
    latching: bool | None
    meaning: str


MEANINGS: Final = {
    AlarmState.A: StateMeaning("normal", active=False, acknowledged=True, annunciated=False),
    AlarmState.B: StateMeaning("unacknowledged", active=True, acknowledged=False, annunciated=True),
    AlarmState.C: StateMeaning("acknowledged", active=True, acknowledged=True, annunciated=True),
    AlarmState.D: StateMeaning(
        "returned to normal, unacknowledged", active=False, acknowledged=False, annunciated=True
    ),
    AlarmState.E: StateMeaning("latched, unacknowledged", active=False, acknowledged=False, annunciated=True),
    AlarmState.F: StateMeaning("latched, acknowledged", active=False, acknowledged=True, annunciated=True),
}

_A, _B, _C, _D, _E, _F = AlarmState
_RAISE, _CLEAR, _ACKNOWLEDGE, _RESET = Trigger

STEPS: Final = (
    Step(_A, _RAISE, _B, None, "condition true for the on-delay"),
    Step(_B, _ACKNOWLEDGE, _C, None, "acknowledged"),
    Step(_B, _CLEAR, _D, False, "condition false for the off-delay"),
    Step(_B, _CLEAR, _E, True, "condition false for the off-delay"),
    Step(_C, _CLEAR, _A, False, "condition false for the off-delay"),
    Step(_C, _CLEAR, _F, True, "condition false for the off-delay"),
    Step(_D, _ACKNOWLEDGE, _A, None, "acknowledged"),
    Step(_D, _RAISE, _B, None, "condition true again for the on-delay"),
    Step(_E, _ACKNOWLEDGE, _F, None, "acknowledged"),
    Step(_E, _RAISE, _B, None, "condition true again for the on-delay"),
    Step(_F, _RAISE, _B, None, "condition true again for the on-delay"),
    Step(_F, _RESET, _A, None, "reset"),
)

NO_STEP: Final = -1


def _next_states() -> npt.NDArray[np.int8]:
    table = np.full((len(AlarmState), len(Trigger), 2), NO_STEP, np.int8)
    for step in STEPS:
        for latching in (False, True) if step.latching is None else (step.latching,):
            table[step.before, step.trigger, int(latching)] = step.after
    return table


NEXT: Final = _next_states()
"""NEXT[state, trigger, latching] is the state that follows, or NO_STEP."""

ACTIVE: Final = np.array([MEANINGS[state].active for state in AlarmState], np.uint8)
"""By state: 1 while the condition holds."""


def diagram() -> str:
    """Return the life cycle as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> A"]
    lines += [f"    {state.name}: {state.name} {meaning.name}" for state, meaning in MEANINGS.items()]
    for step in STEPS:
        guard = {None: "", True: " (latching)", False: " (not latching)"}[step.latching]
        lines.append(f"    {step.before.name} --> {step.after.name}: {step.meaning}{guard}")
    return "\n".join(lines)


def document() -> str:
    """Return states, diagram and transitions as Markdown, for the reference."""

    def yes(condition: bool) -> str:
        return "yes" if condition else "no"

    lines = ["| state | name | active | acknowledged | annunciated |", "|---|---|---|---|---|"]
    for state, meaning in MEANINGS.items():
        flags = (meaning.active, meaning.acknowledged, meaning.annunciated)
        lines.append(f"| {state.name} | {meaning.name} | {' | '.join(yes(flag) for flag in flags)} |")
    lines += ["", "```mermaid", diagram(), "```", ""]
    lines += ["| from | to | trigger | when | latching alarms |", "|---|---|---|---|---|"]
    for step in STEPS:
        latching = {None: "both", True: "only", False: "not"}[step.latching]
        trigger = step.trigger.name.lower()
        lines.append(f"| {step.before.name} | {step.after.name} | {trigger} | {step.meaning} | {latching} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(document())  # noqa: T201  # this is how the reference is written anew
