"""Reports: samples that are news leave the engine here, and the engine's own tags are written here.

A full ring refuses the newest report: it is counted for its tag, the tag stays due, and its next
accepted report carries the reason OVERFLOW, so that the gap shows where the data are read.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from control.image import Image
from control.kernels.atomic import store_release
from control.kernels.deadband import moved
from control.kernels.jit import inlined, part
from control.kernels.ring import TAIL, room
from control.rings import RingArrays
from control.signal import OVERFLOW
from control.state import Tags

Counters = npt.NDArray[Any]

NO_NEWS: Final = 0
SENT: Final = 1
REFUSED: Final = 2

BLOCK: Final = 64
"""Tags that share a block deadline."""


@inlined
def due_by(tags: Tags, tag: int, time_ns: int) -> None:
    """See to it that a tag is looked at by then."""
    if tags.deadline_ns[tag] > time_ns:
        tags.deadline_ns[tag] = time_ns
        tags.block_deadline_ns[tag // BLOCK] = min(tags.block_deadline_ns[tag // BLOCK], time_ns)


@inlined
def send(
    tags: Tags,
    ring: RingArrays,
    counters: Counters,
    tag: int,
    value: float,
    quality: int,
    source_ns: int,
    status: int,
    ordinal: int,
) -> bool:
    """Put one report into the ring; False when it is full."""
    reported = tags.reported[tag]
    capacity = len(ring.rows)
    if room(ring.counters, capacity) < 1:
        reported["refused"] += 1
        reported["refused_total"] += 1
        counters[0]["reports_refused"] += 1
        due_by(tags, tag, 0)
        return False
    tail = ring.counters[TAIL]
    row = ring.rows[tail & (capacity - 1)]
    row["value"] = value
    row["source_ns"] = source_ns
    row["tag"] = tag
    row["quality"] = quality | OVERFLOW if reported["refused"] > 0 else quality
    row["status"] = status
    row["ordinal"] = ordinal
    store_release(ring.counters, TAIL, tail + 1)
    reported["refused"] = 0
    reported["count"] += 1
    return True


@inlined
def offer(
    image: Image, tags: Tags, ring: RingArrays, counters: Counters, tag: int, source_ns: int, now_ns: int
) -> int:
    """Report the tag's sample in the image, if it is news: NO_NEWS, SENT or REFUSED."""
    reported = tags.reported[tag]
    value, quality = image.value[tag], int(image.quality[tag])
    first = reported["count"] == 0
    again = not first and source_ns == reported["source_ns"]
    due = not again and now_ns - reported["at_ns"] >= reported["heartbeat_ns"]
    changed = quality != reported["quality"] or moved(value, reported["value"], reported["deadband"])
    if not (first or due or changed):
        return NO_NEWS
    ordinal = int(reported["ordinal"]) + 1 if again else 0
    if not send(tags, ring, counters, tag, value, quality, source_ns, int(image.status[tag]), ordinal):
        return REFUSED
    reported["value"] = value
    reported["quality"] = quality
    reported["source_ns"] = source_ns
    reported["ordinal"] = ordinal
    reported["at_ns"] = now_ns
    return SENT


@part
def offer_late(
    tags: Tags,
    ring: RingArrays,
    counters: Counters,
    tag: int,
    value: float,
    quality: int,
    source_ns: int,
    status: int,
) -> None:
    """Report a sample that does not enter the image: late, or backfilled history."""
    reported = tags.reported[tag]
    counters[0]["late"] += 1
    ordinal = 0
    if source_ns == reported["late_source_ns"]:
        ordinal = int(reported["late_ordinal"]) + 1
    elif reported["count"] > 0 and source_ns == reported["source_ns"]:
        ordinal = int(reported["ordinal"]) + 1
    if send(tags, ring, counters, tag, value, quality, source_ns, status, ordinal):
        reported["late_source_ns"] = source_ns
        reported["late_ordinal"] = ordinal
        if source_ns == reported["source_ns"]:
            reported["ordinal"] = ordinal


@inlined
def publish(
    image: Image,
    tags: Tags,
    ring: RingArrays,
    counters: Counters,
    tag: int,
    value: float,
    quality: int,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Give a tag of the engine its value of this scan."""
    if image.value[tag] == value and image.quality[tag] == quality:
        return
    image.value[tag] = value
    image.quality[tag] = quality
    image.source_ns[tag] = utc_ns
    offer(image, tags, ring, counters, tag, utc_ns, now_ns)
    due_by(tags, tag, now_ns + tags.reported[tag]["heartbeat_ns"])


def deadlines(tags: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the deadlines of so many tags and of their blocks: all are due in the first scan."""
    return np.zeros(tags, np.int64), np.zeros((tags + BLOCK - 1) // BLOCK, np.int64)
