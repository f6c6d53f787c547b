"""Kinds and units of what functions take and give, as their table says."""

from __future__ import annotations

import itertools
from dataclasses import replace

from config.expressions.catalogue import FUNCTIONS
from config.expressions.functions import Accepts, Function, Gives, Parameter
from config.expressions.operators import are_numbers, is_condition
from config.expressions.syntax import Call, Number, Table
from config.expressions.typed import Mistakes, Typed, composed, in_one_unit, scaled
from config.expressions.units import (
    BARE,
    PLAIN,
    SECOND,
    UNKNOWN,
    Unit,
    Unitless,
    alike,
    canonical,
    conversion,
    difference_of,
    is_offset,
    power,
    product,
    shown,
)
from config.tags import TagKind


def call(mistakes: Mistakes, node: Call, parts: list[Typed]) -> Typed:
    """Return what a call gives; its arguments become what the function computes with."""
    function = FUNCTIONS[node.name]
    if any(part.kind is None for part in parts):
        return Typed(node, None)
    if node.name == "interp":
        return _interp(mistakes, node, parts)
    before = len(mistakes.found)
    fitted = [_fit(mistakes, function.parameter(i), part) for i, part in enumerate(parts)]
    if len(mistakes.found) > before:
        return Typed(node, None)
    fitted = _same(mistakes, function, fitted)
    if len(mistakes.found) > before:
        return Typed(node, None)
    return _result(node, function, fitted)


def _fit(mistakes: Mistakes, parameter: Parameter, part: Typed) -> Typed:
    """Return an argument as its parameter wants it."""
    match parameter.accepts:
        case Accepts.CONDITION:
            is_condition(mistakes, part)
        case Accepts.NUMBER | Accepts.SAME:
            are_numbers(mistakes, part)
        case Accepts.PLAIN if are_numbers(mistakes, part):
            return _plain(mistakes, part)
        case Accepts.DURATION | Accepts.TIME_BASE if are_numbers(mistakes, part):
            return _duration(mistakes, parameter, part)
        case _:
            pass
    return part


def _plain(mistakes: Mistakes, part: Typed) -> Typed:
    if isinstance(part.unit, Unitless):
        return part
    if not alike(part.unit, PLAIN):
        fix = "divide it by one of its unit, or take its number alone with plain(x)"
        return mistakes.add(part.node, f"{part.describe()} must be a plain number here", fix)
    return part._replace(node=scaled(part.node, conversion(part.unit, PLAIN)), unit=PLAIN)


def _duration(mistakes: Mistakes, parameter: Parameter, part: Typed) -> Typed:
    message = ""
    if isinstance(part.unit, Unitless):
        message = "has no unit of time"
    elif not alike(part.unit, SECOND):
        message = "is no time"
    elif isinstance(part.node, Number) and part.node.value < 0:
        message = "is a negative time"
    elif parameter.accepts is Accepts.TIME_BASE and part.node != Number(1.0):
        message = f"{part.describe()} is not one unit of time"
        return mistakes.add(part.node, message, "write 1 s, 1 min or 1 h")
    if message or isinstance(part.unit, Unitless):
        return mistakes.add(part.node, f"{part.describe()} {message}", "write it as 500 ms, 5 s or 2 min")
    return part._replace(node=scaled(part.node, conversion(part.unit, SECOND)))


def _same(mistakes: Mistakes, function: Function, parts: list[Typed]) -> list[Typed]:
    """Bring the arguments that share a unit into one."""
    shared = [i for i in range(len(parts)) if function.parameter(i).accepts is Accepts.SAME]
    if function.name == "value_or":
        shared = [0, 1]
        if parts[0].kind is not parts[1].kind:
            mistakes.add(
                parts[1].node, "the substitute must be of the same kind", "two numbers or two conditions"
            )
    if not shared or parts[0].kind is TagKind.BOOL:
        return parts
    same = in_one_unit(mistakes, [parts[i] for i in shared], "bring together")
    if same is not None:
        for i, converted in zip(shared, same[0], strict=True):
            parts[i] = parts[i]._replace(node=converted, unit=same[1])
    return parts


def _result(node: Call, function: Function, parts: list[Typed]) -> Typed:
    checked = replace(node, arguments=tuple(part.node for part in parts))
    unit = parts[0].unit
    match function.gives:
        case Gives.CONDITION:
            return Typed(checked, TagKind.BOOL, UNKNOWN, node)
        case Gives.PLAIN:
            return Typed(checked, TagKind.NUMBER, BARE, node)
        case Gives.SECONDS:
            return Typed(checked, TagKind.NUMBER, SECOND, node)
        case Gives.EITHER:
            return Typed(checked, parts[0].kind, unit, node)
        case Gives.ROOT:
            into = None if isinstance(unit, Unitless) else power(unit, 0.5)
        case Gives.RATE:
            into = None if unit is UNKNOWN else product(_step(unit), SECOND, -1)
        case Gives.TOTAL:
            per = parts[1].unit
            known = unit is not UNKNOWN and not isinstance(per, Unitless)
            into = product(_step(unit), str(per), 1) if known else None
        case _:
            return Typed(checked, TagKind.NUMBER, unit, node)
    if into is None:
        return Typed(checked, TagKind.NUMBER, unit, node)
    return Typed(composed(checked, into), TagKind.NUMBER, into.unit, node)


def _step(unit: Unit) -> str:
    """Return the unit of a change of a value: of a plain number it is a plain number."""
    if isinstance(unit, Unitless):
        return PLAIN
    return difference_of(unit) if is_offset(unit) else unit


def _interp(mistakes: Mistakes, node: Call, parts: list[Typed]) -> Typed:
    x, xs, ys = parts[0], node.arguments[1], node.arguments[2]
    if not (isinstance(xs, Table) and isinstance(ys, Table)) or not are_numbers(mistakes, x):
        return Typed(node, None)
    values = [item.value for item in xs.items]
    if len(values) < 2 or len(values) != len(ys.items):
        return mistakes.add(node, "the two tables need as many numbers, two at least", "")
    if any(low >= high for low, high in itertools.pairwise(values)):
        return mistakes.add(
            xs, "the numbers of the first table must rise", "sort the points by the first table"
        )
    unit = _table_unit(xs)
    if not isinstance(unit, Unitless) and not isinstance(x.unit, Unitless):
        if not alike(x.unit, unit):
            fix = f"{x.describe()} needs a table in the like of {shown(x.unit)}"
            return mistakes.add(xs, f"the table is in {shown(unit)}", fix)
        x = x._replace(node=scaled(x.node, conversion(x.unit, unit)))
    return Typed(replace(node, arguments=(x.node, xs, ys)), TagKind.NUMBER, _table_unit(ys), node)


def _table_unit(table: Table) -> Unit:
    return canonical(table.items[0].unit) if table.items[0].unit else BARE
