"""Kinds and units of a whole expression: every mistake at once, or the tree that is computed.

In the tree that comes out all numbers are in one unit each: where two units met, a `Scale` node
converts. The compiler turns it into instructions without knowing of units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, Self

from config.expressions import calls, operators
from config.expressions.errors import ExpressionError
from config.expressions.printer import name_text
from config.expressions.syntax import (
    Binary,
    Call,
    Conditional,
    Convert,
    Node,
    Number,
    Reference,
    State,
    Table,
    Truth,
    Unary,
)
from config.expressions.typed import Mistakes, Typed, in_one_unit, into_unit
from config.expressions.units import BARE, UNKNOWN, Unit, Unitless, canonical, of_tag, shown
from config.suggest import did_you_mean
from config.tags import Tag, TagKind


class Operand(NamedTuple):
    """What an expression needs to know of a tag."""

    kind: TagKind = TagKind.NUMBER
    unit: str = ""
    fail_value: float | None = None
    """In the tag's unit."""

    @classmethod
    def of_tag(cls, tag: Tag) -> Self:
        """Return what expressions need of a tag of the configuration."""
        fail_value = None if tag.fail_value is None else tag.fail_value.to(tag.unit)
        return cls(tag.kind, tag.unit, fail_value)


class Checked(NamedTuple):
    """An expression that can be computed."""

    root: Node
    kind: TagKind
    """NUMBER or BOOL."""
    unit: str
    """Unit of the result as pint names it; empty where none is known."""


def check_tree(
    text: str, root: Node, lookup: Mapping[str, Operand], *, unit: str = "", kind: TagKind | None = None
) -> Checked:
    """Return the tree with conversions put in, and the kind and unit of its value.

    Raises:
        ExpressionError: with every mistake that was found.
    """
    checker = _Checker(text, lookup)
    whole = checker.declared(checker.visit(root), unit, kind)
    if checker.mistakes.found or whole.kind is None:
        raise ExpressionError(text, tuple(sorted(checker.mistakes.found, key=lambda problem: problem.span)))
    return Checked(whole.node, whole.kind, "" if isinstance(whole.unit, Unitless) else whole.unit)


class _Checker:
    """One walk over a tree, from the leaves up."""

    def __init__(self, text: str, lookup: Mapping[str, Operand]) -> None:
        self.lookup = lookup
        self.mistakes = Mistakes(text)

    def visit(self, node: Node) -> Typed:
        """Return a node with its kind and unit."""
        match node:
            case Number() | Truth() | Reference() | State() | Table():
                return self._leaf(node)
            case Unary():
                return operators.unary(self.mistakes, node, self.visit(node.operand))
            case Binary():
                left, right = self.visit(node.left), self.visit(node.right)
                return operators.binary(self.mistakes, node, left, right)
            case Conditional():
                return self._conditional(node)
            case Convert():
                return self._convert(node, self.visit(node.operand))
            case Call() if node.name == "fail_value":
                return self._fail_value(node)
            case Call():
                return calls.call(self.mistakes, node, [self.visit(part) for part in node.arguments])
            case _:
                raise AssertionError(node)  # Scale nodes come out of this walk only

    def declared(self, whole: Typed, unit: str, kind: TagKind | None) -> Typed:
        """Return the value in the kind and unit that the configuration declares."""
        if whole.kind is None:
            return whole
        if kind is not None and whole.kind is not kind:
            wanted = "a condition" if kind is TagKind.BOOL else "a number"
            is_a = "a number" if kind is TagKind.BOOL else "a condition"
            fix = "compare it with something, as in x > 38" if kind is TagKind.BOOL else ""
            return self.mistakes.add(whole.node, f"this must be {wanted} and is {is_a}", fix)
        target = of_tag(unit)
        if whole.kind is TagKind.BOOL and not isinstance(target, Unitless):
            return self.mistakes.add(whole.node, f"a condition has no unit {unit!r}", "leave the unit out")
        node = into_unit(whole, target)
        if node is None:
            fix = f"declare it in the like of {shown(whole.unit)}, or correct the expression"
            return self.mistakes.add(whole.node, f"the result is in {shown(whole.unit)}, not in {unit}", fix)
        return whole._replace(node=node, unit=whole.unit if isinstance(target, Unitless) else target)

    def _leaf(self, node: Number | Truth | Reference | State | Table) -> Typed:
        match node:
            case Number():
                unit = canonical(node.unit) if node.unit else BARE
                return Typed(Number(node.value, "", node.span), TagKind.NUMBER, unit, node)
            case Truth() | State():
                return Typed(node, TagKind.BOOL)
            case Table():
                return Typed(node, TagKind.NUMBER)
            case Reference():
                return self._reference(node)

    def _reference(self, node: Reference) -> Typed:
        operand = self.lookup.get(node.name)
        if operand is None:
            return self.mistakes.add(node, f"no tag {node.name!r}", self._nearest(node.name))
        if operand.kind is TagKind.TEXT:
            return self.mistakes.add(node, f"{node.name!r} is a text", "expressions compute with numbers")
        unit = UNKNOWN if operand.kind is TagKind.BOOL else of_tag(operand.unit)
        return Typed(node, operand.kind, unit)

    def _nearest(self, name: str) -> str:
        unit = name.partition("/")[0] if "/" in name else None
        names = [known for known in self.lookup if unit is None or known.startswith(f"{unit}/")]
        hyphened = [known for known in names if "-" in known and known.startswith(name)]
        if hyphened:
            return f"a name with '-' is quoted: {name_text(hyphened[0])}"
        blanks = f"for a division put blanks around the slash: {name.replace('/', ' / ')}"
        return did_you_mean(name, names) or (blanks if unit is not None and not names else "")

    def _fail_value(self, node: Call) -> Typed:
        tag = node.arguments[0]
        part = self.visit(tag)
        if part.kind is None or not isinstance(tag, Reference):
            return Typed(node, None)
        value = self.lookup[tag.name].fail_value
        if value is None:
            return self.mistakes.add(node, f"{tag.name!r} has no fail value", "configure its fail_value")
        return Typed(Number(value, "", node.span), TagKind.NUMBER, part.unit, node)

    def _convert(self, node: Convert, operand: Typed) -> Typed:
        if operand.kind is None or not operators.are_numbers(self.mistakes, operand):
            return Typed(node, None)
        unit = canonical(node.unit)
        converted = into_unit(operand, unit)
        if converted is None:
            return self.mistakes.add(node.operand, f"{operand.describe()} cannot be given in {node.unit}", "")
        return Typed(converted, TagKind.NUMBER, unit, node)

    def _conditional(self, node: Conditional) -> Typed:
        condition, chosen, otherwise = (self.visit(p) for p in (node.condition, node.chosen, node.otherwise))
        parts = (condition, chosen, otherwise)
        if None in (part.kind for part in parts) or not operators.is_condition(self.mistakes, condition):
            return Typed(node, None)
        if chosen.kind is not otherwise.kind:
            return self.mistakes.add(
                node.otherwise, "both branches must be of one kind", "two numbers or two conditions"
            )
        unit: Unit = UNKNOWN
        nodes: tuple[Node, ...] = (chosen.node, otherwise.node)
        if chosen.kind is TagKind.NUMBER:
            same = in_one_unit(self.mistakes, (chosen, otherwise), "choose between")
            if same is None:
                return Typed(node, None)
            nodes, unit = same
        result = replace(node, condition=condition.node, chosen=nodes[0], otherwise=nodes[1])
        return Typed(result, chosen.kind, unit, node)
