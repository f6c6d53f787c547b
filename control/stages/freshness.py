"""What happens to a tag because no sample came: it goes stale, or its heartbeat is due.

Cost follows change: a tag is looked at when its deadline comes, and the deadlines are asked for
block by block, so that fifty thousand quiet tags are some hundred comparisons.
"""

from __future__ import annotations

from control.image import Image
from control.kernels.jit import part
from control.kernels.ring import room
from control.layout import NEVER, ROLE_DEVICE, ROLE_ENGINE, ROLE_UNUSED
from control.rings import RingArrays
from control.signal import BAD, REASON_BITS, STALE, WAITING
from control.stages.reports import BLOCK, REFUSED, Counters, offer
from control.state import Tags


@part
def look_after(
    reports: RingArrays,
    image: Image,
    tags: Tags,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Attend to every tag whose deadline has come."""
    for block in range(len(tags.block_deadline_ns)):
        if tags.block_deadline_ns[block] <= now_ns:
            earliest = NEVER
            for tag in range(block * BLOCK, min(len(tags.deadline_ns), (block + 1) * BLOCK)):
                if tags.deadline_ns[tag] <= now_ns:
                    tags.deadline_ns[tag] = _attend(reports, image, tags, counters, tag, now_ns, utc_ns)
                earliest = min(earliest, tags.deadline_ns[tag])
            tags.block_deadline_ns[block] = earliest


@part
def _attend(
    reports: RingArrays,
    image: Image,
    tags: Tags,
    counters: Counters,
    tag: int,
    now_ns: int,
    utc_ns: int,
) -> int:
    """See to one tag; return the time at which it wants to be looked at again."""
    definition = tags.definition[tag]
    reported = tags.reported[tag]
    role = definition["role"]
    if role == ROLE_UNUSED:
        return NEVER
    stale_at = _stale_at(image, tags, tag)
    if stale_at <= now_ns:
        image.quality[tag] = int(image.quality[tag]) & REASON_BITS | BAD | STALE
        stale_at = NEVER
    quality = int(image.quality[tag])
    if quality & WAITING and not quality & STALE:
        return stale_at
    if reported["refused"] > 0 and room(reports.counters, len(reports.rows)) < 1:
        return now_ns
    ours = role == ROLE_ENGINE or quality & STALE != 0
    source_ns = utc_ns if ours else image.source_ns[tag]
    if offer(image, tags, reports, counters, tag, source_ns, now_ns) == REFUSED:
        return now_ns
    if role == ROLE_ENGINE or (image.source_ns[tag] != reported["source_ns"] and not quality & STALE):
        beat_at: int = reported["at_ns"] + reported["heartbeat_ns"]
        return min(stale_at, beat_at)
    return stale_at


@part
def _stale_at(image: Image, tags: Tags, tag: int) -> int:
    definition = tags.definition[tag]
    quality = int(image.quality[tag])
    waits = quality < BAD or (quality & WAITING != 0 and quality & STALE == 0)
    if definition["role"] != ROLE_DEVICE or definition["stale_ns"] == NEVER or not waits:
        return NEVER
    seen_ns: int = max(tags.reported[tag]["arrived_ns"], tags.alive_ns[definition["device"]])
    patience_ns: int = definition["stale_ns"]
    return seen_ns + patience_ns
