"""Parts of an expression whose kind and unit are known, and how they are brought into one unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from config.expressions.errors import Problem
from config.expressions.printer import to_text
from config.expressions.syntax import Node, Number, Scale
from config.expressions.units import (
    BARE,
    UNKNOWN,
    Composite,
    Conversion,
    Unit,
    Unitless,
    alike,
    conversion,
    shown,
)
from config.tags import TagKind


class Typed(NamedTuple):
    """A node with what is known of its value."""

    node: Node
    kind: TagKind | None
    """None after a mistake, so that one mistake is told once."""
    unit: Unit = UNKNOWN
    shown: Node | None = None
    """The node as it was written, where conversions have been put into it."""

    def describe(self) -> str:
        """Return the part and its unit in words: `flow.pv (L/min)`."""
        text = to_text(self.shown or self.node)
        text = text if len(text) <= 40 else f"{text[:39]}…"
        return text if isinstance(self.unit, Unitless) else f"{text} ({shown(self.unit)})"


class Mistakes:
    """The mistakes found in one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Problem] = []

    def add(self, node: Node, message: str, fix: str = "") -> Typed:
        """Note a mistake; what is returned stands in for the part that has it."""
        problem = Problem.at(self.text, node.span, message, fix)
        if problem not in self.found:  # an argument of a library function may stand in it twice
            self.found.append(problem)
        return Typed(node, None)


def scaled(node: Node, by: Conversion) -> Node:
    """Return a node for node * factor + offset; a number is computed at once."""
    if by == (1.0, 0.0):
        return node
    if isinstance(node, Number):
        return Number(node.value * by.factor + by.offset, "", node.span)
    return Scale(node, by.factor, by.offset, node.span)


def composed(node: Node, into: Composite) -> Node:
    """Return a product brought into its reduced unit."""
    return scaled(node, Conversion(into.factor, 0.0))


def into_unit(part: Typed, unit: Unit) -> Node | None:
    """Return the part in another unit, or nothing where the units measure different things.

    A number without a unit is taken to be in it already.
    """
    if isinstance(part.unit, Unitless) or isinstance(unit, Unitless):
        return part.node
    return scaled(part.node, conversion(part.unit, unit)) if alike(part.unit, unit) else None


def in_one_unit(
    mistakes: Mistakes, parts: Sequence[Typed], doing: str
) -> tuple[tuple[Node, ...], Unit] | None:
    """Return the parts in the unit of the first that has one, and that unit; nothing on a mistake."""
    known = [part for part in parts if not isinstance(part.unit, Unitless)]
    if not known:
        bare = all(part.unit is BARE for part in parts)
        return tuple(part.node for part in parts), BARE if bare else UNKNOWN
    leader = known[0]
    nodes: list[Node] = []
    for part in parts:
        node = into_unit(part, leader.unit)
        if node is None:
            fix = f"they measure different things; {leader.describe()} needs the like of {shown(leader.unit)}"
            mistakes.add(part.node, f"cannot {doing} {leader.describe()} and {part.describe()}", fix)
            return None
        nodes.append(node)
    return tuple(nodes), leader.unit
