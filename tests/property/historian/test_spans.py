"""Spans and watermarks agree with plain sets, whatever arrives in whatever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.historian.spans import Arrivals, Spans

SEQUENCES = st.lists(st.integers(1, 40), max_size=80)


@given(SEQUENCES)
def test_spans_are_a_set(sequences: list[int]) -> None:
    spans = Spans()
    for sequence in sequences:
        spans.add(sequence)
    expanded = [s for first, last in spans for s in range(first, last + 1)]
    assert expanded == sorted(set(sequences))
    assert all(b[0] - a[1] > 1 for a, b in zip(list(spans), list(spans)[1:], strict=False))
    missing = [s for first, last in spans.gaps(1, 45) for s in range(first, last + 1)]
    assert missing == sorted(set(range(1, 46)) - set(sequences))


@given(
    st.lists(st.one_of(st.integers(1, 30), st.tuples(st.integers(1, 30), st.integers(1, 30))), max_size=60)
)
def test_arrivals_are_two_sets(steps: list[int | tuple[int, int]]) -> None:
    arrivals, stored, lost = Arrivals(), set[int](), set[int]()
    for step in steps:
        if isinstance(step, int):
            assert arrivals.accept(step) == (step not in stored)
            stored.add(step)
        else:
            first, last = min(step), max(step)
            given_up = {s for a, b in arrivals.give_up(first, last) for s in range(a, b + 1)}
            assert given_up == set(range(first, last + 1)) - stored - lost
            lost |= given_up
        settled = stored | lost
        watermark = next(n for n in range(100) if n + 1 not in settled)
        assert arrivals.watermark == watermark
        missing = {s for a, b in arrivals.missing() for s in range(a, b + 1)}
        assert missing == set(range(watermark + 1, max(settled, default=0) + 1)) - settled
