"""The tree that a text becomes: nodes that know where in the text they came from.

Nodes compare by what they mean, not by where they stand: two texts that differ in blanks and
brackets only have equal trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from config.expressions.errors import Span

NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, with a unit where one is written."""

    value: float
    unit: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    value: bool
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """A tag by its name: `temp.pv`, `br2/temp.pv`."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class State:
    """The state of something that is no tag: `alarm(temp.high)`, `phase(growth)`."""

    function: str
    name: str
    span: Span = field(default=NOWHERE, compare=False)
    name_span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    operator: str
    operand: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands: `+ - * / ^`, a comparison, `and`, `or`."""

    operator: str
    left: Node
    right: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Conditional:
    """`if condition then chosen else otherwise`."""

    condition: Node
    chosen: Node
    otherwise: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the language; every parameter has its argument, defaults filled in."""

    name: str
    arguments: tuple[Node, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers in brackets, an argument of `interp`."""

    items: tuple[Number, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Convert:
    """`x in unit`: converts a known unit, states an unknown one."""

    operand: Node
    unit: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Scale:
    """operand * factor + offset: a conversion that the unit check put in. It has no text form."""

    operand: Node
    factor: float
    offset: float
    span: Span = field(default=NOWHERE, compare=False)


Node = Number | Truth | Reference | State | Unary | Binary | Conditional | Call | Table | Convert | Scale


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below, in the order of the text."""
    match node:
        case Unary() | Convert() | Scale():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Conditional():
            return (node.condition, node.chosen, node.otherwise)
        case Call():
            return node.arguments
        case Table():
            return node.items
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and everything below it, in the order of the text."""
    yield node
    for child in children(node):
        yield from walk(child)


def is_larger(root: Node, *, levels: int, parts: int) -> bool:
    """Tell whether a tree has more levels or more nodes, without recursion: it may be too deep for that.

    Library functions within library functions multiply their arguments, so the size counts too.
    """
    size, pending = 0, [(root, 1)]
    while pending:
        node, level = pending.pop()
        size += 1
        if level > levels or size > parts:
            return True
        pending.extend((child, level + 1) for child in children(node))
    return False
