"""Commands of PackML, and which of them a state takes (ISA-TR88.00.02, base state model)."""

from __future__ import annotations

from typing import Final

from config.packml import PackMl
from config.phases import PACKML_STATES
from gateway.packml.states import MODE_NAMES, state_name

PACKML_COMMANDS: Final = {
    "reset": 1,
    "start": 2,
    "stop": 3,
    "hold": 4,
    "unhold": 5,
    "suspend": 6,
    "unsuspend": 7,
    "abort": 8,
    "clear": 9,
    "complete": 10,
}
"""Numbers of `CntrlCmd`, by name."""

PACKML_MODES: Final = {name: number for number, name in MODE_NAMES.items()}
"""Numbers of `UnitMode`, by name."""

_OF_ONE_STATE: Final = {
    "stopped": ("reset",),
    "idle": ("start",),
    "execute": ("hold", "suspend", "complete"),
    "held": ("unhold",),
    "suspended": ("unsuspend",),
    "complete": ("reset",),
    "aborted": ("clear",),
}
_TAKES_NO_STOP: Final = frozenset({"clearing", "stopping", "stopped", "aborting", "aborted"})
_TAKES_NO_ABORT: Final = frozenset({"aborting", "aborted"})

_TAKEN: Final = {
    number: (
        *_OF_ONE_STATE.get(state, ()),
        *(() if state in _TAKES_NO_STOP else ("stop",)),
        *(() if state in _TAKES_NO_ABORT else ("abort",)),
    )
    for state, number in PACKML_STATES.items()
}


def taken_in(state: float | None) -> tuple[str, ...]:
    """Return the commands that a state takes, the mildest first; none where it is unknown (None, NaN)."""
    if state is None or state != state or state != int(state):  # noqa: PLR0124 - NaN
        return ()
    return _TAKEN.get(int(state), ())


def modes_taken(machine: PackMl, state: float | None, mode: float | None) -> tuple[str, ...]:
    """Return the modes that a machine takes now: none where its state keeps it, never the present."""
    unknown = any(number is None or number != number for number in (state, mode))  # noqa: PLR0124 - NaN
    if machine.mode_command is None or unknown or state_name(state) not in machine.mode_changes_in:
        return ()
    return tuple(name for name, number in PACKML_MODES.items() if number != mode)
