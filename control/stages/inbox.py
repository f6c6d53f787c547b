"""The inbox: every sample that came since the last scan, into the image and past the news filter.

Conditioning happens here, sample by sample, because every sample is offered for report, not only
the one that the scan ends with, and reports are in engineering units.
"""

from __future__ import annotations

import math

from control.image import Image
from control.kernels import filters
from control.kernels.atomic import store_release
from control.kernels.jit import part
from control.kernels.ring import HEAD, waiting
from control.layout import NEVER, ROLE_DEVICE, ROLE_WRITTEN
from control.rings import RingArrays, Row
from control.signal import BAD, CLOCK, HISTORY, STALE
from control.stages.reports import Counters, due_by, offer, offer_late
from control.state import Tags


@part
def drain_inbox(
    inbox: RingArrays,
    reports: RingArrays,
    image: Image,
    tags: Tags,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Take every row that waits, in order."""
    head = inbox.counters[HEAD]
    count = waiting(inbox.counters)
    mask = len(inbox.rows) - 1
    for n in range(count):
        row = inbox.rows[(head + n) & mask]
        tag = int(row["tag"])
        if 0 <= tag < len(tags.definition) and _takes_samples(tags.definition[tag]["role"]):
            _take(reports, image, tags, counters, row, now_ns, utc_ns)
        elif -len(tags.alive_ns) <= tag < 0:
            _show_life(image, tags, -1 - tag, now_ns, utc_ns)
        else:
            counters[0]["unknown"] += 1
    store_release(inbox.counters, HEAD, head + count)


@part
def _takes_samples(role: int) -> bool:
    return role in (ROLE_DEVICE, ROLE_WRITTEN)


@part
def _take(
    reports: RingArrays,
    image: Image,
    tags: Tags,
    counters: Counters,
    row: Row,
    now_ns: int,
    utc_ns: int,
) -> None:
    tag, source_ns, status = int(row["tag"]), row["source_ns"], int(row["status"])
    quality = int(row["quality"])
    definition = tags.definition[tag]
    value = row["value"] * definition["gain"] + definition["offset"]
    if math.isfinite(value):
        clamped = filters.clamp(value, definition["clamp_low"], definition["clamp_high"])
        quality = filters.clamp_quality(value, clamped, quality)
        quality = filters.range_quality(clamped, definition["low"], definition["high"], quality)
        value = clamped
    else:
        value = math.nan
        quality = filters.number_quality(value, quality)
    if quality & HISTORY or _is_late(image, tags, tag, source_ns, utc_ns):
        offer_late(tags, reports, counters, tag, value, quality, source_ns, status)
        return
    reported = tags.reported[tag]
    if quality < BAD:
        if definition["filter_ns"] > 0.0:
            value = _smoothed(definition, reported, value, source_ns, now_ns)
        reported["measured_ns"] = source_ns
    reported["arrived_ns"] = now_ns
    reported["sampled_quality"] = quality
    image.value[tag] = value
    image.quality[tag] = quality
    image.source_ns[tag] = source_ns
    image.status[tag] = status
    offer(image, tags, reports, counters, tag, source_ns, now_ns)
    soonest = min(reported["heartbeat_ns"], definition["stale_ns"])
    if soonest < NEVER:
        due_by(tags, tag, now_ns + soonest)


@part
def _is_late(image: Image, tags: Tags, tag: int, source_ns: int, utc_ns: int) -> bool:
    """Say whether a sample is older than what the image holds, and the image's is credible.

    It is not while the image is bad or stale (it has nothing to protect), nor when its time lies
    in the future: a clock was set back, and the samples after it must not count as late.
    """
    measured_ns = tags.reported[tag]["measured_ns"]
    late: bool = source_ns < measured_ns <= utc_ns and image.quality[tag] < BAD
    return late


@part
def _smoothed(definition: Row, reported: Row, value: float, source_ns: int, now_ns: int) -> float:
    """Return the filtered value.

    The time between two samples is the difference of their source times, but never more than has
    passed here, and what has passed here where the difference is impossible: a clock that is set
    does not let a filter jump.
    """
    if math.isnan(reported["filtered"]):
        reported["filtered_ns"] = now_ns
    passed = now_ns - reported["filtered_ns"]
    elapsed = source_ns - reported["measured_ns"]
    if elapsed < 0 or elapsed > passed:
        elapsed = passed
    filtered = filters.smooth(reported["filtered"], value, elapsed, definition["filter_ns"])
    reported["filtered"] = filtered
    reported["filtered_ns"] += elapsed
    return filtered


@part
def _show_life(image: Image, tags: Tags, device: int, now_ns: int, utc_ns: int) -> None:
    """Note that a device is alive; after a long silence its stale tags hold again, from now on.

    Nothing was sent because nothing changed. A lost connection is another matter: then the
    driver's host marks the tags bad, and new samples end that.
    """
    silent_ns = now_ns - tags.alive_ns[device]
    tags.alive_ns[device] = now_ns
    if silent_ns < tags.patience_ns[device]:
        return
    for tag in range(len(tags.definition)):
        reported = tags.reported[tag]
        if tags.definition[tag]["device"] == device and image.quality[tag] & STALE:
            image.quality[tag] = reported["sampled_quality"] | CLOCK
            image.source_ns[tag] = utc_ns
            due_by(tags, tag, 0)
