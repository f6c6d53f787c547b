"""Transitions: what happened to alarms, loops, interlocks and commands, in the order of happening.

Nothing of this kind is ever dropped. A full ring refuses, and then the transition stays pending
where it happened (its alarm's, loop's or interlock's row), is tried again each scan, and what
happens to the same thing meanwhile joins it with a count. A command is not even taken from its
ring while there is no room for its answer.
"""

from __future__ import annotations

import math
from typing import Final

from control.kernels.atomic import store_release
from control.kernels.jit import inlined, part
from control.kernels.ring import TAIL, room
from control.rings import RingArrays, Row
from control.signal import KIND_DONE, KIND_REFUSED

ANSWERED: Final = 0
"""What carrying out a command returns when it was answered; otherwise it returns REFUSED_*."""
ANSWER_ROOM: Final = 4
"""Rows that one command may need: its answer, and pending transitions that must go first."""


@inlined
def has_room(transitions: RingArrays, rows: int) -> bool:
    """Say whether so many transitions would be accepted now."""
    return room(transitions.counters, len(transitions.rows)) >= rows


@inlined
def next_row(transitions: RingArrays) -> Row:
    """Return the row that the next transition is written to, where there is room for one."""
    return transitions.rows[transitions.counters[TAIL] & (len(transitions.rows) - 1)]


@inlined
def publish_row(transitions: RingArrays) -> None:
    """Let the reader have the row that was written."""
    store_release(transitions.counters, TAIL, transitions.counters[TAIL] + 1)


@part
def put(
    transitions: RingArrays,
    kind: int,
    index: int,
    before: int,
    after: int,
    utc_ns: int,
    ticket: int,
    value: float,
    limit: float,
    count: int,
    onset_ns: int,
    occurrence: int,
    cause: int,
) -> bool:
    """Put a transition into the ring; False when it is full."""
    if not has_room(transitions, 1):
        return False
    row = next_row(transitions)
    row["utc_ns"] = utc_ns
    row["onset_ns"] = onset_ns
    row["occurrence"] = occurrence
    row["ticket"] = ticket
    row["value"] = value
    row["limit"] = limit
    row["annunciated_ns"] = 0
    row["until_ns"] = 0
    row["kind"] = kind
    row["index"] = index
    row["before"] = before
    row["after"] = after
    row["count"] = count
    row["cause"] = cause
    row["order"] = 0
    publish_row(transitions)
    return True


@inlined
def announce(
    transitions: RingArrays,
    kind: int,
    index: int,
    before: int,
    after: int,
    utc_ns: int,
    ticket: int,
    value: float,
    count: int,
) -> bool:
    """Announce a transition of a loop, an interlock or the engine; False when the ring is full."""
    return put(transitions, kind, index, before, after, utc_ns, ticket, value, math.nan, count, 0, 0, 0)


@inlined
def done(transitions: RingArrays, ticket: int, index: int, value: float, utc_ns: int) -> None:
    """Answer a command that leaves no other transition."""
    put(transitions, KIND_DONE, index, 0, 0, utc_ns, ticket, value, math.nan, 1, 0, 0, 0)


@inlined
def refuse(
    transitions: RingArrays, ticket: int, index: int, value: float, cause: int, unfulfilled: int, utc_ns: int
) -> None:
    """Answer a command with a refusal, its cause, and the bits of the conditions that forbid it."""
    put(transitions, KIND_REFUSED, index, 0, 0, utc_ns, ticket, value, math.nan, 1, 0, unfulfilled, cause)
