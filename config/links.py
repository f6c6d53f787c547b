"""References: every name of a tag, unit or device becomes a full one that exists.

What refers to nothing is reported and left out; what refers to something that was left out is left
out as well, without a word, so that one mistake is one problem.
"""

from __future__ import annotations

from typing import Final, TypeVar

from config.alarms import Alarm
from config.devices import DeviceBase
from config.draft import Draft, UnitDraft
from config.errors import Findings, Path
from config.interlocks import Interlock, Permissive
from config.model import Model
from config.names import LOOP_TAGS, RATIO_TAG, SELECTOR_TAGS, SPLIT_TAGS, Names
from config.nodes import Map
from config.profiles import Profile
from config.quantities import Quantity
from config.structure_links import (
    linked_loop,
    linked_selector,
    linked_split,
    references,
    report_circles,
)
from config.suggest import did_you_mean, listed
from config.tag_names import tag_names, with_tag_names

_ALARM_TAGS: Final = ("tag", "reference", "command")
_REFERENCES: Final = {"loops": ("pv", "output"), "selectors": ("output",), "alarms": _ALARM_TAGS}

_Named = TypeVar("_Named", bound=Model)


def link(draft: Draft, names: Names, findings: Findings) -> None:
    """Give every reference of a draft its full name, except those within expressions."""
    for unit, kind, name in names.doubled:
        if unit in draft.units:
            getattr(draft.units[unit], kind).pop(name, None)
    for unit, parts in draft.units.items():
        linker = _Linker(unit, names, findings)
        linker.left_out(draft.root["units"][unit], parts)
        loops = {name: linked_loop(linker.full, name, loop) for name, loop in parts.loops.items()}
        selectors = {name: linked_selector(linker.full, name, s) for name, s in parts.selectors.items()}
        splits = {name: linked_split(linker.full, name, split) for name, split in parts.splits.items()}
        alarms = {name: linker.alarm(name, alarm) for name, alarm in parts.alarms.items()}
        interlocks = {name: linker.interlock(name, i) for name, i in parts.interlocks.items()}
        permissives = {name: linker.permissive(name, p) for name, p in parts.permissives.items()}
        parts.loops = {name: loop for name, loop in loops.items() if loop is not None}
        parts.selectors = {name: s for name, s in selectors.items() if s is not None}
        parts.splits = {name: split for name, split in splits.items() if split is not None}
        parts.alarms = {name: alarm for name, alarm in alarms.items() if alarm is not None}
        parts.interlocks = {name: i for name, i in interlocks.items() if i is not None}
        parts.permissives = {name: p for name, p in permissives.items() if p is not None}
        profiles = {name: linker.profile(name, p) for name, p in parts.profiles.items()}
        parts.profiles = {name: p for name, p in profiles.items() if p is not None}
        shell = parts.shell
        linked = {
            "screen": linker.named("screen", shell.screen),
            "packml": linker.named("packml", shell.packml),
        }
        parts.shell = shell.model_copy(update=linked)
    draft.devices = {name: _linked_device(name, d, names, findings) for name, d in draft.devices.items()}
    _check_users(draft, findings)
    prune(draft)
    report_circles(draft, findings)
    prune(draft)


class _Linker:
    """Links the parts of one unit."""

    def __init__(self, unit: str, names: Names, findings: Findings) -> None:
        self._unit = unit
        self._names = names
        self._findings = findings

    def full(self, reference: str, *path: str | int) -> str | None:
        """Return the full name of a reference at a path in the unit; None when it leads nowhere."""
        return self._names.check(self._unit, reference, ("units", self._unit, *path))

    def left_out(self, written: Map, parts: UnitDraft) -> None:
        """Check the references of what is wrong in itself: they may be wrong as well."""
        for kind, fields in _REFERENCES.items():
            collection = written.get(kind)
            if not isinstance(collection, Map):
                continue
            for name, part in collection.items():
                if isinstance(part, Map) and name not in getattr(parts, kind):
                    for field in fields:
                        if isinstance(part.get(field), str):
                            self.full(part[field], kind, name, field)

    def alarm(self, name: str, alarm: Alarm) -> Alarm | None:
        named = {field: getattr(alarm, field) for field in _ALARM_TAGS if getattr(alarm, field) is not None}
        full = {field: self.full(tag, "alarms", name, field) for field, tag in named.items()}
        suppress = alarm.suppress
        if suppress is not None and suppress.packml is not None:
            state = self.full(suppress.packml.tag, "alarms", name, "suppress", "packml", "tag")
            packml = suppress.packml.model_copy(update={"tag": state})
            suppress = None if state is None else suppress.model_copy(update={"packml": packml})
        if None in full.values() or (suppress is None) != (alarm.suppress is None):
            return None
        return alarm.model_copy(update={**full, "suppress": suppress})

    def interlock(self, name: str, interlock: Interlock) -> Interlock | None:
        force: dict[str, Quantity] = {}
        for reference, value in interlock.force.items():
            tag = self.full(reference, "interlocks", name, "force", reference)
            if tag is None:
                continue
            if tag in force:
                path: Path = ("units", self._unit, "interlocks", name, "force", reference)
                self._findings.error(None, path, f"{tag!r} is forced twice", "keep one of the two values")
            force[tag] = value
        if len(force) < len(interlock.force):
            return None
        group = interlock.first_out and self._names.full(self._unit, interlock.first_out)
        return interlock.model_copy(update={"force": force, "first_out": group})

    def permissive(self, name: str, permissive: Permissive) -> Permissive | None:
        loops: list[str] = []
        for index, reference in enumerate(permissive.loops):
            full = self._loop(reference, ("units", self._unit, "permissives", name, "loops", index))
            if full is not None:
                loops.append(full)
        if len(loops) < len(permissive.loops):
            return None
        return permissive.model_copy(update={"loops": loops})

    def profile(self, name: str, profile: Profile) -> Profile | None:
        full = self._loop(profile.loop, ("units", self._unit, "profiles", name, "loop"))
        return None if full is None else profile.model_copy(update={"loop": full})

    def named(self, field: str, part: _Named | None) -> _Named | None:
        """Link a field of the unit that names tags wherever it has a `TagName`."""
        if part is None:
            return None
        full = {tag: self.full(tag, field, *path) for path, tag in tag_names(part)}
        known = {str(tag): name for tag, name in full.items() if name is not None}
        return with_tag_names(part, known.__getitem__) if len(known) == len(full) else None

    def _loop(self, reference: str, path: Path) -> str | None:
        full = self._names.full(self._unit, reference)
        if self._names.exists(f"{full}.mode"):
            return full
        fix = did_you_mean(reference, self._names.loops(self._unit), "name a loop of this site")
        self._findings.error(None, path, f"there is no loop {reference!r}", fix)
        return None


