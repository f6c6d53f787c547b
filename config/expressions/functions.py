"""What a function of the language is. `catalogue` has them all; parser, check and reference page read it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final

from config.expressions.syntax import Node


class Accepts(enum.Enum):
    """What an argument must be."""

    NUMBER = "number"
    PLAIN = "number without unit"
    SAME = "number, in the unit of the others"
    EITHER = "number or condition"
    CONDITION = "condition"
    DURATION = "duration"
    TIME_BASE = "one unit of time"
    TABLE = "table"
    TAG = "tag"


class Gives(enum.Enum):
    """What a function's result is, and its unit."""

    SAME = "number, in the unit of the argument"
    PLAIN = "number without unit"
    ROOT = "number, in the root of the unit"
    RATE = "number, in the unit per second"
    TOTAL = "number, in the unit times the time base"
    SECONDS = "number, in seconds"
    TABLE = "number, in the unit of the table's values"
    EITHER = "as the argument"
    CONDITION = "condition"


class Group(enum.Enum):
    """Chapters of the reference page."""

    NUMBERS = "Numbers"
    QUALITY = "Quality"
    TIME = "Timers"
    MEMORY = "Latches, edges and counts"
    WINDOW = "Filters, totals and moving windows"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function."""

    name: str
    accepts: Accepts
    default: Node | None = None
    """Value of an argument that is left out; none makes it required."""
    repeated: bool = False
    """Takes all further arguments; only the last parameter may."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function: how it is called, what it gives, and what people must know of it."""

    name: str
    group: Group
    parameters: tuple[Parameter, ...]
    gives: Gives
    summary: str
    """What it is for, one sentence or two."""
    quality: str = ""
    """What it does with bad inputs, where that is not the general rule."""
    example: str = ""
    remembers: bool = field(default=False)
    """Keeps state from scan to scan."""

    @property
    def signature(self) -> str:
        """How it is called: `limit(x, low, high)`."""
        return f"{self.name}({', '.join(_shown(parameter) for parameter in self.parameters)})"

    @property
    def least(self) -> int:
        """Arguments that must be given."""
        return sum(parameter.default is None for parameter in self.parameters)

    def parameter(self, index: int) -> Parameter:
        """Return the parameter that the argument of this index belongs to."""
        return self.parameters[min(index, len(self.parameters) - 1)]


def _shown(parameter: Parameter) -> str:
    if parameter.repeated:
        return f"{parameter.name}, …"
    return f"{parameter.name}=false" if parameter.default is not None else parameter.name


MOST_ARGUMENTS: Final = 32
"""Arguments that a function with a repeated parameter may have."""
