"""Calculations, and conditions of interlocks and permissives, to the program that the engine runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from config.expressions import Expression, Operand, check, evaluation_order, parse
from config.site import Site
from config.tags import TagKind
from control.alarm_conditions import alarm_expressions
from control.bytecode import Compiled, Source, compile_program


def compile_site(site: Site) -> Compiled:
    """Return the program of a site that was checked when it was loaded.

    Raises:
        ExpressionError: an expression is wrong.
        CycleError: calculations need each other.
    """
    lookup = {name: Operand.of_tag(tag) for name, tag in site.tags.items()}
    parsed = {name: parse(calculation.expression) for name, calculation in site.calculations.items()}
    needs = {name: _names(expression) for name, expression in parsed.items()}
    period_s = site.gateway.scan_period
    calculations = []
    for name in evaluation_order(needs):
        calculation = site.calculations[name]
        checked = check(parsed[name], lookup, unit=calculation.unit, kind=calculation.kind)
        lookup[name] = Operand(checked.kind, checked.unit)
        speed = plant_speed(site, needs[name], needs)
        every = round((calculation.period or period_s) / period_s)
        calculations.append(Source(name, checked, site.tag_index[name], speed, every))
    judged = []
    for name, text in conditions(site):
        condition = parse(text)
        checked = check(condition, lookup, kind=TagKind.BOOL)
        judged.append(Source(name, checked, speed=plant_speed(site, _names(condition), needs)))
    for name, (text, kind) in alarm_expressions(site).items():
        checked = check(parse(text), lookup, kind=kind)
        judged.append(Source(name, checked, speed=plant_speed(site, _names(parse(text)), needs)))
    return compile_program(calculations, site.tag_index, conditions=judged, scan_period_s=period_s)


def condition_name(kind: str, owner: str) -> str:
    """Return what the conditions of an interlock, permissive or profile are called in the program."""
    return f"{kind} {owner}"


def conditions(site: Site) -> Iterator[tuple[str, str]]:
    """Yield every condition with its name in the program."""
    for kind, owners in (("interlock", site.interlocks), ("permissive", site.permissives)):
        for name, owner in owners.items():
            for condition, text in owner.when.items():
                yield f"{condition_name(kind, name)}: {condition}", text
    for name, profile in site.profiles.items():
        for number, segment in enumerate(profile.segments):
            if segment.until is not None:
                yield f"{condition_name('profile', name)}: {number}", segment.until


def _names(expression: Expression) -> list[str]:
    return [mention.name for mention in expression.references()]


def plant_speed(site: Site, names: Iterable[str], needs: Mapping[str, list[str]]) -> float:
    """Return the plant seconds per second for something that is computed from tags.

    It is the speed of the devices behind the tags, also those behind other calculations; where
    they differ, or there are none, that of the simulation.
    """
    speeds: set[float] = set()
    pending, seen = list(names), set[str]()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        pending.extend(needs.get(name, ()))
        device = site.tags[name].device
        if device is not None:
            speeds.add(site.speed_of(device))
    return speeds.pop() if len(speeds) == 1 else site.speed_of(None)