def _linked_device(name: str, device: DeviceBase, names: Names, findings: Findings) -> DeviceBase:
    if device.watchdog is None or names.check(None, device.watchdog, ("devices", name, "watchdog")):
        return device
    return device.model_copy(update={"watchdog": None})


def _check_users(draft: Draft, findings: Findings) -> None:
    written = draft.root.get("units")
    known = set(written) if isinstance(written, Map) else set()
    for name, user in draft.access.users.items():
        for index, unit in enumerate(user.units or ()):
            if unit not in draft.units and unit not in known:
                fix = did_you_mean(unit, draft.units, f"the units are {listed(draft.units)}")
                path: Path = ("access", "users", name, "units", index)
                findings.error(None, path, f"there is no unit {unit!r}", fix)


def prune(draft: Draft) -> None:
    """Leave out what refers to something that was left out."""
    while True:
        tags = available(draft)
        left_out = sum(_prune_unit(parts, tags) for parts in draft.units.values())
        for name, device in draft.devices.items():
            if device.watchdog is not None and device.watchdog not in tags:
                draft.devices[name] = device.model_copy(update={"watchdog": None})
        if not left_out:
            return


def available(draft: Draft) -> set[str]:
    """Return the full names of the tags that a draft has, those of its loops among them."""
    tags: set[str] = set()
    for unit, parts in draft.units.items():
        tags.update(f"{unit}/{tag}" for tag in parts.tags)
        tags.update(f"{unit}/{name}" for name in parts.calculations)
        tags.update(f"{unit}/{loop}.{part}" for loop in parts.loops for part in LOOP_TAGS)
        ratios = (name for name, loop in parts.loops.items() if loop.remote and loop.remote.ratio is not None)
        tags.update(f"{unit}/{name}.{RATIO_TAG}" for name in ratios)
        tags.update(f"{unit}/{name}.{part}" for name in parts.selectors for part in SELECTOR_TAGS)
        tags.update(f"{unit}/{name}.{part}" for name in parts.splits for part in SPLIT_TAGS)
    return tags


def _prune_unit(parts: UnitDraft, tags: set[str]) -> int:
    before = _count(parts)
    parts.loops = {n: loop for n, loop in parts.loops.items() if references(loop) <= tags}
    parts.selectors = {n: s for n, s in parts.selectors.items() if references(s) <= tags}
    parts.splits = {n: split for n, split in parts.splits.items() if references(split) <= tags}
    for name, permissive in parts.permissives.items():
        left = [loop for loop in permissive.loops if f"{loop}.mode" in tags]
        parts.permissives[name] = permissive.model_copy(update={"loops": left})
    parts.profiles = {n: p for n, p in parts.profiles.items() if f"{p.loop}.mode" in tags}
    parts.alarms = {n: alarm for n, alarm in parts.alarms.items() if tags.issuperset(_tags_of(alarm))}
    parts.interlocks = {n: i for n, i in parts.interlocks.items() if tags.issuperset(i.force)}
    return before - _count(parts)


def _count(parts: UnitDraft) -> int:
    kinds = (parts.loops, parts.selectors, parts.splits, parts.alarms, parts.interlocks)
    return sum(len(kind) for kind in kinds)


def _tags_of(alarm: Alarm) -> set[str]:
    packml = None if alarm.suppress is None else alarm.suppress.packml
    named = (alarm.tag, alarm.reference, alarm.command, None if packml is None else packml.tag)
    return {tag for tag in named if tag is not None}
