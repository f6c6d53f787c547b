"""A site's calculations and interlock conditions to the program that the engine runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from config.expressions import Expression, Operand, check, evaluation_order, parse
from config.site import Site
from config.tags import TagKind
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
    calculations = []
    for name in evaluation_order(needs):
        calculation = site.calculations[name]
        checked = check(parsed[name], lookup, unit=calculation.unit, kind=calculation.kind)
        lookup[name] = Operand(checked.kind, checked.unit)
        speed = plant_speed(site, needs[name], needs)
        calculations.append(Source(name, checked, site.tag_index[name], speed))
    conditions = []
    for name, interlock in site.interlocks.items():
        condition = parse(interlock.when)
        checked = check(condition, lookup, kind=TagKind.BOOL)
        conditions.append(Source(name, checked, speed=plant_speed(site, _names(condition), needs)))
    period_s = site.gateway.scan_period
    return compile_program(calculations, site.tag_index, conditions=conditions, scan_period_s=period_s)


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
