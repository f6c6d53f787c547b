"""The effective configuration: what everything else reads, whole, expanded and checked.

`Site` is what a file says after includes, templates, tag lists and secrets: units hold their
full lists of tags, loops, alarms; references are full names (`br1/temp.pv`). `config.load`
makes it; nothing else does, so nobody meets a half-checked configuration.
"""

from __future__ import annotations

import functools

from pydantic import Field, PrivateAttr

from config.access import AccessControl
from config.alarm_management import AlarmClass, AlarmManagement
from config.alarms import Alarm
from config.brought_tags import BroughtTags
from config.devices import Device
from config.expressions import parse
from config.hmi import Hmi
from config.interlocks import Interlock, Permissive
from config.loops import Calculation, Loop
from config.model import Model, Name
from config.profiles import Profile
from config.quantities import Duration, PositiveDuration
from config.realtime import RealTime
from config.simulation import Simulation
from config.streams import Streams
from config.structures import Selector, Split
from config.tags import Tag, TagKind
from config.units import Unit


class SiteIdentity(Model):
    """The site: the first level of every topic."""

    name: Name
    """First level of every topic."""
    display_name: str = ""
    """What people see."""


class Recording(Model):
    """The record of all that went into the engine and came out of it."""

    enabled: bool = True
    """False: nothing is recorded, and nothing can be replayed."""
    segment_period: PositiveDuration = 600.0
    """A file covers this time; each begins with the whole state, so that a replay can begin there."""
    max_bytes: int = Field(default=1_000_000_000, ge=10_000_000)
    """Beyond this the oldest files go."""
    max_age: PositiveDuration = 30 * 86400.0
    """Older files go."""


class Gateway(Model):
    """This gateway."""

    name: Name
    """Name of this gateway among those of the site; a level of its topics."""
    scan_period: PositiveDuration = 0.1
    """Period of the engine's scan."""
    loop_report: PositiveDuration = 600.0
    """How often it is told how well each loop did (wall clock)."""
    realtime: RealTime = RealTime()
    """Priority and processors of the engine's thread."""
    outputs_armed: bool = False
    """True: outputs are written as soon as their PVs are good. False: an operator arms them."""
    snapshot_period: PositiveDuration = 2.0
    """The state of control is put on the disk this often, for a warm start."""
    warm_start_max_age: Duration = 300.0
    """A start goes on from a snapshot that is at most this old; 0 is always a cold start."""
    warm_start_armed: bool = False
    """True: what a person had armed is armed again after a warm start. False: a person arms after each."""
    max_force: PositiveDuration = 28800.0
    """A tag is forced or simulated for at most this long; then it ends by itself."""
    recording: Recording = Recording()
    """What control saw and did, kept for `cellgate replay`."""


class Site(Model):
    """A gateway's whole configuration, expanded and checked."""

    site: SiteIdentity
    gateway: Gateway
    devices: dict[Name, Device] = Field(default_factory=dict)
    units: dict[Name, Unit] = Field(default_factory=dict)
    streams: Streams = Streams()
    access: AccessControl = AccessControl()
    alarm_management: AlarmManagement = AlarmManagement()
    hmi: Hmi = Hmi()
    simulation: Simulation | None = None

    _fingerprint: str = PrivateAttr(default="")

    @property
    def fingerprint(self) -> str:
        """16 hex digits over the effective configuration (secrets left out)."""
        return self._fingerprint

    @functools.cached_property
    def tags(self) -> dict[str, Tag]:
        """Every tag by its full name, in the order that gives it its index in the image.

        Configured tags first, then those that calculations bring, then those of loops, selectors
        and splits (`BroughtTags`).
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
        return tags | BroughtTags(tags, self.loops, self.selectors, self.splits).tags()

    @functools.cached_property
    def tag_index(self) -> dict[str, int]:
        """Full tag name to its index in the image."""
        return {name: index for index, name in enumerate(self.tags)}

    @functools.cached_property
    def loops(self) -> dict[str, Loop]:
        """Every loop by its full name."""
        return {f"{u}/{n}": loop for u, unit in self.units.items() for n, loop in unit.loops.items()}

    @functools.cached_property
    def selectors(self) -> dict[str, Selector]:
        """Every selector by its full name."""
        return {f"{u}/{n}": s for u, unit in self.units.items() for n, s in unit.selectors.items()}

    @functools.cached_property
    def splits(self) -> dict[str, Split]:
        """Every split by its full name."""
        return {f"{u}/{n}": s for u, unit in self.units.items() for n, s in unit.splits.items()}

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

    @functools.cached_property
    def permissives(self) -> dict[str, Permissive]:
        """Every permissive by its full name."""
        return {f"{u}/{n}": p for u, unit in self.units.items() for n, p in unit.permissives.items()}

    @functools.cached_property
    def profiles(self) -> dict[str, Profile]:
        """Every set-point profile by its full name."""
        return {f"{u}/{n}": p for u, unit in self.units.items() for n, p in unit.profiles.items()}

    @functools.cached_property
    def first_out_groups(self) -> dict[str, list[str]]:
        """Every first-out group of interlocks by its full name, with its members."""
        groups: dict[str, list[str]] = {}
        for name, interlock in self.interlocks.items():
            if interlock.first_out:
                groups.setdefault(interlock.first_out, []).append(name)
        return groups

    @functools.cached_property
    def alarm_groups(self) -> dict[str, list[str]]:
        """Alarms of each first-out group, by the group's full name."""
        groups: dict[str, list[str]] = {}
        for name, alarm in self.alarms.items():
            if alarm.first_out is not None:
                groups.setdefault(f"{self.unit_of(name)}/{alarm.first_out}", []).append(name)
        return groups

    def class_of(self, alarm: Alarm) -> AlarmClass:
        """Return the class of an alarm, with the alarm's own shelving time where it has one."""
        found = self.alarm_management.classes.get(alarm.alarm_class or "", AlarmClass())
        if alarm.max_shelve is None:
            return found
        return found.model_copy(update={"max_shelve": alarm.max_shelve})

    @functools.cached_property
    def owners(self) -> dict[str, str]:
        """What moves each tag that a loop, selector or split moves, in words: `loop 'br1/temp'`."""
        owners = {b.output: f"split {n!r}" for n, split in self.splits.items() for b in split.branches}
        owners |= {selector.output: f"selector {n!r}" for n, selector in self.selectors.items()}
        return owners | {loop.output: f"loop {n!r}" for n, loop in self.loops.items()}

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
        speeds = {self.speed_of(self.tags[tag].device) for tag in self.tags_behind(name)}
        return speeds.pop() if len(speeds) == 1 else self.speed_of(None)

    def tags_behind(self, name: str) -> list[str]:
        """Return the tags of devices that a tag comes from or leads to; of a device's own tag, itself."""
        found: list[str] = []
        pending, seen = [name], set[str]()
        while pending:
            tag = pending.pop(0)
            if tag in seen:
                continue
            seen.add(tag)
            if self.tags[tag].device is not None:
                found.append(tag)
            elif tag in self.calculations:
                pending += [m.name for m in parse(self.calculations[tag].expression).references()]
            elif (loop := self.loops.get(owner := tag.rpartition(".")[0])) is not None:
                pending.append(loop.output if tag.endswith(".op") else loop.pv)
            elif owner in self.selectors:
                pending.append(self.selectors[owner].output)
            elif owner in self.splits:
                pending += [branch.output for branch in self.splits[owner].branches]
        return found

    def text_tags(self) -> frozenset[str]:
        """Return the names of the tags that travel beside the engine."""
        return frozenset(name for name, tag in self.tags.items() if tag.kind is TagKind.TEXT)
