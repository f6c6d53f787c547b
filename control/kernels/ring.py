"""Compiled push and pop of the single-producer single-consumer rings.

A ring is a table of 8-byte words, one row a slot, and two counters that only grow: `TAIL` rows
were pushed, `HEAD` rows were popped; the slot of row n is n modulo the capacity (a power of two).
The counters lie on cache lines of their own, so that the two threads do not fight for one.
"""

from __future__ import annotations

from typing import Final

from control.kernels.atomic import Words, load_acquire, store_release
from control.kernels.jit import inlined, kernel

HEAD: Final = 0
TAIL: Final = 16
COUNTERS: Final = 32  # words, so that each counter has 128 bytes to itself


@inlined
def room(counters: Words, capacity: int) -> int:
    """Return how many rows the producer may push now."""
    used: int = counters[TAIL] - load_acquire(counters, HEAD)
    return capacity - used


@inlined
def waiting(counters: Words) -> int:
    """Return how many rows the consumer may pop now."""
    popped: int = counters[HEAD]
    return load_acquire(counters, TAIL) - popped


@kernel
def push(slots: Words, counters: Words, rows: Words) -> int:
    """Copy rows in, as many as there is room for.

    Args:
        slots: shape (capacity, words of a row).
        counters: shape (COUNTERS,).
        rows: shape (n, words of a row).

    Returns:
        How many rows were taken; the others were refused (the newest, never the oldest).
    """
    capacity, width = slots.shape
    tail = counters[TAIL]
    taken = min(len(rows), room(counters, capacity))
    for n in range(taken):
        slot = (tail + n) & (capacity - 1)
        for word in range(width):
            slots[slot, word] = rows[n, word]
    store_release(counters, TAIL, tail + taken)
    return taken


@kernel
def pop(slots: Words, counters: Words, into: Words) -> int:
    """Copy the oldest rows out, as many as there are and `into` holds; return how many."""
    capacity, width = slots.shape
    head = counters[HEAD]
    taken = min(len(into), waiting(counters))
    for n in range(taken):
        slot = (head + n) & (capacity - 1)
        for word in range(width):
            into[n, word] = slots[slot, word]
    store_release(counters, HEAD, head + taken)
    return taken
