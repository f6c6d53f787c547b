"""References: every name of a tag, unit or device becomes a full one that exists.

What refers to nothing is reported and left out; what refers to something that was left out is left
out as well, without a word, so that one mistake is one problem.
"""

from __future__ import annotations

from typing import Final

from config.alarms import Alarm
from config.devices import DeviceBase
from config.draft import Draft, UnitDraft
from config.errors import Findings, Path
from config.graphs import cycles
from config.loops import Interlock, Loop
from config.names import LOOP_TAGS, Names
from config.nodes import Map
from config.quantities import Quantity
from config.suggest import did_you_mean, listed

_REFERENCES: Final = {"loops": ("pv", "output"), "alarms": ("tag",)}


def link(draft: Draft, names: Names, findings: Findings) -> None:
    """Give every reference of a draft its full name, except those within expressions."""
    for unit, kind, name in names.doubled:
        if unit in draft.units:
            getattr(draft.units[unit], kind).pop(name, None)
    for unit, parts in draft.units.items():
        linker = _Linker(unit, names, findings)
        linker.left_out(draft.root["units"][unit], parts)
        loops = {name: linker.loop(name, loop) for name, loop in parts.loops.items()}
        alarms = {name: linker.alarm(name, alarm) for name, alarm in parts.alarms.items()}
        interlocks = {name: linker.interlock(name, i) for name, i in parts.interlocks.items()}
        parts.loops = {name: loop for name, loop in loops.items() if loop is not None}
        parts.alarms = {name: alarm for name, alarm in alarms.items() if alarm is not None}
        parts.interlocks = {name: i for name, i in interlocks.items() if i is not None}
    draft.devices = {name: _linked_device(name, d, names, findings) for name, d in draft.devices.items()}
    _check_users(draft, findings)
    prune(draft)
    _report_cascade_cycles(draft, findings)
    prune(draft)


class _Linker:
    """Links the parts of one unit."""

    def __init__(self, unit: str, names: Names, findings: Findings) -> None:
        self._unit = unit
        self._names = names
        self._findings = findings

    def _full(self, reference: str, *path: str) -> str | None:
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
                            self._full(part[field], kind, name, field)

    def loop(self, name: str, loop: Loop) -> Loop | None:
        pv = self._full(loop.pv, "loops", name, "pv")
        output = self._full(loop.output, "loops", name, "output")
        if pv is None or output is None:
            return None
        return loop.model_copy(update={"pv": pv, "output": output})

    def alarm(self, name: str, alarm: Alarm) -> Alarm | None:
        tag = self._full(alarm.tag, "alarms", name, "tag")
        return None if tag is None else alarm.model_copy(update={"tag": tag})

    def interlock(self, name: str, interlock: Interlock) -> Interlock | None:
        force: dict[str, Quantity] = {}
        for reference, value in interlock.force.items():
            tag = self._full(reference, "interlocks", name, "force", reference)
            if tag is None:
                continue
            if tag in force:
                path: Path = ("units", self._unit, "interlocks", name, "force", reference)
                self._findings.error(None, path, f"{tag!r} is forced twice", "keep one of the two values")
            force[tag] = value
        if len(force) < len(interlock.force):
            return None
        return interlock.model_copy(update={"force": force})


def _linked_device(name: str, device: DeviceBase, names: Names, findings: Findings) -> DeviceBase:
    if device.watchdog is None or names.check(None, device.watchdog, ("devices", name, "watchdog")):
        return device
    return device.model_copy(update={"watchdog": None})


def _check_users(draft: Draft, findings: Findings) -> None:
    for name, user in draft.access.users.items():
        for index, unit in enumerate(user.units or ()):
            if unit not in draft.units and unit not in draft.root.get("units", {}):
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
    return tags


def _prune_unit(parts: UnitDraft, tags: set[str]) -> int:
    before = len(parts.loops) + len(parts.alarms) + len(parts.interlocks)
    parts.loops = {n: loop for n, loop in parts.loops.items() if {loop.pv, loop.output} <= tags}
    parts.alarms = {n: alarm for n, alarm in parts.alarms.items() if alarm.tag in tags}
    parts.interlocks = {n: i for n, i in parts.interlocks.items() if tags.issuperset(i.force)}
    return before - len(parts.loops) - len(parts.alarms) - len(parts.interlocks)


def _report_cascade_cycles(draft: Draft, findings: Findings) -> None:
    """Report loops whose outputs go round in a circle, and leave them out.

    A loop is followed from its `.op` to its output and from its `.sp` to its PV: a tag that comes
    back to itself on that way has neither unit nor meaning. Beside, loops that move the set-points
    of one another are a circle.
    """
    loops = {
        f"{unit}/{name}": loop for unit, parts in draft.units.items() for name, loop in parts.loops.items()
    }
    moves = {
        name: [loop.output.removesuffix(".sp")] for name, loop in loops.items() if loop.output.endswith(".sp")
    }
    tags = {f"{name}.op": [loop.output] for name, loop in loops.items()}
    tags |= {f"{name}.sp": [loop.pv] for name, loop in loops.items()}
    circles = cycles(moves)
    seen = {name for circle in circles for name in circle}
    for circle in cycles(tags):
        names = tuple(tag.rpartition(".")[0] for tag in circle)
        if not seen.intersection(names):
            circles.append(names)
    for circle in circles:
        unit, _, name = circle[0].partition("/")
        findings.error(
            None, ("units", unit, "loops", name, "output"),
            f"the cascade goes round in a circle: {' → '.join(dict.fromkeys(circle))} → {circle[0]}",
            "let one of these loops move an actuator",
        )  # fmt: skip
        for member in circle:
            unit, _, name = member.partition("/")
            draft.units[unit].loops.pop(name, None)
