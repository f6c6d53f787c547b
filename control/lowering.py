"""A checked expression to instructions: one entry of a program.

Equal parts are computed once, functions that remember included: with the same operands they have
the same past. Two operations become one instruction where there is one for both; it rounds twice,
as the two would.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from config.expressions import syntax
from config.expressions.syntax import Node
from control import opcodes as op
from control.operations import BINARY, CALLS, FOLDED, FUSED, GATHERED


class Place(NamedTuple):
    """Where a value is: a register whose number is known once the whole program is."""

    where: str
    """`own`, `constant`, `shared` or `state`."""
    number: int


class Instruction(NamedTuple):
    """An instruction before registers have numbers. Its result is the entry's own register."""

    kind: int
    into: int
    a: Place
    b: Place
    c: Place | int


class Constants:
    """The constants of a program: each number once, tables side by side."""

    def __init__(self) -> None:
        self.values: list[float] = [0.0]
        self._known: dict[bytes, int] = {_bits(0.0): 0}
        self._tables: dict[tuple[float, ...], int] = {}

    def number(self, value: float) -> Place:
        """Return where a number is."""
        bits = _bits(value)
        if bits not in self._known:
            self._known[bits] = len(self.values)
            self.values.append(value)
        return Place("constant", self._known[bits])

    def table(self, xs: tuple[float, ...], ys: tuple[float, ...]) -> Place:
        """Return where a table begins: its xs, then its ys."""
        both = xs + ys
        if both not in self._tables:
            self._tables[both] = len(self.values)
            self.values.extend(both)
        return Place("constant", self._tables[both])


ZERO: Final = Place("constant", 0)
"""Stands where an instruction has no operand."""


class States:
    """What the expressions of a program ask the state of, each once: function and name."""

    def __init__(self) -> None:
        self.asked: dict[tuple[str, str], int] = {}

    def number(self, function: str, name: str) -> Place:
        """Return where a state will be found."""
        return Place("state", self.asked.setdefault((function, name), len(self.asked)))


