"""Names that states go by: phases of a unit, and the numbers of PackML."""

from __future__ import annotations

import re
from typing import Final

_PHASE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def is_phase(name: str) -> bool:
    """Tell whether a text can be the name of a phase, as the `context` command takes it."""
    return _PHASE.fullmatch(name) is not None


PACKML_STATES: Final = {
    "clearing": 1,
    "stopped": 2,
    "starting": 3,
    "idle": 4,
    "suspended": 5,
    "execute": 6,
    "stopping": 7,
    "aborting": 8,
    "aborted": 9,
    "holding": 10,
    "held": 11,
    "unholding": 12,
    "suspending": 13,
    "unsuspending": 14,
    "resetting": 15,
    "completing": 16,
    "complete": 17,
}
"""States of PackML by name: the numbers of `StateCurrent` (ISA-TR88.00.02, as in OPC 30050)."""
