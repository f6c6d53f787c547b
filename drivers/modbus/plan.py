"""From addresses to the fewest reads. Pure: no I/O, no clock.

Values that share unit id, table and period are merged into blocks, as long as a block keeps the
device's limit and bridges no gap longer than allowed. A value is never split over two reads: its
halves would come from different moments. Going through the values by address and closing a block
only when the next value does not fit gives the least number of blocks; a test compares it with
trying everything.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from config.devices import BIT_TABLES, Table
from drivers.modbus.pdu import MOST_RECORDS

BITS_PER_REGISTER: Final = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What one read may be."""

    max_registers: int = 125
    max_bits: int = 2000
    max_gap: int = 16
    """Unused registers between two values of a block (sixteen times as many bits)."""

    def longest(self, table: Table) -> int:
        """Return the most registers, bits or records in one read of a table; a queue is read alone."""
        if table is Table.FIFO:
            return 1
        if table is Table.FILE:
            return min(self.max_registers, MOST_RECORDS)
        return self.max_bits if table in BIT_TABLES else self.max_registers

    def gap(self, table: Table) -> int:
        """Return the longest gap that a read of a table may bridge."""
        return self.max_gap * (BITS_PER_REGISTER if table in BIT_TABLES else 1)


@dataclass(frozen=True, slots=True)
class Span:
    """The registers (or bits) of one tag's value."""

    tag: int
    start: int
    count: int

    @property
    def end(self) -> int:
        """One past the last."""
        return self.start + self.count


@dataclass(frozen=True, slots=True)
class Group:
    """What a read can have only one of."""

    unit_id: int
    table: Table
    period_s: float
    file: int = 0
    """Number of the file, where the table is one."""


@dataclass(frozen=True, slots=True)
class Block:
    """One read, and the values in it by address."""

    group: Group
    spans: tuple[Span, ...]

    @property
    def start(self) -> int:
        """Address of the first register or bit."""
        return self.spans[0].start

    @property
    def count(self) -> int:
        """Registers or bits from the first to the last."""
        return max(span.end for span in self.spans) - self.start

    def halves(self) -> tuple[Block, Block]:
        """Return two blocks with half of the values each; there must be at least two values."""
        middle = len(self.spans) // 2
        return Block(self.group, self.spans[:middle]), Block(self.group, self.spans[middle:])


def plan_blocks(points: Iterable[tuple[Group, Span]], limits: Limits) -> list[Block]:
    """Return the fewest blocks that hold every value.

    Raises:
        ValueError: a value alone is longer than a read may be.
    """
    ordered = sorted(points, key=lambda point: (_key(point[0]), point[1].start, point[1].end))
    blocks: list[Block] = []
    for group, members in itertools.groupby(ordered, key=lambda point: point[0]):
        blocks += _blocks_of(group, [span for _, span in members], limits)
    return blocks


def _key(group: Group) -> tuple[int, str, int, float]:
    return group.unit_id, group.table.value, group.file, group.period_s


def _blocks_of(group: Group, spans: list[Span], limits: Limits) -> list[Block]:
    longest, gap = limits.longest(group.table), limits.gap(group.table)
    too_long = max(spans, key=attrgetter("count"))
    if too_long.count > longest:
        raise ValueError(f"tag {too_long.tag} takes {too_long.count}, a read at most {longest}")
    blocks: list[Block] = []
    members: list[Span] = []
    end = 0
    for span in spans:
        if members and (span.start - end > gap or span.end - members[0].start > longest):
            blocks.append(Block(group, tuple(members)))
            members = []
        end = max(end, span.end) if members else span.end
        members.append(span)
    blocks.append(Block(group, tuple(members)))
    return blocks