@dataclass(slots=True)
class Lowering:
    """The instructions of one entry as they come."""

    tags: Mapping[str, int]
    """Index of every tag that is read from the image."""
    shared: Mapping[str, int]
    """Entry of every calculation that comes before."""
    constants: Constants
    states: States
    first_cell: int
    """Where the cells of this entry begin in the state."""
    inputs: dict[int, int] = field(default_factory=dict)
    """Tag to the entry's own register."""
    code: list[Instruction] = field(default_factory=list)
    cells: int = 0
    own: int = 0
    _computed: dict[tuple[object, ...], Place] = field(default_factory=dict)

    def run(self, root: Node) -> Place:
        """Put the whole expression into instructions; return where its value will be."""
        names = sorted({node.name for node in syntax.walk(root) if isinstance(node, syntax.Reference)})
        for name in names:
            if name not in self.shared:
                self.inputs[self.tags[name]] = self.own
                self.own += 1
        return self._visit(root)

    def _visit(self, node: Node) -> Place:
        match node:
            case syntax.Number() | syntax.Truth():
                return self.constants.number(float(node.value))
            case syntax.Reference():
                return self._tag(node.name)
            case syntax.State():
                return self.states.number(node.function, node.name)
            case syntax.Unary():
                kind = op.NOT if node.operator == "not" else op.NEGATE
                return self._emit(kind, self._visit(node.operand))
            case syntax.Scale():
                return self._scaled(node)
            case syntax.Conditional():
                places = (self._visit(part) for part in (node.condition, node.chosen, node.otherwise))
                return self._emit(op.SELECT, *places)
            case syntax.Binary():
                return self._binary(BINARY[node.operator], node.left, node.right)
            case syntax.Call():
                return self._call(node)
            case _:
                raise AssertionError(node)  # tables are read by their call; the check left no conversions

    def _tag(self, name: str) -> Place:
        if name in self.shared:
            return Place("shared", self.shared[name])
        return Place("own", self.inputs[self.tags[name]])

    def _scaled(self, node: syntax.Scale) -> Place:
        operand, factor = self._visit(node.operand), self.constants.number(node.factor)
        if node.offset == 0.0:
            return self._emit(op.MULTIPLY, operand, factor)
        offset = self.constants.number(node.offset)
        if node.factor == 1.0:
            return self._emit(op.ADD, operand, offset)
        return self._emit(op.MULTIPLY_ADD, operand, factor, offset)

    def _binary(self, kind: int, left: Node, right: Node) -> Place:
        for side, inner, outer in (("left", left, right), ("right", right, left)):
            if not isinstance(inner, syntax.Binary):
                continue
            fused = FUSED.get((kind, side, BINARY[inner.operator]))
            if fused is not None:
                places = (self._visit(inner.left), self._visit(inner.right), self._visit(outer))
                return self._emit(fused, *places)
        return self._emit(kind, self._visit(left), self._visit(right))

    def _call(self, node: syntax.Call) -> Place:
        given = node.arguments
        if node.name in GATHERED:
            return self._gathered(GATHERED[node.name], [self._visit(part) for part in given])
        if node.name in FOLDED:
            return self._chained(FOLDED[node.name], [self._visit(part) for part in given])
        match node.name:
            case "mean":
                total = self._chained(op.ADD, [self._visit(part) for part in given])
                return self._emit(op.DIVIDE, total, self.constants.number(float(len(given))))
            case "plain":
                return self._visit(given[0])
            case "hysteresis":
                x, low, high = (self._visit(part) for part in given)
                above, below = self._emit(op.GREATER, x, high), self._emit(op.LESS, x, low)
                return self._remembering(op.SET_RESET, above, below)
            case "integrate":
                x, per, reset = (self._visit(part) for part in given)
                return self._remembering(op.INTEGRATE, self._emit(op.DIVIDE, x, per), reset)
            case "interp":
                return self._table(given)
        kind = CALLS[node.name]
        places = [self._visit(part) for part in given]
        return self._remembering(kind, *places) if kind in op.CELLS else self._emit(kind, *places)

    def _chained(self, kind: int, places: list[Place]) -> Place:
        result = places[0]
        for place in places[1:]:
            result = self._emit(kind, result, place)
        return result

    def _table(self, given: tuple[Node, ...]) -> Place:
        x, xs, ys = given
        if not isinstance(xs, syntax.Table) or not isinstance(ys, syntax.Table):
            raise AssertionError(given)
        values = (tuple(item.value for item in table.items) for table in (xs, ys))
        return self._emit(op.INTERPOLATE, self._visit(x), self.constants.table(*values), len(xs.items))

    def _gathered(self, kind: int, places: list[Place]) -> Place:
        """Copy the operands side by side: the instruction sorts its registers in place."""
        key = (kind, *places)
        if key not in self._computed:
            copies = [self._append(op.COPY, place, ZERO, ZERO) for place in places]
            self._computed[key] = self._append(kind, copies[0], ZERO, len(copies))
        return self._computed[key]

    def _remembering(self, kind: int, a: Place, b: Place = ZERO) -> Place:
        key = (kind, a, b)
        if key not in self._computed:
            cell = self.first_cell + self.cells
            self.cells += op.CELLS[kind]
            self._computed[key] = self._append(kind, a, b, cell)
        return self._computed[key]

    def _emit(self, kind: int, a: Place, b: Place = ZERO, c: Place | int = ZERO) -> Place:
        key = (kind, a, b, c)
        if key not in self._computed:
            self._computed[key] = self._append(kind, a, b, c)
        return self._computed[key]

    def _append(self, kind: int, a: Place, b: Place, c: Place | int) -> Place:
        self.code.append(Instruction(kind, self.own, a, b, c))
        self.own += 1
        return Place("own", self.own - 1)


def _bits(value: float) -> bytes:
    return struct.pack("<d", value)
