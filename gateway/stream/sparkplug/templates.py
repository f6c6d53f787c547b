"""Classes of equipment: the templates that units are made from, as Sparkplug's template definitions.

A definition holds what every shown unit of the template has, with the same datatype; what a unit has
beyond that is a metric of its own. Parameters are texts, as people wrote them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from config.site import Site
from config.units import Unit
from drivers.sparkplug.datatypes import Datatype

Member = tuple[str, Datatype]


@dataclass(frozen=True, slots=True)
class Definition:
    """A class of equipment."""

    name: str
    members: tuple[Member, ...]
    parameters: tuple[str, ...]


def definitions(
    site: Site, shown: Collection[str], names: Sequence[str], datatypes: Sequence[Datatype]
) -> dict[str, Definition]:
    """Return the class of each shown unit that is made from a template.

    Args:
        site: the configuration.
        shown: units to look at.
        names: metric name of each tag of the site, within its unit.
        datatypes: of each tag.
    """
    classes: dict[str, list[str]] = {}
    for unit, made in site.units.items():
        if unit in shown and made.template is not None:
            classes.setdefault(made.template, []).append(unit)
    members: dict[str, list[Member]] = {unit: [] for unit in site.units}
    for full, tag in site.tag_index.items():
        members[site.unit_of(full)].append((names[tag], datatypes[tag]))
    made_of: dict[str, Definition] = {}
    for template, units in classes.items():
        common = set[Member].intersection(*(set(members[unit]) for unit in units))
        told = {name: None for unit in units for name, _ in parameters_of(site.units[unit])}
        ordered = tuple(member for member in members[units[0]] if member in common)
        definition = Definition(template, ordered, tuple(told))
        made_of |= dict.fromkeys(units, definition)
    return {unit: definition for unit, definition in made_of.items() if definition.members}


def parameters_of(unit: Unit) -> tuple[tuple[str, str], ...]:
    """Return what a unit says for the parameters of its template."""
    return tuple((name, str(value)) for name, value in unit.parameters.items())
