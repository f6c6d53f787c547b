"""Marks of a trend and stretches of batches, from events."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hmi.contexts import present_batch
from gateway.hmi.marks import marks

S = 1_000_000_000


def context(at_s: int, batch: str, phase: str = "") -> dict[str, Any]:
    return {
        "type": "context", "unit": "fill", "id": f"{at_s}", "time_ns": at_s * S,
        "campaign": "C-1", "batch": batch, "phase": phase,
    }  # fmt: skip


def event(kind: str, at_s: int) -> dict[str, Any]:
    return {"type": kind, "unit": "_gateway", "id": f"{kind}{at_s}", "time_ns": at_s * S}


@pytest.mark.parametrize(("shown", "expected"), [(frozenset({"events"}), 2), (frozenset(), 1)])
def test_lost_reports_are_always_marked_and_apart(shown: frozenset[str], expected: int) -> None:
    events = [event("gap", 3), event("mode", 4)]
    found, rows = marks(events, shown, (0.0, 10_000.0), lambda e: str(e["type"]))
    assert len(found) == expected
    assert [(mark["from"], mark["kind"]) for mark in found if mark["lost"]] == [(3000.0, "events")]
    assert rows["events"]


def test_the_present_batch_begins_where_its_first_phase_began() -> None:
    events = [context(10, "B-1"), context(20, "B-2", "setup"), context(25, "B-2", "filling")]
    found = present_batch(events, "B-2")
    assert found is not None
    assert (found.start_ns, found.end_ns) == (20 * S, None)


@pytest.mark.parametrize("events", [[], [context(10, "B-1")], [context(10, "B-2"), context(20, "")]])
def test_nobody_guesses_when_a_batch_began(events: list[dict[str, Any]]) -> None:
    assert present_batch(events, "B-2") is None


@given(st.lists(st.sampled_from(["B-1", "B-2", ""]), min_size=1, max_size=20))
def test_it_begins_at_a_context_and_nothing_else_came_since(names: list[str]) -> None:
    events = [context(at, name, f"p{at}") for at, name in enumerate(names)]
    found = present_batch(events, names[-1])
    if not names[-1]:
        assert found is None
        return
    assert found is not None
    first = found.start_ns // S
    assert set(names[first:]) == {names[-1]}
    assert first == 0 or names[first - 1] != names[-1]
