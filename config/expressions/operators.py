"""Kinds and units of what operators give.

Numbers computed with `+ -`, compared, or chosen from are brought into the unit of the first that
has one. Products have the product of the units. On scales whose zero is arbitrary (degC, degF) two
values have a difference and no sum, and a multiple of one has no unit.
"""

from __future__ import annotations

from dataclasses import replace

from config.expressions.syntax import Binary, Node, Number, Unary
from config.expressions.typed import Mistakes, Typed, composed, in_one_unit, scaled
from config.expressions.units import (
    BARE,
    PLAIN,
    UNKNOWN,
    Unit,
    Unitless,
    alike,
    conversion,
    difference_of,
    is_difference,
    is_offset,
    power,
    product,
    shown,
)
from config.tags import TagKind

_SAY = {"+": "add", "-": "subtract", "==": "compare", "!=": "compare"}


def binary(mistakes: Mistakes, node: Binary, left: Typed, right: Typed) -> Typed:
    """Return what an operator with two operands gives."""
    if left.kind is None or right.kind is None:
        return Typed(node, None)
    operator = node.operator
    if operator in {"and", "or"}:
        return _logic(mistakes, node, left, right)
    if operator in {"==", "!="} and left.kind is right.kind is TagKind.BOOL:
        return Typed(replace(node, left=left.node, right=right.node), TagKind.BOOL)
    if not (are_numbers(mistakes, left) and are_numbers(mistakes, right)):
        return Typed(node, None)
    rule = {"+": _sum, "-": _sum, "*": _product, "/": _product, "^": _power}.get(operator, _comparison)
    return rule(mistakes, node, left, right)


def unary(mistakes: Mistakes, node: Unary, operand: Typed) -> Typed:
    """Return what `-` or `not` gives."""
    if operand.kind is None:
        return Typed(node, None)
    if node.operator == "not":
        if not is_condition(mistakes, operand):
            return Typed(node, None)
        return Typed(replace(node, operand=operand.node), TagKind.BOOL)
    if not are_numbers(mistakes, operand):
        return Typed(node, None)
    if isinstance(operand.node, Number):  # -5 degC is a temperature, not the negative of one
        return Typed(Number(-operand.node.value, "", node.span), TagKind.NUMBER, operand.unit, node)
    unit = UNKNOWN if is_offset(operand.unit) else operand.unit
    return Typed(replace(node, operand=operand.node), TagKind.NUMBER, unit)


def are_numbers(mistakes: Mistakes, part: Typed) -> bool:
    """Refuse a condition where a number must stand."""
    if part.kind is TagKind.BOOL:
        text = part.describe()
        mistakes.add(
            part.node, f"{text} is a condition where a number must stand", "write (if … then 1 else 0)"
        )
    return part.kind is TagKind.NUMBER


def is_condition(mistakes: Mistakes, part: Typed) -> bool:
    """Refuse a number where a condition must stand."""
    if part.kind is TagKind.NUMBER:
        mistakes.add(
            part.node,
            f"{part.describe()} is a number where a condition must stand",
            "compare it, as in x != 0, or configure the tag with kind: bool",
        )
    return part.kind is TagKind.BOOL


def _logic(mistakes: Mistakes, node: Binary, left: Typed, right: Typed) -> Typed:
    fits = [is_condition(mistakes, part) for part in (left, right)]
    return Typed(replace(node, left=left.node, right=right.node), TagKind.BOOL if all(fits) else None)


def _comparison(mistakes: Mistakes, node: Binary, left: Typed, right: Typed) -> Typed:
    same = in_one_unit(mistakes, (left, right), "compare")
    if same is None:
        return Typed(node, None)
    return Typed(replace(node, left=same[0][0], right=same[0][1]), TagKind.BOOL)


def _number(node: Binary, left: Node, right: Node, unit: Unit) -> Typed:
    return Typed(replace(node, left=left, right=right), TagKind.NUMBER, unit, node)


