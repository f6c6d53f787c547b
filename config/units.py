"""Units (ISA-88) and what hangs on them, and the templates that make many of one."""

from __future__ import annotations

import enum
from typing import Any

from pydantic import Field

from config.alarms import Alarm
from config.interlocks import Interlock, Permissive
from config.loops import Calculation, Loop
from config.model import Model, Name
from config.packml import PackMl
from config.profiles import Profile
from config.screens import Screen
from config.structures import Selector, Split
from config.tags import Tag


class Equipment(Model):
    """What a template and a unit can both hold. Keys are names within the unit: `temp.pv`."""

    display_name: str = ""
    """What people see."""
    description: str = ""
    """What it is for."""
    tags: dict[str, Tag] = Field(default_factory=dict)
    """Named values, as `temp.pv`."""
    tag_lists: list[str] = Field(default_factory=list)
    """CSV files with more tags, one a row, paths relative to the file that names them."""
    calculations: dict[str, Calculation] = Field(default_factory=dict)
    """Tags whose values are computed."""
    loops: dict[str, Loop] = Field(default_factory=dict)
    """Controllers, each with a PV and an output."""
    selectors: dict[str, Selector] = Field(default_factory=dict)
    """What lets one of several loops act."""
    splits: dict[str, Split] = Field(default_factory=dict)
    """What spreads one output over several actuators."""
    alarms: dict[str, Alarm] = Field(default_factory=dict)
    """Limit alarms, each with its rationalisation record."""
    interlocks: dict[str, Interlock] = Field(default_factory=dict)
    """Conditions that force outputs to safe values."""
    profiles: dict[str, Profile] = Field(default_factory=dict)
    """Set-point profiles: ramps and holds that phases and people run."""
    permissives: dict[str, Permissive] = Field(default_factory=dict)
    """Conditions that must hold before loops go to automatic modes, or phases start."""
    packml: PackMl | None = None
    """How the unit takes PackML commands; none takes none from here."""
    screen: Screen | None = None
    """The unit's page on the screens, and which tag plays which part on it; none is the generic page."""


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
    """What a unit may give; a `device` must be one of the configuration's."""
    unit: str = ""
    """For a quantity: what it must be convertible to."""
    default: Any = None
    """Value where a unit gives none; without it the parameter is required."""
    description: str = ""
    """What it is for."""


class Template(Equipment):
    """What many units have in common. `${name}` in it stands for a parameter."""

    parameters: dict[str, Parameter] = Field(default_factory=dict)
    """What a unit must or may say, by name: small letters, digits and `_`."""


class Unit(Equipment):
    """A unit of the physical model. References inside it need no unit: `temp.pv` is its own."""

    area: Name
    """Area of the site (ISA-95), a level of the unit's topics."""
    cell: Name
    """Process cell or line within the area (ISA-95), a level of the unit's topics."""
    template: str | None = None
    """Template that the unit is made from; what the unit writes itself is laid over it."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Values of the template's parameters."""
