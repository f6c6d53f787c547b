"""The page of the life cycle, drawn from its table: diagram and lists for the reference.

`python -m control.alarm_life_cycle` prints what stands between the marks of
`docs/reference/alarm-life-cycle.md`; a test holds the two together.
"""

from __future__ import annotations

from typing import Final

from control.alarm_states import ANNUNCIATING, MEANINGS, STEPS, AlarmState, Step

_YES: Final = {None: "either", True: "yes", False: "no"}
_ANY: Final = "Any"


def diagram() -> str:
    """Return the life cycle as a Mermaid state diagram; what starts in A to F alike is one arrow."""
    lines = ["stateDiagram-v2", f'    state "A to F" as {_ANY} {{', "        [*] --> A"]
    lines += [f"        {state.name}: {state.name} {MEANINGS[state].name}" for state in ANNUNCIATING]
    own = [step for step in STEPS if step.after in ANNUNCIATING and step.before[0] in ANNUNCIATING]
    lines += [f"        {_arrow(step)}" for step in own]
    lines.append("    }")
    silent = [state for state in AlarmState if state not in ANNUNCIATING]
    lines += [f"    {state.name}: {state.name} {MEANINGS[state].name}" for state in silent]
    lines += [f"    {_arrow(step)}" for step in STEPS if step not in own]
    return "\n".join(lines)


def _arrow(step: Step) -> str:
    before = _ANY if step.before == ANNUNCIATING else step.before[0].name
    guards = [
        *([] if step.latching is None else ["latching" if step.latching else "not latching"]),
        *([] if step.active is None else ["condition true" if step.active else "condition false"]),
    ]
    guard = f" ({', '.join(guards)})" if guards else ""
    return f"{before} --> {step.after.name}: {step.meaning}{guard}"


def document() -> str:
    """Return states, diagram and transitions as Markdown."""
    lines = ["| state | name | active | acknowledged | annunciated |", "|---|---|---|---|---|"]
    for state, meaning in MEANINGS.items():
        flags = (meaning.active, meaning.acknowledged, meaning.annunciated)
        lines.append(f"| {state.name} | {meaning.name} | {' | '.join(_YES[flag] for flag in flags)} |")
    lines += ["", "```mermaid", diagram(), "```", ""]
    lines += ["| from | to | trigger | when | latching | condition |", "|---|---|---|---|---|---|"]
    for step in STEPS:
        before = "A to F" if step.before == ANNUNCIATING else step.before[0].name
        trigger = step.trigger.name.lower().replace("_", "-")
        guards = f"{_YES[step.latching]} | {_YES[step.active].replace('yes', 'true').replace('no', 'false')}"
        lines.append(f"| {before} | {step.after.name} | {trigger} | {step.meaning} | {guards} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(document())  # noqa: T201  # this is how the reference is written anew
