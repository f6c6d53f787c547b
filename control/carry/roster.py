"""Which thing each row of the state belongs to, and how it is defined: what carrying over matches by.

A definition is a hash over the configured object, without what only people read, and over what it
stands on (a tag on its device, a loop on its tags). The same hash means that state made under one
configuration is right under the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from pydantic import BaseModel

from config.site import Site
from control.alarm_conditions import alarm_expressions
from control.calculations import conditions
from control.carry.natures import Axis
from control.program import Program
from control.state import State

FOR_PEOPLE: Final = frozenset(
    {
        "display_name",
        "description",
        "format",
        "cause",
        "consequence",
        "time_to_respond",
        "priority",
        "severity",
        "confirmation",
        "basis",
        "approval",
        "alarm_class",
        "max_shelve",
    }
)
"""Fields that no kernel sees: changing them changes no state."""
_RATIONALE: Final = frozenset({"action"})
"""In an alarm `action` is a text for the operator; in a loop it is its sign."""
REPORTING: Final = frozenset({"report", "stale_after", "frozen_after", "fail_value"})
"""Fields of a tag that act on the next sample and leave no trace in its state."""


@dataclass(frozen=True, slots=True)
class Things:
    """The things of one kind in the order of their rows."""

    names: tuple[str, ...]
    definitions: tuple[str, ...]

    def positions(self) -> dict[str, int]:
        """Return the row of each name."""
        return {name: row for row, name in enumerate(self.names)}


@dataclass(frozen=True, slots=True)
class Span:
    """Where an expression keeps its past."""

    first_cell: int
    last_cell: int
    register: int
    """That shares its result."""


@dataclass(frozen=True, slots=True)
class Roster:
    """All things of a configuration."""

    fingerprint: str
    things: Mapping[Axis, Things]
    spans: tuple[Span, ...]
    """By expression."""
    groups: tuple[tuple[str, ...], ...]
    """Names of the loops in each group."""

    def to_json(self) -> dict[str, Any]:
        """Return it as a snapshot keeps it."""
        return {
            "fingerprint": self.fingerprint,
            "things": {axis.value: [t.names, t.definitions] for axis, t in self.things.items()},
            "spans": [[s.first_cell, s.last_cell, s.register] for s in self.spans],
            "groups": self.groups,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Roster:
        """Return what `to_json` made."""
        return cls(
            fingerprint=content["fingerprint"],
            things={Axis(a): Things(tuple(n), tuple(d)) for a, (n, d) in content["things"].items()},
            spans=tuple(Span(*span) for span in content["spans"]),
            groups=tuple(tuple(names) for names in content["groups"]),
        )


def call_roll(site: Site, state: State, expressions: Mapping[str, tuple[int, int, int]]) -> Roster:
    """Return the roster of a site and the tables that were built for it.

    Args:
        site: the effective configuration.
        state: its tables.
        expressions: entry, first and last cell of every expression by its name.
    """
    tags = _tags(site)
    loop_names = list(site.loops)
    order = [loop_names[row] for row in state.loops.row["id"].tolist()]
    tag_names = list(site.tags)
    slots = [tag_names[tag] for tag in state.outputs.slots["tag"].tolist()]
    loops = {name: _definition(loop, FOR_PEOPLE, _below(loop, tags)) for name, loop in site.loops.items()}
    alarm_fields = FOR_PEOPLE | _RATIONALE
    entries = sorted(expressions, key=lambda name: expressions[name][0])
    texts = _expressions(site)
    interlocks = {n: _definition(i, FOR_PEOPLE, ()) for n, i in site.interlocks.items()}
    first_out = {name: _hash({"members": members}) for name, members in site.first_out_groups.items()}
    profiles = {n: _definition(p, FOR_PEOPLE, ()) for n, p in site.profiles.items()}
    devices = {name: _definition(device, FOR_PEOPLE, ()) for name, device in site.devices.items()}
    alarms = {n: _definition(a, alarm_fields, _below(a, tags)) for n, a in site.alarms.items()}
    alarm_groups = {
        name: _hash({member: alarms[member] for member in members})
        for name, members in site.alarm_groups.items()
    }
    things = {
        Axis.TAG: _things(tag_names, tags),
        Axis.DEVICE: _things(devices, devices),
        Axis.LOOP: _things(order, loops),
        **_structures(site, state, loops, order, tags),
        Axis.ALARM: _things(alarms, alarms),
        Axis.ALARM_GROUP: _things(alarm_groups, alarm_groups),
        Axis.INTERLOCK: _things(interlocks, interlocks),
        Axis.FIRST_OUT: _things(first_out, first_out),
        Axis.PROFILE: _things(profiles, profiles),
        Axis.UNIT: _things(site.units, dict.fromkeys(site.units, "")),
        Axis.SLOT: _things(slots, tags),
        Axis.ENTRY: _things(entries, {name: texts[name] for name in entries}),
        Axis.ENGINE: Things(("engine",), ("",)),
    }
    spans = tuple(_span(state.program, *expressions[name]) for name in entries)
    groups = tuple(tuple(order[g["first"] : g["last"]]) for g in state.groups)
    return Roster(site.fingerprint, things, spans, groups)


def _structures(
    site: Site, state: State, loops: Mapping[str, str], order: list[str], tags: Mapping[str, str]
) -> dict[Axis, Things]:
    """Return the links by what they lead from and to, the nodes and the remote set-points."""
    parts = {**site.selectors, **site.splits}
    definitions = {name: _definition(p, FOR_PEOPLE, _below(p, tags)) for name, p in parts.items()}
    tag_names = list(site.tags)
    nodes = [tag_names[tag].removesuffix(".op") for tag in state.structures.nodes["shown"].tolist()]
    links, remotes = state.structures.links, state.structures.remotes
    sources = [
        f"loop {order[loop]}" if loop >= 0 else f"node {nodes[node]}"
        for loop, node in zip(links["from_loop"].tolist(), links["from_node"].tolist(), strict=True)
    ]
    of_source = {f"loop {n}": d for n, d in loops.items()} | {f"node {n}": d for n, d in definitions.items()}
    ways = [
        f"{source} to {tag_names[tag]}" for source, tag in zip(sources, links["tag"].tolist(), strict=True)
    ]
    of_way = {way: of_source[source] for way, source in zip(ways, sources, strict=True)}
    return {
        Axis.LINK: _things(ways, of_way),
        Axis.NODE: _things(nodes, definitions),
        Axis.REMOTE: _things([order[loop] for loop in remotes["loop"].tolist()], loops),
    }


def _span(program: Program, entry: int, first: int, last: int) -> Span:
    return Span(first, last, int(program.entries[entry]["shared"]))


def _things(names: Iterable[str], definitions: Mapping[str, str]) -> Things:
    listed = tuple(names)
    return Things(listed, tuple(definitions[name] for name in listed))


def _tags(site: Site) -> dict[str, str]:
    devices = {
        name: _definition(device, FOR_PEOPLE, (str(site.speed_of(name)),))
        for name, device in site.devices.items()
    }
    without = FOR_PEOPLE | REPORTING
    return {
        name: _definition(tag, without, (devices.get(tag.device or "", ""),))
        for name, tag in site.tags.items()
    }


def _expressions(site: Site) -> dict[str, str]:
    """Return the definition of every expression: what it says, and how often it is evaluated."""
    named = {}
    for name, calculation in site.calculations.items():
        named[calculation_name(name)] = _definition(calculation, FOR_PEOPLE | REPORTING, ())
    for name, text in conditions(site):
        named[condition_name(name)] = _hash({"when": text})
    for name, (text, _) in alarm_expressions(site).items():
        named[condition_name(name)] = _hash({"when": text})
    return named


def calculation_name(name: str) -> str:
    """Return the name of a calculation among the expressions."""
    return f"calculation {name}"


def condition_name(name: str) -> str:
    """Return the name of a condition of an interlock or a permissive among the expressions."""
    return f"condition {name}"


def _below(thing: BaseModel, tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the definitions of the tags that a thing names."""
    return tuple(tags[text] for text in _texts(thing.model_dump(mode="json")) if text in tags)


def _texts(node: Any) -> Iterable[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for below in node.values():
            yield from _texts(below)
    elif isinstance(node, list):
        for below in node:
            yield from _texts(below)


def _definition(thing: BaseModel, without: frozenset[str], below: Iterable[str]) -> str:
    fields = thing.model_dump(mode="json", exclude=set(without))
    return _hash({"fields": fields, "below": list(below)})


def _hash(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
