"""Interlocks and permissives: what must not go on, and what must not begin."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from config.model import NAME_PATTERN, Model
from config.quantities import Duration, Quantity

ONLY: Final = "condition"
"""Name of a condition that was written without one."""
MOST_CONDITIONS: Final = 32
"""Conditions of one interlock, and those that guard one loop or phase: the engine keeps them as bits."""


def _named(value: Any) -> Any:
    """Return conditions with names: one that stands alone gets `ONLY`."""
    if isinstance(value, str):
        return {ONLY: value}
    if not isinstance(value, dict):
        raise ValueError("is no condition; write an expression, or several as 'name: expression'")
    if not 1 <= len(value) <= MOST_CONDITIONS:
        raise ValueError(f"has {len(value)} conditions; write 1 to {MOST_CONDITIONS}")
    for name in value:
        if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
            raise ValueError(f"{name!r} cannot be a name; use letters, digits, '_' and '-'")
    return value


Conditions = Annotated[
    dict[str, str],
    BeforeValidator(_named),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
            ]
        },
        "validation",
    ),
]
"""One expression, or several with names."""


class Interlock(Model):
    """While a condition of it is true (or its inputs are bad) it forces tags to safe values."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """Why it must act."""
    when: Conditions
    """Expression that is true when the interlock must act, or several with names: any of them acts, and the
    one that came first is kept."""
    force: dict[str, Quantity]
    """Writable tags and the values they are forced to."""
    latched: bool = False
    """Stays until an operator resets it."""
    on_bad: bool = True
    """Acts when a condition has bad quality."""
    max_bypass: Duration = 0.0
    """Longest time for which it may be bypassed at once (wall clock); 0: it cannot be bypassed."""
    first_out: str = ""
    """First-out group of the unit, or `unit/group`: which of its interlocks acted first is kept until the
    group is reset."""


class Permissive(Model):
    """What must hold before a loop leaves manual, or a phase starts. It does not end what has begun."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """Why it must hold."""
    when: Conditions
    """Expression that must be true, or several with names: all must be. A bad one does not hold."""
    loops: list[str] = Field(default_factory=list)
    """Loops that stay out of the automatic modes until it holds."""
    phases: list[str] = Field(default_factory=list)
    """Phases of the unit that do not start until it holds, as the `context` command names them."""
