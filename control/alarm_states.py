"""The life of an alarm as one table (ISA-18.2 / IEC 62682 as commonly cited).

The kernel steps by this table, the tests walk it, the documentation's diagram is drawn from it:
there is no other place where a transition is written down.

What the engine keeps of an alarm is a word of flags, because an alarm can be shelved, suppressed and
out of service at once; the letter follows from the flags (I before H before G). The table is written
in letters, and `NEXT` spells it out for every word of flags.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt


class AlarmState(IntEnum):
    """States by the letters of the standard's diagram."""

    A = 0
    B = 1
    C = 2
    D = 3
    E = 4
    F = 5
    G = 6
    H = 7
    I = 8  # noqa: E741  # the standard's letter


class Trigger(IntEnum):
    """What can happen to an alarm; the number travels in transitions as their cause."""

    RAISE = 0
    CLEAR = 1
    ACKNOWLEDGE = 2
    RESET = 3
    RE_ALARM = 4
    SHELVE = 5
    UNSHELVE = 6
    EXPIRE = 7
    SUPPRESS = 8
    UNSUPPRESS = 9
    REMOVE = 10
    RETURN = 11


# An alarm's flags.
ACTIVE: Final = 1
UNACKNOWLEDGED: Final = 2
LATCHED: Final = 4
SHELVED: Final = 8
SUPPRESSED: Final = 16
OUT_OF_SERVICE: Final = 32
SILENT: Final = SHELVED | SUPPRESSED | OUT_OF_SERVICE
"""Any of these, and the alarm is not annunciated; its condition is followed and logged on."""
WORDS: Final = 64


@dataclass(frozen=True, slots=True)
class StateMeaning:
    """What a state says: to an operator, and to a consumer that knows active and acknowledged only."""

    name: str
    active: bool | None
    """None: it may be either."""
    acknowledged: bool
    annunciated: bool
    flags: int
    """The flags of the state; of G, H and I the one that makes it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transition. A guard that is None holds for both."""

    before: tuple[AlarmState, ...]
    trigger: Trigger
    after: AlarmState
    meaning: str
    latching: bool | None = None
    active: bool | None = None
    """Guard: whether the condition holds, delays considered."""


MEANINGS: Final = {
    AlarmState.A: StateMeaning("normal", False, True, False, 0),
    AlarmState.B: StateMeaning("unacknowledged", True, False, True, ACTIVE | UNACKNOWLEDGED),
    AlarmState.C: StateMeaning("acknowledged", True, True, True, ACTIVE),
    AlarmState.D: StateMeaning("returned to normal, unacknowledged", False, False, True, UNACKNOWLEDGED),
    AlarmState.E: StateMeaning("latched, unacknowledged", False, False, True, LATCHED | UNACKNOWLEDGED),
    AlarmState.F: StateMeaning("latched, acknowledged", False, True, True, LATCHED),
    AlarmState.G: StateMeaning("shelved", None, True, False, SHELVED),
    AlarmState.H: StateMeaning("suppressed by design", None, True, False, SUPPRESSED),
    AlarmState.I: StateMeaning("out of service", None, True, False, OUT_OF_SERVICE),
}

_A, _B, _C, _D, _E, _F, _G, _H, _I = AlarmState
ANNUNCIATING: Final = (_A, _B, _C, _D, _E, _F)
"""States of an alarm that nothing silences."""
_T = Trigger

