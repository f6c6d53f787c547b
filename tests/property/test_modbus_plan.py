"""The planner covers every value within the limits, splits none, and needs the fewest reads."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.devices import Table
from drivers.modbus.plan import Block, Group, Limits, Span, plan_blocks

LIMITS = st.builds(
    Limits, max_registers=st.integers(4, 12), max_bits=st.integers(4, 40), max_gap=st.integers(0, 5)
)
GROUPS = st.builds(
    Group,
    unit_id=st.integers(1, 2),
    table=st.sampled_from([Table.HOLDING, Table.INPUT, Table.COIL]),
    period_s=st.sampled_from([0.1, 1.0]),
)


def spans(most: int, address: int) -> st.SearchStrategy[list[Span]]:
    return st.lists(
        st.builds(
            Span, tag=st.integers(0, 99), start=st.integers(0, address), count=st.sampled_from([1, 2, 4])
        ),
        min_size=1,
        max_size=most,
    )


@given(groups=st.lists(st.tuples(GROUPS, spans(8, 60)), max_size=5), limits=LIMITS)
def test_every_value_is_in_one_block_of_its_group_within_the_limits(
    groups: list[tuple[Group, list[Span]]], limits: Limits
) -> None:
    points = [(group, span) for group, members in groups for span in members]
    blocks = plan_blocks(points, limits)
    covered = [(block.group, span) for block in blocks for span in block.spans]
    assert sorted(covered, key=repr) == sorted(points, key=repr)
    for block in blocks:
        assert block.count <= limits.longest(block.group.table)
        assert all(block.start <= s.start and s.end <= block.start + block.count for s in block.spans)
        assert _longest_gap(block) <= limits.gap(block.group.table)
    assert len(blocks) <= len(points)


@settings(max_examples=300)
@given(members=spans(7, 25), limits=LIMITS)
def test_nobody_needs_fewer_reads(members: list[Span], limits: Limits) -> None:
    group = Group(1, Table.HOLDING, 1.0)
    planned = plan_blocks([(group, span) for span in members], limits)
    assert len(planned) == _fewest(group, tuple(members), limits)


def _fewest(group: Group, members: tuple[Span, ...], limits: Limits) -> int:
    """Try every way to share the values among reads."""

    @functools.cache
    def fewest(rest: frozenset[int]) -> int:
        if not rest:
            return 0
        first, *others = sorted(rest)
        best = len(rest)
        for choice in range(2 ** len(others)):
            taken = [first, *(at for bit, at in enumerate(others) if choice >> bit & 1)]
            chosen = sorted((members[at] for at in taken), key=lambda span: (span.start, span.end))
            block = Block(group, tuple(chosen))
            if block.count <= limits.longest(group.table) and _longest_gap(block) <= limits.gap(group.table):
                best = min(best, 1 + fewest(rest - frozenset(taken)))
        return best

    return fewest(frozenset(range(len(members))))


def _longest_gap(block: Block) -> int:
    longest, end = 0, block.start
    for span in block.spans:
        longest, end = max(longest, span.start - end), max(end, span.end)
    return longest


@given(members=spans(20, 60))
def test_halves_hold_the_same_values(members: list[Span]) -> None:
    (block,) = plan_blocks(
        [(Group(1, Table.HOLDING, 1.0), span) for span in members], Limits(max_registers=125, max_gap=100)
    )
    if len(block.spans) > 1:
        left, right = block.halves()
        assert left.spans + right.spans == block.spans
        assert left.spans
        assert right.spans


def test_a_value_longer_than_a_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="takes 4, a read at most 2"):
        plan_blocks([(Group(1, Table.HOLDING, 1.0), Span(0, 0, 4))], Limits(max_registers=2))


def test_a_gap_is_bridged_or_not() -> None:
    group = Group(1, Table.HOLDING, 1.0)
    points = [(group, Span(0, 0, 1)), (group, Span(1, 17, 1))]
    assert len(plan_blocks(points, Limits(max_gap=16))) == 1
    assert len(plan_blocks(points, Limits(max_gap=15))) == 2
