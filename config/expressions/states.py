"""Functions that tell the state of something by its name: an alarm, an interlock, a phase, PackML.

Their argument is a name, no value. What they tell of alarms and interlocks is what the scan before
left, so a condition may refer to whatever it has a part in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.expressions.errors import ExpressionError, Span
from config.expressions.syntax import Node, Number, Reference, State
from config.phases import PACKML_STATES, is_phase
from config.suggest import did_you_mean, listed

ALARM: Final = "alarm"
INTERLOCK: Final = "interlock"
BYPASSED: Final = "bypassed"
PHASE: Final = "phase"
PACKML: Final = "packml"


@dataclass(frozen=True, slots=True)
class StateFunction:
    """A function whose argument is the name of something that is no tag."""

    name: str
    of: str
    """What its argument names."""
    summary: str
    gives: str
    example: str


_FUNCTIONS = (
    StateFunction(
        ALARM,
        "alarm",
        "True while the condition of the alarm holds, delays considered, acknowledged or not.",
        "condition",
        "alarm(temp.high) or alarm(br2/temp.high)",
    ),
    StateFunction(
        INTERLOCK,
        "interlock",
        "True while the interlock acts; a latched one until its reset, a bypassed one too.",
        "condition",
        "interlock(stirrer_stopped)",
    ),
    StateFunction(
        BYPASSED,
        "interlock",
        "True while the interlock is bypassed.",
        "condition",
        "bypassed(stirrer_stopped)",
    ),
    StateFunction(
        PHASE,
        "phase",
        "True while the unit is in the phase, as the `context` command named it.",
        "condition",
        "phase(growth) and not phase(br2/harvest)",
    ),
    StateFunction(
        PACKML,
        "state of PackML",
        f"The number of a state of PackML: {listed(PACKML_STATES, len(PACKML_STATES))}.",
        "number without unit, a constant",
        "state.current == packml(execute)",
    ),
)
STATES: Final[dict[str, StateFunction]] = {function.name: function for function in _FUNCTIONS}


def bind_state(text: str, name: str, given: Sequence[Node], named: object, whole: Span) -> State | Number:
    """Return the node of a call.

    Raises:
        ExpressionError: its argument is not one name, or names what cannot be.
    """
    function = STATES[name]
    if len(given) != 1 or named or not isinstance(given[0], Reference):
        fix = f"as in {function.example}"
        raise ExpressionError.at(text, whole, f"{name} takes the name of one {function.of}", fix)
    argument = given[0]
    if name == PACKML:
        number = PACKML_STATES.get(argument.name.lower())
        if number is None:
            fix = did_you_mean(argument.name.lower(), PACKML_STATES, listed(PACKML_STATES))
            raise ExpressionError.at(text, argument.span, f"PackML has no state {argument.name!r}", fix)
        return Number(float(number), "", whole)
    if name == PHASE and not is_phase(argument.name.rpartition("/")[2]):
        fix = "phases have letters, digits, '_', '-' and '.'"
        raise ExpressionError.at(text, argument.span, f"{argument.name!r} cannot be a phase", fix)
    return State(name, argument.name, whole, argument.span)
