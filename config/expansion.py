"""From what the files say to what they mean: units with their templates and tag lists filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, Final, NamedTuple

from config import device_profiles, templates
from config.device_profiles import SECTION
from config.environment import Environment
from config.errors import Findings, Path
from config.nodes import Items, Map, Place, shown
from config.site import Site
from config.suggest import did_you_mean, listed
from config.tag_lists import read_tag_list
from config.units import Parameter, Template
from config.validation import validated

SECTIONS: Final = ("include", *(f for f in Site.model_fields if f != "units"), SECTION, "templates", "units")
"""The keys of a file."""
_TEMPLATE_KEYS: Final = tuple(Template.model_fields)


class Expanded(NamedTuple):
    """A configuration with its units whole."""

    root: Map
    incomplete: frozenset[str]
    """Units that lack tags, because their template or a tag list cannot be used."""


class _Template(NamedTuple):
    body: Map
    parameters: Mapping[str, Parameter]


def expand(root: Map, environment: Environment, findings: Findings) -> Expanded:
    """Return the configuration without templates, its units whole, as a tree that knows its places.

    Args:
        root: the merged files.
        environment: the variables that tag lists may name.
        findings: where mistakes are recorded.
    """
    for key in root:
        if key not in SECTIONS:
            fix = did_you_mean(key, SECTIONS, f"known here: {listed(SECTIONS)}")
            findings.error(root.place_of(key), (key,), f"unknown key {key!r}", fix)
    kept = root.without("templates", *(key for key in root if key not in SECTIONS))
    kept = device_profiles.apply(kept, findings)
    templates.report_parameters(kept, (), None, findings)
    units = kept.get("units")
    expander = _Expander(root, environment, findings)
    if isinstance(units, Map):
        whole = {name: expander.unit(name, unit) for name, unit in units.items()}
        kept["units"] = Map(whole, units.place, units.places)
    expander.warn_unused()
    return Expanded(kept, frozenset(expander.incomplete))


class _Expander:
    """Makes units whole; keeps what several of them share."""

    def __init__(self, root: Map, environment: Environment, findings: Findings) -> None:
        self._environment = environment
        self._findings = findings
        devices = root.get("devices")
        self._devices = list(devices) if isinstance(devices, Map) else []
        self._lists: dict[FilePath, Map] = {}
        self._checked: set[tuple[FilePath, str | None]] = set()
        self._used: set[str] = set()
        self._places: dict[str, Place] = {}
        self._broken: set[str] = set()
        self._broken_lists: set[FilePath] = set()
        self.incomplete: set[str] = set()
        self._templates = self._read(root)

    def _read(self, root: Map) -> dict[str, _Template]:
        section = root.get("templates")
        if section is None:
            return {}
        if not isinstance(section, Map):
            place = root.place_of("templates")
            self._findings.error(
                place, ("templates",), f"{shown(section)} is not a mapping", "write 'name: …'"
            )
            return {}
        found: dict[str, _Template] = {}
        for name, body in section.items():
            self._places[name] = section.place_of(name)
            template = self._template(("templates", name), body, section.place_of(name))
            if template is None:
                self._broken.add(name)
            else:
                found[name] = template
        return found

    def _template(self, path: Path, body: Any, place: Place) -> _Template | None:
        if not isinstance(body, Map):
            self._findings.error(
                place, path, f"{shown(body)} is not a template", "write tags, loops, alarms…"
            )
            return None
        for key in body:
            if key not in _TEMPLATE_KEYS:
                fix = did_you_mean(key, _TEMPLATE_KEYS, f"known here: {listed(_TEMPLATE_KEYS)}")
                self._findings.error(body.place_of(key), (*path, key), f"unknown key {key!r}", fix)
        declared = body.get("parameters", Map({}, place, {}))
        if not isinstance(declared, Map):
            where = (*path, "parameters")
            self._findings.error(body.place_of("parameters"), where, f"{shown(declared)} is not a mapping")
            return None
        parameters = {n: self._parameter((*path, "parameters", n), declared, n) for n in declared}
        known = {name: parameter for name, parameter in parameters.items() if parameter is not None}
        unknown = [key for key in body if key not in _TEMPLATE_KEYS]
        kept = body.without("parameters", *unknown)
        right = templates.report_parameters(kept, path, list(parameters), self._findings)
        return _Template(kept, known) if right and len(known) == len(parameters) else None

    def _parameter(self, path: Path, declared: Map, name: str) -> Parameter | None:
        place = declared.place_of(name)
        if not templates.PARAMETER_NAME.fullmatch(name):
            fix = "begin with a small letter, then small letters, digits and '_'"
            self._findings.error(place, path, f"{name!r} cannot be the name of a parameter", fix)
            return None
        parameter = validated(Parameter, declared[name], path, self._findings, place)
        if parameter is None or parameter.default is None:
            return parameter
        try:
            templates.typed(parameter, parameter.default, self._devices)
        except ValueError as error:
            message, _, fix = str(error).partition("; ")
            at = declared[name].place_of("default")
            self._findings.error(at, (*path, "default"), message, fix)
            return None
        return parameter

    def unit(self, name: str, unit: Any) -> Any:
        """Return a unit with what its template and its tag lists give it."""
        if not isinstance(unit, Map):
            return unit
        own = self._with_lists(unit, unit.get("tag_lists"), ("units", name), None, {})
        wanted = unit.get("template")
        if wanted is None:
            if unit.get("parameters"):
                place = unit.place_of("parameters")
                self._findings.error(
                    place, ("units", name, "parameters"), "parameters without a template", "name the template"
                )
            return own
        base = self._instance(("units", name), unit, wanted)
        if base is None:
            self.incomplete.add(name)
            return own
        return templates.overlay(base, own)

    def _instance(self, path: Path, unit: Map, wanted: Any) -> Map | None:
        place = unit.place_of("template")
        self._used.add(str(wanted))
        template = self._templates.get(wanted) if isinstance(wanted, str) else None
        if template is None:
            if not isinstance(wanted, str) or wanted not in self._broken:
                known = list(self._places)
                fix = did_you_mean(
                    str(wanted), known, f"the templates are {listed(known)}" if known else "there are none"
                )
                self._findings.error(place, (*path, "template"), f"there is no template {shown(wanted)}", fix)
            return None
        given = unit.get("parameters")
        where = unit.place_of("parameters") if "parameters" in unit else place
        if given is not None and not isinstance(given, Map):
            return None  # the unit's own validation says so
        values = templates.arguments(
            template.parameters, given if given is not None else Map({}, place, {}), where,
            (*path, "parameters"), self._devices, self._findings,
        )  # fmt: skip
        if values is None:
            return None
        body: Map = templates.instantiate(template.body, values)
        return self._with_lists(body, body.get("tag_lists"), path, wanted, values)

    def _with_lists(
        self, owner: Map, names: Any, path: Path, template: str | None, values: templates.Arguments
    ) -> Map:
        """Return a unit or template with the tags of its tag lists among its own."""
        if not isinstance(names, Items):
            return owner
        written = owner.get("tags")
        tags = written if isinstance(written, Map) else Map({}, owner.place_of("tags"), {})
        for index, name in enumerate(names):
            if not isinstance(name, str):
                continue  # the unit's own validation says so
            rows = self._rows(name, names.place_of(index), template, str(path[1]))
            for tag in rows.keys() & tags.keys():
                self._findings.error(
                    rows.place_of(tag), (*path, "tags", tag), f"is already written in {tags.place_of(tag)}",
                    "keep one of them, or give one another name",
                )  # fmt: skip
            new = templates.instantiate(rows, values) if template is not None else rows
            tags = tags.with_entries(new, [tag for tag in rows if tag not in tags])
        return Map({**owner, "tags": tags}, owner.place, owner.places).without("tag_lists")

    def _rows(self, name: str, place: Place, template: str | None, unit: str) -> Map:
        file = FilePath(place.file).parent / name
        before = self._findings.count
        if file not in self._lists:
            self._lists[file] = read_tag_list(file, place, self._environment, self._findings)
        rows = self._lists[file]
        if (file, template) not in self._checked:
            self._checked.add((file, template))
            declared = None if template is None else list(self._templates[template].parameters)
            if not templates.report_parameters(rows, ("tag_lists",), declared, self._findings):
                self._lists[file] = rows = Map({}, rows.place, {})
        if self._findings.count > before:
            self._broken_lists.add(file)
        if file in self._broken_lists:
            self.incomplete.add(unit)
        return rows

    def warn_unused(self) -> None:
        """Warn of templates that no unit is made from."""
        for name, place in self._places.items():
            if name not in self._used:
                self._findings.warn(place, ("templates", name), "no unit is made from this template")
