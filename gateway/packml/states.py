"""States of PackML (ISA-TR88.00.02) as people see them, and how they follow each other."""

from __future__ import annotations

from typing import Final

from config.phases import PACKML_STATES

STATE_NAMES: Final = {number: name for name, number in PACKML_STATES.items()}
MODE_NAMES: Final = {1: "production", 2: "maintenance", 3: "manual"}
PRODUCTION: Final = 1
EXECUTE: Final = PACKML_STATES["execute"]
IDLE: Final = PACKML_STATES["idle"]
STOPPED: Final = PACKML_STATES["stopped"]
WAITING: Final = frozenset(
    PACKML_STATES[name] for name in ("stopped", "idle", "suspended", "execute", "aborted", "held", "complete")
)
"""States that last until a command or a cause comes; the others are on their way to one of these."""
STOPS: Final = frozenset(
    PACKML_STATES[name]
    for name in ("stopping", "stopped", "aborting", "aborted", "clearing", "holding", "held", "unholding",
                 "suspending", "suspended", "unsuspending")
)  # fmt: skip
"""States of a machine that stands, or is coming to a stand, where it should run."""


def state_name(value: float | None) -> str | None:
    """Return the name of a state's number; None when there is no such one."""
    return None if value is None or value != int(value) else STATE_NAMES.get(int(value))


def mode_name(value: float | None) -> str | None:
    """Return the name of a mode; machines may have modes of their own from 4 on."""
    if value is None or value != int(value) or value < 1:
        return None
    return MODE_NAMES.get(int(value), f"mode {int(value)}")
