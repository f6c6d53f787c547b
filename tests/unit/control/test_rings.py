"""Rings: order, refusal, and two threads at once."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from control import signal
from control.kernels import ring
from control.kernels.atomic import Words
from control.kernels.jit import COMPILING, kernel
from control.rings import Ring, RingArrays, Rows

WIDTH = 4


def rows_for(capacity: int) -> int:
    """Return how many rows to pass: without compilation the threads take turns of milliseconds."""
    return min(200_000, 5000 * capacity) if COMPILING else min(2000, 50 * capacity)


def rows_from(first: int, count: int) -> Rows:
    rows = np.zeros(count, signal.SAMPLE)
    rows["source_ns"] = np.arange(first, first + count)
    return rows


def test_rows_come_out_in_order_round_and_round() -> None:
    tested = Ring(RingArrays.allocate(signal.SAMPLE, 8))
    pushed = popped = 0
    for count in (3, 5, 1, 7, 2, 8, 4) * 5:
        taken = tested.push(rows_from(pushed, count))
        pushed += taken
        out = tested.pop(6)["source_ns"]
        assert out.tolist() == list(range(popped, popped + len(out)))
        popped += len(out)
    assert popped > 8 * 5
    assert (tested.pushed, tested.popped, len(tested)) == (pushed, popped, pushed - popped)


def test_a_full_ring_refuses_the_newest() -> None:
    tested = Ring(RingArrays.allocate(signal.SAMPLE, 5))
    assert tested.capacity == 8
    assert tested.push(rows_from(0, 6)) == 6
    assert tested.push(rows_from(6, 6)) == 2
    assert tested.push(rows_from(8, 1)) == 0
    assert tested.pop(100)["source_ns"].tolist() == list(range(8))
    assert len(tested.pop(100)) == 0


def test_every_field_of_a_row_comes_through() -> None:
    tested = Ring(RingArrays.allocate(signal.TRANSITION, 4))
    rows = np.zeros(1, signal.TRANSITION)
    for number, name in enumerate(signal.TRANSITION.names or ()):
        rows[name] = number + 1
    tested.push(rows)
    assert tested.pop(1).tolist() == rows.tolist()


def test_rows_of_another_kind_are_an_error() -> None:
    with pytest.raises(TypeError, match="this ring takes"):
        Ring(RingArrays.allocate(signal.SAMPLE, 4)).push(np.zeros(1, signal.COMMAND))


def test_rows_that_do_not_lie_side_by_side_can_be_pushed() -> None:
    tested = Ring(RingArrays.allocate(signal.SAMPLE, 8))
    assert tested.push(rows_from(0, 6)[::2]) == 3
    assert tested.pop(8)["source_ns"].tolist() == [0, 2, 4]


@kernel
def produce(slots: Words, counters: Words, batch: Words, total: int) -> int:
    """Push rows whose words all say the row's number, in batches of 1 to len(batch) rows."""
    sent = 0
    size = 1
    while sent < total:
        count = min(size, total - sent)
        for n in range(count):
            for word in range(batch.shape[1]):
                batch[n, word] = sent + n
        sent += ring.push(slots, counters, batch[:count])
        size = size % len(batch) + 1
    return sent


@kernel
def consume(slots: Words, counters: Words, batch: Words, total: int) -> int:
    """Pop rows and return how many were not the one expected, in every word."""
    wrong = 0
    seen = 0
    while seen < total:
        taken = ring.pop(slots, counters, batch)
        for n in range(taken):
            for word in range(batch.shape[1]):
                wrong += batch[n, word] != seen + n
        seen += taken
    return wrong


def words(capacity: int) -> tuple[Words, Words]:
    return np.zeros((capacity, WIDTH), np.int64), np.zeros(ring.COUNTERS, np.int64)


@pytest.mark.parametrize("capacity", [2, 64, 4096])
def test_compiled_producer_python_consumer(capacity: int) -> None:
    slots, counters = words(capacity)
    batch, total = np.zeros((7, WIDTH), np.int64), rows_for(capacity)
    produce(slots, counters, batch, 0)
    thread = threading.Thread(target=produce, args=(slots, counters, batch, total))
    thread.start()
    seen, into = 0, np.zeros((1024, WIDTH), np.int64)
    while seen < total:
        taken = ring.pop(slots, counters, into)
        expected = np.arange(seen, seen + taken)
        assert (into[:taken] == expected[:, None]).all()
        seen += taken
    thread.join()
    assert seen == total


@pytest.mark.parametrize("capacity", [2, 64, 4096])
def test_python_producer_compiled_consumer(capacity: int) -> None:
    slots, counters = words(capacity)
    batch, total = np.zeros((5, WIDTH), np.int64), rows_for(capacity)
    wrong: list[int] = []
    consume(slots, counters, batch, 0)
    thread = threading.Thread(target=lambda: wrong.append(consume(slots, counters, batch, total)))
    thread.start()
    sent = 0
    while sent < total:
        count = min(512, total - sent)
        rows = np.repeat(np.arange(sent, sent + count), WIDTH).reshape(count, WIDTH)
        taken = ring.push(slots, counters, rows)
        sent += taken
        if taken == 0:
            time.sleep(0)
    thread.join()
    assert wrong == [0]
