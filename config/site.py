"""The effective configuration: what everything else reads, whole, expanded and checked.

`Site` is what a file says after includes, templates, tag lists and secrets: units hold their
full lists of tags, loops, alarms; references are full names (`br1/temp.pv`). `config.load`
makes it; nothing else does, so nobody meets a half-checked configuration.
"""

from __future__ import annotations

import functools

from pydantic import Field, PrivateAttr

from config.access import AccessControl
from config.alarms import Alarm
from config.devices import Device
from config.expressions import parse
from config.loops import Calculation, Interlock, Loop
from config.model import Model, Name
from config.quantities import PositiveDuration
from config.simulation import Simulation
from config.streams import Streams
from config.tags import Tag, TagKind
from config.units import Unit


class SiteIdentity(Model):
    """The site: the first level of every topic."""

    name: Name
    """First level of every topic."""
    display_name: str = ""
    """What people see."""


class Gateway(Model):
    """This gateway."""

    name: Name
    """Name of this gateway among those of the site; a level of its topics."""
    scan_period: PositiveDuration = 0.1
    """Period of the engine's scan."""
    outputs_armed: bool = False
    """True: outputs are written as soon as their PVs are good. False: an operator arms them."""


class Site(Model):
    """A gateway's whole configuration, expanded and checked."""

    site: SiteIdentity
    gateway: Gateway
    devices: dict[Name, Device] = Field(default_factory=dict)
    units: dict[Name, Unit] = Field(default_factory=dict)
    streams: Streams = Streams()
    access: AccessControl = AccessControl()
    simulation: Simulation | None = None

    _fingerprint: str = PrivateAttr(default="")

    @property
    def fingerprint(self) -> str:
        """16 hex digits over the effective configuration (secrets left out)."""
        return self._fingerprint

    @functools.cached_property
    def tags(self) -> dict[str, Tag]:
        """Every tag by its full name, in the order that gives it its index in the image.

        Configured tags first, then those that calculations bring, then `<loop>.sp`, `<loop>.op`
        and `<loop>.mode` of every loop.
        """
        tags = {f"{u}/{t}": tag for u, unit in self.units.items() for t, tag in unit.tags.items()}
        for name, calculation in self.calculations.items():
            tags[name] = Tag(
                display_name=calculation.display_name,
                description=calculation.description,
                unit=calculation.unit,
                kind=calculation.kind or TagKind.NUMBER,
                report=calculation.report,
                format=calculation.format,
            )
        derived: dict[str, Tag] = {}
        for name, loop in self.loops.items():
            pv, output = self._origin(loop.pv, tags), self._origin(loop.output, tags)
            derived[f"{name}.sp"] = Tag(
                description=f"Set-point of {name}",
                unit=pv.unit,
                low=pv.low if loop.sp_low is None else loop.sp_low,
                high=pv.high if loop.sp_high is None else loop.sp_high,
                format=pv.format,
            )
            derived[f"{name}.op"] = Tag(
                description=f"Output of {name}", unit=output.unit, format=output.format
            )
            derived[f"{name}.mode"] = Tag(description=f"Mode of {name}", format=".0f")
        return tags | derived

    def _origin(self, name: str, tags: dict[str, Tag]) -> Tag:
        """Follow a loop's `.sp` to its PV and its `.op` to its output, until a tag of the plant.

        Raises:
            ValueError: the way leads back to itself (`config.load` reports it as a cascade cycle).
        """
        for _ in range(2 * len(self.loops) + 1):
            if name in tags:
                return tags[name]
            loop_name, _, part = name.rpartition(".")
            if part == "mode":
                return Tag(format=".0f")
            loop = self.loops[loop_name]
            name = loop.pv if part == "sp" else loop.output
        raise ValueError(f"{name} takes its unit from itself")

    @functools.cached_property
    def tag_index(self) -> dict[str, int]:
        """Full tag name to its index in the image."""
        return {name: index for index, name in enumerate(self.tags)}

    @functools.cached_property
    def loops(self) -> dict[str, Loop]:
        """Every loop by its full name."""
        return {f"{u}/{n}": loop for u, unit in self.units.items() for n, loop in unit.loops.items()}

    @functools.cached_property
    def alarms(self) -> dict[str, Alarm]:
        """Every alarm by its full name."""
        return {f"{u}/{n}": alarm for u, unit in self.units.items() for n, alarm in unit.alarms.items()}

    @functools.cached_property
    def calculations(self) -> dict[str, Calculation]:
        """Every calculation by its full name."""
        return {f"{u}/{n}": c for u, unit in self.units.items() for n, c in unit.calculations.items()}

    @functools.cached_property
    def interlocks(self) -> dict[str, Interlock]:
        """Every interlock by its full name."""
        return {f"{u}/{n}": i for u, unit in self.units.items() for n, i in unit.interlocks.items()}

    def unit_of(self, name: str) -> str:
        """Return the unit that a full name belongs to."""
        return name.split("/", 1)[0]

    def tags_of_device(self, device: str) -> dict[str, Tag]:
        """Return the tags that are read from, or written to, a device."""
        return {name: tag for name, tag in self.tags.items() if tag.device == device}

    def speed_of(self, device: str | None) -> float:
        """Return the plant seconds per wall-clock second behind a device (1 for a real plant)."""
        return 1.0 if self.simulation is None else self.simulation.speed_of(device)

    def speed_of_tag(self, name: str) -> float:
        """Return the plant seconds per wall-clock second that a tag's values change with.

        For what is computed it is the speed of the devices behind it, also those behind other
        calculations; where they differ, or there are none, that of the simulation.
        """
        if self.simulation is None:
            return 1.0
        speeds = {self.speed_of(device) for device in self._devices_behind(name)}
        return speeds.pop() if len(speeds) == 1 else self.speed_of(None)

    def _devices_behind(self, name: str) -> set[str]:
        devices: set[str] = set()
        pending, seen = [name], set[str]()
        while pending:
            tag = pending.pop()
            if tag in seen:
                continue
            seen.add(tag)
            device = self.tags[tag].device
            if device is not None:
                devices.add(device)
            elif tag in self.calculations:
                pending += [m.name for m in parse(self.calculations[tag].expression).references()]
            elif (loop := self.loops.get(tag.rpartition(".")[0])) is not None:
                pending.append(loop.output if tag.endswith(".op") else loop.pv)
        return devices

    def text_tags(self) -> frozenset[str]:
        """Return the names of the tags that travel beside the engine."""
        return frozenset(name for name, tag in self.tags.items() if tag.kind is TagKind.TEXT)
