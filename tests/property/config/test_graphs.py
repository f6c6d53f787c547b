"""Circles: one is found exactly when there is one, and each that is found is one."""

from __future__ import annotations

import graphlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from config.graphs import cycles

_NODES = st.integers(0, 9).map(str)
_GRAPHS = st.dictionaries(_NODES, st.lists(_NODES, max_size=4), max_size=10)


@given(_GRAPHS)
def test_against_the_standard_library(edges: dict[str, list[str]]) -> None:
    within = {node: [other for other in others if other in edges] for node, others in edges.items()}
    try:
        list(graphlib.TopologicalSorter(within).static_order())
        has_circle = False
    except graphlib.CycleError:
        has_circle = True
    found = cycles(edges)
    assert bool(found) == has_circle
    seen: set[str] = set()
    for circle in found:
        assert circle[0] == circle[-1]
        assert all(other in edges[node] for node, other in itertools.pairwise(circle))
        assert not seen.intersection(circle)
        seen.update(circle)


@given(_GRAPHS)
def test_cutting_what_is_found_leaves_fewer(edges: dict[str, list[str]]) -> None:
    rounds = 0
    while found := cycles(edges):
        cut = {circle[0] for circle in found}
        edges = {node: others for node, others in edges.items() if node not in cut}
        rounds += 1
        assert rounds <= 10


def test_a_long_chain_needs_no_deep_recursion() -> None:
    count = 100_000
    chain = {str(n): [str(n + 1)] for n in range(count)}
    assert cycles(chain) == []
    chain[str(count)] = ["0"]
    (circle,) = cycles(chain)
    assert len(circle) == count + 2
