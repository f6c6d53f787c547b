"""The inbox: every sample that came since the last scan, into the image and past the news filter.

Conditioning happens here, sample by sample, because every sample is offered for report, not only
the one that the scan ends with, and reports are in engineering units.
"""

from __future__ import annotations

import math

from control.actuation_layout import NO_OVERRIDE, NOT_AN_OUTPUT
from control.image import Image
from control.kernels import filters
from control.kernels.atomic import store_release
from control.kernels.jit import inlined, part
from control.kernels.ring import HEAD, waiting
from control.layout import NEVER, ROLE_DEVICE, ROLE_WRITTEN
from control.rings import RingArrays, Row
from control.signal import BAD, CLOCK, FORCED, FROZEN, GOOD, HISTORY, REASON_BITS, STALE
from control.stages.arming import hold_device
from control.stages.reports import Counters, due_by, offer, offer_late
from control.state import Loops, Outputs, Overrides, Tags


@part
def drain_inbox(
    inbox: RingArrays,
    reports: RingArrays,
    image: Image,
    tags: Tags,
    overrides: Overrides,
    outputs: Outputs,
    loops: Loops,
    counters: Counters,
    now_ns: int,
    utc_ns: int,
) -> None:
    """Take every row that waits, in order."""
    overridden = counters[0]["overrides"] != 0
    head = inbox.counters[HEAD]
    count = waiting(inbox.counters)
    mask = len(inbox.rows) - 1
    for n in range(count):
        row = inbox.rows[(head + n) & mask]
        tag = int(row["tag"])
        if 0 <= tag < len(tags.definition) and _takes_samples(tags.definition[tag]["role"]):
            _take(reports, image, tags, overrides, overridden, counters, row, now_ns, utc_ns)
        elif -len(tags.alive_ns) <= tag < 0 and row["quality"] == GOOD:
            _show_life(image, tags, -1 - tag, now_ns, utc_ns)
        elif -len(tags.alive_ns) <= tag < 0:
            hold_device(outputs, loops, -1 - tag, row["status"])
        else:
            counters[0]["unknown"] += 1
    store_release(inbox.counters, HEAD, head + count)


@inlined
def _takes_samples(role: int) -> bool:
    return role in (ROLE_DEVICE, ROLE_WRITTEN)


@inlined
def _take(
    reports: RingArrays,
    image: Image,
    tags: Tags,
    overrides: Overrides,
    overridden: bool,
    counters: Counters,
    row: Row,
    now_ns: int,
    utc_ns: int,
) -> None:
    tag, source_ns, status = int(row["tag"]), row["source_ns"], int(row["status"])
    quality = int(row["quality"])
    definition = tags.definition[tag]
    value, quality = conditioned(
        definition, row["value"] * definition["gain"] + definition["offset"], quality
    )
    if overridden and overrides.place[tag] != NO_OVERRIDE and quality & HISTORY == 0:
        override = overrides.rows[overrides.place[tag]]
        if override["slot"] == NOT_AN_OUTPUT:
            _lie_under(override, tags.reported[tag], value, quality, source_ns, status, now_ns)
            return
        quality |= FORCED if override["ended"] == 0 else 0
    if quality & HISTORY or _is_late(image, tags, tag, source_ns, utc_ns):
        offer_late(tags, reports, counters, tag, value, quality, source_ns, status)
        return
    reported = tags.reported[tag]
    value, quality = settled(definition, reported, value, row["value"], quality, source_ns, now_ns)
    reported["arrived_ns"] = now_ns
    reported["sampled_quality"] = quality
    image.value[tag] = value
    image.quality[tag] = quality
    image.source_ns[tag] = source_ns
    image.status[tag] = status
    offer(image, tags, reports, counters, tag, source_ns, now_ns)
    soonest = min(reported["heartbeat_ns"], definition["stale_ns"])
    soonest = min(soonest, definition["frozen_ns"])
    if soonest < NEVER:
        due_by(tags, tag, now_ns + soonest)


@inlined
def conditioned(definition: Row, value: float, quality: int) -> tuple[float, int]:
    """Return a value in engineering units within its clamps, and the quality that its range gives it."""
    if not math.isfinite(value):
        return math.nan, filters.number_quality(math.nan, quality)
    clamped = filters.clamp(value, definition["clamp_low"], definition["clamp_high"])
    quality = filters.clamp_quality(value, clamped, quality)
    return clamped, filters.range_quality(clamped, definition["low"], definition["high"], quality)


@inlined
def settled(
    definition: Row, reported: Row, value: float, raw: float, quality: int, source_ns: int, now_ns: int
) -> tuple[float, int]:
    """Return what a sample adds to those before it: frozen or not, and smoothed."""
    if definition["frozen_ns"] != NEVER:
        quality = _judged(definition, reported, raw, quality, now_ns)
    if quality < BAD:
        if definition["filter_ns"] > 0.0:
            value = _smoothed(definition, reported, value, source_ns, now_ns)
        reported["measured_ns"] = source_ns
    return value, quality


@part
def _lie_under(
    override: Row, reported: Row, value: float, quality: int, source_ns: int, status: int, now_ns: int
) -> None:
    """Keep a sample of a forced or simulated tag for the end of that."""
    reported["arrived_ns"] = now_ns
    override["under_value"], override["under_quality"] = value, quality
    override["under_source_ns"], override["under_status"] = source_ns, status


@part
def _judged(definition: Row, reported: Row, raw: float, quality: int, now_ns: int) -> int:
    """Return the quality of a sample of a tag that can freeze: bad once it has been the same too long."""
    if raw != reported["raw"] or quality >= BAD:
        reported["raw"] = raw
        reported["changed_ns"] = now_ns
    elif now_ns - reported["changed_ns"] >= definition["frozen_ns"]:
        return quality & REASON_BITS | BAD | FROZEN
    return quality


@inlined
def _is_late(image: Image, tags: Tags, tag: int, source_ns: int, utc_ns: int) -> bool:
    """Say whether a sample is older than what the image holds, and the image's is credible.

    It is not while the image is bad or stale (it has nothing to protect), nor when its time lies
    in the future: a clock was set back, and the samples after it must not count as late.
    """
    measured_ns = tags.reported[tag]["measured_ns"]
    late: bool = source_ns < measured_ns <= utc_ns and image.quality[tag] < BAD
    return late


@inlined
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
