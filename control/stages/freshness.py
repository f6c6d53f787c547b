"""What happens to a tag because no sample came: it goes stale, or freezes, or its heartbeat is due.

Cost follows change: a tag is looked at when its deadline comes, and the deadlines are asked for
block by block, so that fifty thousand quiet tags are some hundred comparisons.
"""

from __future__ import annotations

from control.actuation_layout import NO_OVERRIDE, NOT_AN_OUTPUT
from control.image import Image
from control.kernels.jit import inlined, part
from control.kernels.ring import room
from control.layout import NEVER, ROLE_DEVICE, ROLE_ENGINE, ROLE_UNUSED
from control.rings import RingArrays
from control.signal import BAD, FROZEN, REASON_BITS, STALE, WAITING
from control.stages.reports import BLOCK, REFUSED, Counters, offer
from control.state import Overrides, Tags


@part
def look_after(
    reports: RingArrays,
    image: Image,
    tags: Tags,
    overrides: Overrides,
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
                    tags.deadline_ns[tag] = _attend(
                        reports, image, tags, overrides, counters, tag, now_ns, utc_ns
                    )
                earliest = min(earliest, tags.deadline_ns[tag])
            tags.block_deadline_ns[block] = earliest


@part
def _attend(
    reports: RingArrays,
    image: Image,
    tags: Tags,
    overrides: Overrides,
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
    given = _is_given(overrides, tag)
    stale_at = NEVER if given else _stale_at(image, tags, tag)
    frozen_at = NEVER if given else _frozen_at(image, tags, tag)
    noticed = stale_at <= now_ns or frozen_at <= now_ns
    if noticed:
        reason = STALE if stale_at <= now_ns else FROZEN
        image.quality[tag] = int(image.quality[tag]) & REASON_BITS | BAD | reason
        stale_at = _stale_at(image, tags, tag)
    else:
        stale_at = min(stale_at, frozen_at)
    quality = int(image.quality[tag])
    if quality & WAITING and not quality & STALE:
        return stale_at
    if reported["refused"] > 0 and room(reports.counters, len(reports.rows)) < 1:
        return now_ns
    ours = given or role == ROLE_ENGINE or noticed or quality & STALE != 0
    source_ns = utc_ns if ours else image.source_ns[tag]
    if offer(image, tags, reports, counters, tag, source_ns, now_ns) == REFUSED:
        return now_ns
    if (
        given
        or role == ROLE_ENGINE
        or (image.source_ns[tag] != reported["source_ns"] and not quality & STALE)
    ):
        beat_at: int = reported["at_ns"] + reported["heartbeat_ns"]
        return min(stale_at, beat_at)
    return stale_at


@inlined
def _is_given(overrides: Overrides, tag: int) -> bool:
    """Say whether a person gives the value of a tag: it cannot go stale."""
    place = overrides.place[tag]
    given: bool = place != NO_OVERRIDE and overrides.rows[place]["slot"] == NOT_AN_OUTPUT
    return given


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


@part
def _frozen_at(image: Image, tags: Tags, tag: int) -> int:
    """Return when a value that its device leaves as it is counts as frozen.

    A subscription is silent while nothing changes: a sensor that has died is as quiet as a steady
    one, and its device is alive.
    """
    definition = tags.definition[tag]
    if definition["frozen_ns"] == NEVER or int(image.quality[tag]) >= BAD:
        return NEVER
    changed_ns: int = tags.reported[tag]["changed_ns"]
    patience_ns: int = definition["frozen_ns"]
    return changed_ns + patience_ns