STEPS: Final = (
    Step((_A,), _T.RAISE, _B, "condition true for the on-delay"),
    Step((_B,), _T.ACKNOWLEDGE, _C, "acknowledged"),
    Step((_B,), _T.CLEAR, _D, "condition false for the off-delay", latching=False),
    Step((_B,), _T.CLEAR, _E, "condition false for the off-delay", latching=True),
    Step((_C,), _T.CLEAR, _A, "condition false for the off-delay", latching=False),
    Step((_C,), _T.CLEAR, _F, "condition false for the off-delay", latching=True),
    Step((_C,), _T.RE_ALARM, _B, "re-alarm time over"),
    Step((_D,), _T.ACKNOWLEDGE, _A, "acknowledged"),
    Step((_D,), _T.RAISE, _B, "condition true again for the on-delay"),
    Step((_E,), _T.ACKNOWLEDGE, _F, "acknowledged"),
    Step((_E,), _T.RAISE, _B, "condition true again for the on-delay"),
    Step((_F,), _T.RAISE, _B, "condition true again for the on-delay"),
    Step((_F,), _T.RESET, _A, "reset"),
    Step(ANNUNCIATING, _T.SHELVE, _G, "shelved"),
    Step((_G,), _T.UNSHELVE, _A, "unshelved", active=False),
    Step((_G,), _T.UNSHELVE, _B, "unshelved", active=True),
    Step((_G,), _T.EXPIRE, _A, "shelving time over", active=False),
    Step((_G,), _T.EXPIRE, _B, "shelving time over", active=True),
    Step(ANNUNCIATING, _T.SUPPRESS, _H, "suppressed by design"),
    Step((_H,), _T.UNSUPPRESS, _A, "no longer suppressed", active=False),
    Step((_H,), _T.UNSUPPRESS, _B, "no longer suppressed", active=True),
    Step(ANNUNCIATING, _T.REMOVE, _I, "removed from service"),
    Step((_I,), _T.RETURN, _A, "returned to service", active=False),
    Step((_I,), _T.RETURN, _B, "returned to service", active=True),
    *(Step((s,), _T.RAISE, s, "logged, not annunciated", active=False) for s in (_G, _H, _I)),
    *(Step((s,), _T.CLEAR, s, "logged, not annunciated", active=True) for s in (_G, _H, _I)),
)

NO_STEP: Final = -1

_SILENCED_BY: Final = {_T.SHELVE: SHELVED, _T.SUPPRESS: SUPPRESSED, _T.REMOVE: OUT_OF_SERVICE}
_ENDED_BY: Final = {
    _T.UNSHELVE: SHELVED,
    _T.EXPIRE: SHELVED,
    _T.UNSUPPRESS: SUPPRESSED,
    _T.RETURN: OUT_OF_SERVICE,
}


def state_of(flags: int) -> AlarmState | None:
    """Return the letter of a word of flags; None for a word that no alarm can have."""
    if flags & SILENT:
        if flags & (UNACKNOWLEDGED | LATCHED):
            return None
        return _I if flags & OUT_OF_SERVICE else _H if flags & SUPPRESSED else _G
    return next((state for state in ANNUNCIATING if MEANINGS[state].flags == flags), None)


def _after(flags: int, trigger: Trigger, latching: bool) -> int:
    """Return the flags that follow by the table; what silences an alarm does so for itself alone."""
    state = state_of(flags)
    silenced, ended = _SILENCED_BY.get(trigger, 0), _ENDED_BY.get(trigger, 0)
    if state is None or flags & silenced or ended & ~flags:
        return NO_STEP
    if silenced:
        return flags & (ACTIVE | SILENT) | silenced
    if ended:
        if flags & SILENT != ended:
            return flags & ~ended
        state = state_of(ended)
    for step in STEPS:
        fits = state in step.before and step.trigger is trigger
        if fits and step.latching in (None, latching) and step.active in (None, bool(flags & ACTIVE)):
            if step.after in ANNUNCIATING:
                return MEANINGS[step.after].flags
            return flags & ~ACTIVE | (ACTIVE if trigger is _T.RAISE else 0)
    return NO_STEP


def _tables() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    after = np.full((WORDS, len(Trigger), 2), NO_STEP, np.int16)
    begins = np.zeros(after.shape, np.uint8)
    unacknowledged = MEANINGS[_B].flags
    for flags in range(WORDS):
        for trigger in Trigger:
            for latching in (0, 1):
                new = _after(flags, trigger, bool(latching))
                after[flags, trigger, latching] = new
                annunciates = new == unacknowledged != flags
                begins[flags, trigger, latching] = new != NO_STEP and (trigger is _T.RAISE or annunciates)
    return after, begins


NEXT, BEGINS = _tables()
"""NEXT[flags, trigger, latching] is the word of flags that follows, or NO_STEP; BEGINS is 1 where that
begins a new occurrence: the condition has become true, or the alarm is annunciated anew."""
