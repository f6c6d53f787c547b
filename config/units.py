"""Units (ISA-88) and what hangs on them, and the templates that make many of one."""

from __future__ import annotations

import enum
from typing import Any

from config.alarms import Alarm
from config.loops import Calculation, Interlock, Loop
from config.model import Model, Name
from config.tags import Tag


class Equipment(Model):
    """What a template and a unit can both hold. Keys are names within the unit: `temp.pv`."""

    display_name: str = ""
    description: str = ""
    tags: dict[str, Tag] = {}
    tag_lists: list[str] = []
    """CSV files with more tags, one a row, paths relative to the file that names them."""
    calculations: dict[str, Calculation] = {}
    loops: dict[str, Loop] = {}
    alarms: dict[str, Alarm] = {}
    interlocks: dict[str, Interlock] = {}


class ParameterType(enum.StrEnum):
    """What a template's parameter must be."""

    TEXT = "text"
    NUMBER = "number"
    QUANTITY = "quantity"
    BOOL = "bool"
    DEVICE = "device"


class Parameter(Model):
    """A parameter of a template; without a default it must be given."""

    type: ParameterType = ParameterType.TEXT
    unit: str = ""
    """For a quantity: what it must be convertible to."""
    default: Any = None
    description: str = ""


class Unit(Equipment):
    """A unit of the physical model. References inside it need no unit: `temp.pv` is its own."""

    area: Name
    cell: Name
    template: str | None = None
    parameters: dict[str, Any] = {}