def _sum(mistakes: Mistakes, node: Binary, left: Typed, right: Typed) -> Typed:
    one, two = left.unit, right.unit
    if isinstance(one, Unitless) or isinstance(two, Unitless):
        return _number(node, left.node, right.node, _sum_with_bare(node.operator, one, two))
    if not alike(one, two):
        say = _SAY[node.operator]
        fix = f"only what measures the same thing has a {'sum' if say == 'add' else 'difference'}"
        return mistakes.add(node, f"cannot {say} {right.describe()} and {left.describe()}", fix)
    if node.operator == "+":
        return _add(mistakes, node, left, right, one, two)
    return _subtract(mistakes, node, left, right, one, two)


def _sum_with_bare(operator: str, one: Unit, two: Unit) -> Unit:
    """Return the unit of a sum of which one part has none."""
    if isinstance(one, Unitless) and isinstance(two, Unitless):
        return BARE if one is two is BARE else UNKNOWN
    unit, other = (two, one) if isinstance(one, Unitless) else (one, two)
    if not is_offset(unit):
        return unit
    # 37 added to degC is a difference; subtracted it may be either, so nothing is known of the result.
    return unit if operator == "+" and other is BARE else UNKNOWN


def _add(mistakes: Mistakes, node: Binary, left: Typed, right: Typed, one: str, two: str) -> Typed:
    if is_offset(one) and is_offset(two):
        fix = f"for their mean write mean(a, b); a difference is written in {shown(difference_of(one))} or K"
        return mistakes.add(node, f"{left.describe()} and {right.describe()} have no sum", fix)
    if is_offset(two):  # a difference and a temperature, in this order
        return _number(node, scaled(left.node, conversion(one, difference_of(two))), right.node, two)
    target = difference_of(one) if is_offset(one) else one
    return _number(node, left.node, scaled(right.node, conversion(two, target)), one)


def _subtract(mistakes: Mistakes, node: Binary, left: Typed, right: Typed, one: str, two: str) -> Typed:
    if is_offset(two):
        if is_difference(one):
            fix = "subtract the other way round"
            return mistakes.add(node, f"cannot subtract {right.describe()} from a difference", fix)
        return _number(node, left.node, scaled(right.node, conversion(two, one)), difference_of(one))
    target = difference_of(one) if is_offset(one) else one
    return _number(node, left.node, scaled(right.node, conversion(two, target)), one)


def _product(mistakes: Mistakes, node: Binary, left: Typed, right: Typed) -> Typed:
    one, two = left.unit, right.unit
    divide = node.operator == "/"
    if UNKNOWN in {one, two}:
        return _number(node, left.node, right.node, UNKNOWN)
    if isinstance(two, Unitless):
        return _number(node, left.node, right.node, UNKNOWN if is_offset(one) else one)
    if isinstance(one, Unitless) and not divide:
        return _number(node, left.node, right.node, UNKNOWN if is_offset(two) else two)
    first = PLAIN if isinstance(one, Unitless) else one
    if is_offset(first) or is_offset(two):
        part = left if is_offset(first) else right
        fix = f"write ({part.describe().split(' (')[0]} in K), or use a difference of temperatures"
        return mistakes.add(node, f"{part.describe()} counts from an arbitrary zero and has no product", fix)
    into = product(first, two, -1 if divide else 1)
    result = _number(node, left.node, right.node, into.unit)
    return result._replace(node=composed(result.node, into))


def _power(mistakes: Mistakes, node: Binary, left: Typed, right: Typed) -> Typed:
    exponent = right
    if not isinstance(right.unit, Unitless):
        if not alike(right.unit, PLAIN):
            return mistakes.add(
                right.node, f"the exponent {right.describe()} has a unit", "divide it by one unit"
            )
        exponent = right._replace(node=scaled(right.node, conversion(right.unit, PLAIN)))
    base = left.unit
    if isinstance(base, Unitless):
        return _number(node, left.node, exponent.node, base)
    if is_offset(base):
        return mistakes.add(node, f"{left.describe()} counts from an arbitrary zero", "write (x in K) ^ n")
    if isinstance(exponent.node, Number):
        into = power(base, exponent.node.value)
        result = _number(node, left.node, exponent.node, into.unit)
        return result._replace(node=composed(result.node, into))
    if alike(base, PLAIN):
        return _number(node, scaled(left.node, conversion(base, PLAIN)), exponent.node, PLAIN)
    fix = "write a number as the exponent, or divide the base by one unit"
    return mistakes.add(node, f"{left.describe()} to a changing power has no unit", fix)
