"""What the screens make of a unit: the kind of its page, and which tag plays which part on it.

A template declares it once, and every unit made from it has its page. A unit without one gets the
generic page. Nothing here touches control.
"""

from __future__ import annotations

import enum
from typing import Annotated, Final, Literal

from pydantic import Field

from config.model import Model
from config.quantities import Quantity
from config.tag_names import BoolName, NumberName, TagName

OUTSIDE: Final = "outside"
"""What the outermost room holds its pressure over."""


class _Page(Model):
    key_values: list[TagName] = Field(default_factory=list)
    """What the overview shows of the unit beside its loops; none takes the tags with alarms."""


class GenericScreen(_Page):
    """Loops, interlocks and values; for units that no other page fits."""

    page: Literal["generic"]
    """Loops, interlocks and values."""
    state: TagName | None = None
    """Tag that says what the unit is doing."""


class Inlet(Model):
    """What is pumped into a vessel."""

    name: str
    """What people see."""
    flow: NumberName
    """Flow into the vessel."""
    pump: NumberName | None = None
    """Output to the pump."""


class Gas(Model):
    """A gas that enters at the sparger."""

    name: str
    """What people see."""
    flow: NumberName
    """Flow into the vessel."""


class Stirrer(Model):
    """What stirs."""

    speed: NumberName
    """Speed of the shaft."""
    power: NumberName | None = None
    """Power of the shaft."""


class Jacket(Model):
    """What heats and cools the vessel."""

    temperature: NumberName
    """Temperature of the jacket."""
    valve: NumberName | None = None
    """Output to its valve."""
    position: NumberName | None = None
    """Where the valve is."""


class Exhaust(Model):
    """Where the gas leaves."""

    pressure: NumberName | None = None
    """Pressure in the head of the vessel."""
    valve: NumberName | None = None
    """Output to the exhaust valve."""
    position: NumberName | None = None
    """Where the valve is."""
    analyses: list[NumberName] = Field(default_factory=list)
    """What the off-gas contains."""


class BioreactorScreen(_Page):
    """A stirred vessel. The picture is drawn from what is listed: as many inlets and probes as there are."""

    page: Literal["bioreactor"]
    """A stirred vessel with its process picture."""
    state: TagName | None = None
    """Tag that says what the vessel is doing: its phase."""
    volume: NumberName
    """Liquid in the vessel; the upper end of its range is a full one."""
    foam: NumberName | None = None
    """Foam above the liquid, in per cent."""
    stirrer: Stirrer | None = None
    """What stirs."""
    jacket: Jacket | None = None
    """What heats and cools it."""
    exhaust: Exhaust | None = None
    """Where the gas leaves."""
    inlets: list[Inlet] = Field(default_factory=list, max_length=6)
    """What is pumped in, from the top of the picture downwards."""
    gases: list[Gas] = Field(default_factory=list, max_length=5)
    """What enters at the sparger."""
    probes: list[NumberName] = Field(default_factory=list, max_length=6)
    """What is measured in the broth."""


class Counters(Model):
    """Where every vial went, counted since the last reset (PackML `Prod…Count`)."""

    consumed: NumberName
    """Taken in."""
    processed: NumberName
    """Left the machine, good or not."""
    defective: NumberName
    """Rejected, for any reason."""
    others: dict[str, NumberName] = Field(default_factory=dict)
    """Other counters, by what people see: samples, destroyed, inside."""


class Weights(Model):
    """Fill weights and what they must be."""

    last: NumberName
    """Weight of the vial that was weighed last."""
    mean: NumberName | None = None
    """Mean of the last vials."""
    deviation: NumberName | None = None
    """Standard deviation of the last vials."""
    target: NumberName
    """What a vial should hold."""
    tolerance: NumberName
    """How far a vial may be off, in per cent of the target."""
    needles: list[NumberName] = Field(default_factory=list, max_length=32)
    """Last weight of each needle."""


class FillingLineScreen(_Page):
    """A filling line or another machine with PackML states (ISA-TR88.00.02)."""

    page: Literal["filling_line"]
    """A machine with PackML states."""
    state: NumberName
    """PackML state, 1 to 17."""
    mode: NumberName
    """PackML mode: 1 production, 2 maintenance, 3 manual."""
    speed: NumberName
    """Speed now."""
    speed_set: NumberName | None = None
    """Speed wanted."""
    design_speed: Quantity
    """Speed that the machine was built for: performance is measured against it."""
    stop_reason: NumberName | None = None
    """Why the line stands, as a number."""
    stop_reasons: dict[int, str] = Field(default_factory=dict)
    """What each stop reason means."""
    planned_reasons: list[int] = Field(default_factory=list)
    """Stop reasons of planned stops: Idle and Stopped with one of them count for no planned time."""
    counters: Counters
    """Where every vial went."""
    rejects: dict[str, NumberName] = Field(default_factory=dict)
    """Counters of rejects by reason, as people see it."""
    weights: Weights | None = None
    """Fill weights."""


class Grade(enum.StrEnum):
    """Grades of clean rooms, EU GMP Annex 1 (2022)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Room(Model):
    """A clean room of a cascade."""

    display_name: str = ""
    """What people see."""
    grade: Grade
    """Gives the limits for particles in operation (EU GMP Annex 1, table 1 and monitoring)."""
    over: str
    """Room over which it holds its pressure, or `outside`."""
    differential: NumberName
    """Pressure over that room."""
    lowest_differential: Quantity = Quantity(10.0, "Pa")
    """Below this air from the other room may flow in (EU GMP Annex 1, 4.14)."""
    particles_05: NumberName | None = None
    """Particles of 0.5 um and more in a volume of air."""
    particles_5: NumberName | None = None
    """Particles of 5 um and more in a volume of air."""
    limit_05: Quantity | None = None
    """Limit for particles of 0.5 um and more, where it is not the grade's."""
    limit_5: Quantity | None = None
    """Limit for particles of 5 um and more, where it is not the grade's."""
    temperature: NumberName | None = None
    """Of the air."""
    humidity: NumberName | None = None
    """Relative humidity of the air."""
    others: list[TagName] = Field(default_factory=list)
    """What else is worth seeing."""
    door: BoolName | None = None
    """True while the door to the next room is open."""


class CleanRoomsScreen(_Page):
    """Clean rooms of which each holds its pressure over the next one outwards."""

    page: Literal["clean_rooms"]
    """Clean rooms in a pressure cascade."""
    rooms: dict[str, Room] = Field(min_length=1)
    """The rooms, innermost first."""


Screen = Annotated[
    BioreactorScreen | FillingLineScreen | CleanRoomsScreen | GenericScreen, Field(discriminator="page")
]
"""A unit's page."""
