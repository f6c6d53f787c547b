"""Calculations and conditions to a program that the engine interprets.

Nothing is compiled here for the processor: a changed configuration is other numbers in the same
arrays, and the kernel that reads them was compiled long before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from config.expressions import Checked, evaluation_order
from config.expressions.syntax import Reference, walk
from control.lowering import Constants, Instruction, Lowering, Place, States
from control.opcodes import ENTRY, INSTRUCTION
from control.program import Memory, Program
from control.rings import Rows
from control.signal import BAD, WAITING

GAP_PERIODS: Final = 10
"""Periods without evaluation after which what lies between is a gap."""


@dataclass(frozen=True, slots=True)
class Source:
    """One calculation or condition to be compiled."""

    name: str
    """Full name; what needs a calculation refers to it by this."""
    expression: Checked
    tag: int = -1
    """Index of the tag that shows the result; -1 for a condition."""
    speed: float = 1.0
    """Plant seconds in a second."""
    every: int = 1
    """Scans from one evaluation to the next."""

    def needs(self) -> list[str]:
        """Return the names of what it refers to."""
        names = {node.name for node in walk(self.expression.root) if isinstance(node, Reference)}
        return sorted(names)


class Part(NamedTuple):
    """Where a calculation or condition is in a program."""

    entry: int
    """Index of its result in `Memory.value` and `Memory.quality`."""
    first_cell: int
    """Its part of `Memory.cells`, to carry its past over to another program."""
    last_cell: int
    """One after the last."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program with what the rest of the engine needs to know of it."""

    program: Program
    calculations: Mapping[str, Part]
    """By full name."""
    conditions: Mapping[str, Part]
    """By full name."""
    constants: tuple[float, ...]
    own_registers: int
    """Registers that the entries use one after another."""
    cells: int
    """Cells of state."""
    states: Mapping[tuple[str, str], int]
    """Function and name of what the expressions ask the state of, to the register where it is looked for."""

    def memory(self) -> Memory:
        """Return the memory of a cold start."""
        entries = len(self.program.entries)
        register = np.zeros(self.own_registers + len(self.constants) + entries + len(self.states))
        register[self.own_registers : self.own_registers + len(self.constants)] = self.constants
        return Memory(
            value=np.full(entries, np.nan),
            quality=np.full(entries, BAD | WAITING, np.uint32),
            register=register,
            register_quality=np.zeros(len(register), np.uint32),
            cells=np.zeros(self.cells),
            evaluated_ns=np.zeros(entries, np.int64),
        )


def compile_program(
    calculations: Sequence[Source],
    tags: Mapping[str, int],
    *,
    conditions: Sequence[Source] = (),
    scan_period_s: float = 0.1,
) -> Compiled:
    """Return the program of calculations, each after those it needs, and of conditions after them.

    Args:
        calculations: what others can refer to by name.
        tags: index of every tag in the image.
        conditions: what nothing refers to.
        scan_period_s: period of the scan; a gap is ten periods of an entry.

    Raises:
        CycleError: calculations need each other.
    """
    by_name = {source.name: source for source in calculations}
    order = evaluation_order({source.name: source.needs() for source in calculations})
    sources = [*(by_name[name] for name in order), *conditions]
    shared = {name: index for index, name in enumerate(order)}
    constants, states = Constants(), States()
    lowered: list[tuple[Lowering, Place]] = []
    parts: list[Part] = []
    cells = 0
    for index, source in enumerate(sources):
        lowering = Lowering(tags, shared, constants, states, cells)
        lowered.append((lowering, lowering.run(source.expression.root)))
        parts.append(Part(index, cells, cells + lowering.cells))
        cells += lowering.cells
    own = max((lowering.own for lowering, _ in lowered), default=0)
    layout = _Layout(own, len(constants.values), len(sources))
    program = Program(
        code=_code(lowered, layout),
        entries=_entries(sources, lowered, layout, scan_period_s),
        inputs=np.array([tag for lowering, _ in lowered for tag in lowering.inputs], np.uint32),
    )
    names = [source.name for source in sources]
    return Compiled(
        program=program,
        calculations=dict(zip(order, parts, strict=False)),
        conditions=dict(zip(names[len(order) :], parts[len(order) :], strict=True)),
        constants=tuple(constants.values),
        own_registers=layout.own,
        cells=cells,
        states={asked: layout.number(Place("state", number)) for asked, number in states.asked.items()},
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    """Numbers of the registers: an entry's own, the constants, the shared results, the states."""

    own: int
    constants: int
    entries: int

    def number(self, place: Place | int) -> int:
        """Return the number of a register; what is no register stays as it is."""
        if isinstance(place, int):
            return place
        shared = self.own + self.constants
        first = {"own": 0, "constant": self.own, "shared": shared, "state": shared + self.entries}
        return first[place.where] + place.number

    def row(self, instruction: Instruction) -> tuple[int, ...]:
        """Return an instruction as a row of the code."""
        operands = (self.number(place) for place in (instruction.a, instruction.b, instruction.c))
        return (instruction.kind, instruction.into, *operands)


def _code(lowered: Sequence[tuple[Lowering, Place]], layout: _Layout) -> Rows:
    rows = [layout.row(instruction) for lowering, _ in lowered for instruction in lowering.code]
    return np.array(rows, INSTRUCTION)


def _entries(
    sources: Sequence[Source],
    lowered: Sequence[tuple[Lowering, Place]],
    layout: _Layout,
    scan_period_s: float,
) -> Rows:
    entries = np.zeros(len(sources), ENTRY)
    instructions = inputs = 0
    for index, (source, (lowering, result)) in enumerate(zip(sources, lowered, strict=True)):
        row = entries[index]
        row["first"], row["first_input"] = instructions, inputs
        instructions += len(lowering.code)
        inputs += len(lowering.inputs)
        row["last"], row["last_input"] = instructions, inputs
        row["result"] = layout.number(result)
        row["shared"] = layout.number(Place("shared", index))
        row["tag"], row["every"], row["speed"] = source.tag, source.every, source.speed
        row["gap_ns"] = round(GAP_PERIODS * source.every * scan_period_s * 1e9)
    return entries
