"""A ring is a bounded queue, whatever is pushed and popped in whatever portions."""

from __future__ import annotations

from collections import deque

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from control import signal
from control.rings import Ring, RingArrays

STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=60)


@settings(max_examples=100)
@given(capacity=st.integers(1, 33), steps=STEPS)
def test_a_ring_is_a_bounded_queue(capacity: int, steps: list[tuple[bool, int]]) -> None:
    ring = Ring(RingArrays.allocate(signal.OUTPUT, capacity))
    model: deque[int] = deque()
    number = 0
    assert capacity <= ring.capacity <= max(2, 2 * capacity)
    for is_push, count in steps:
        if is_push:
            rows = np.zeros(count, signal.OUTPUT)
            rows["scan"] = np.arange(number, number + count)
            taken = ring.push(rows)
            assert taken == min(count, ring.capacity - len(model))
            model.extend(range(number, number + taken))
            number += taken
        else:
            expected = [model.popleft() for _ in range(min(count, len(model)))]
            assert ring.pop(count)["scan"].tolist() == expected
        assert len(ring) == len(model)
