"""The ledger of a site and a stretch of time, put together from store, events and journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.site import Site
from control import signal
from gateway.historian.api import EventFilter
from gateway.historian.outline import Moments, Outline
from gateway.historian.points import NO_SOURCE, StoredPoints, concatenate
from gateway.historian.query import History, open_site_history
from gateway.ledger.sequences import Run, keeps_identities, runs
from gateway.ledger.spans import Account, accounts, spans_of
from gateway.stream.journal_look import survey

_LOOK_BACK_NS: Final = 600 * 10**9
"""Ten heartbeats: far enough for the report that held at the start, of a tag that is read cyclically."""
_FAR_BACK_NS: Final = 7 * 86400 * 10**9
"""For tags of subscriptions, which say nothing while nothing changes."""
_FURTHER_NS: Final = (3600 * 10**9, 86400 * 10**9, _FAR_BACK_NS)
_ALL: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is stored of a site from `from_ns` to `to_ns`."""

    from_ns: int
    to_ns: int
    tags: dict[str, list[Account]]
    runs: list[Run] | None
    """None: the store does not keep which message a point came with."""
    waiting: int | None
    """Messages in the journal that are not known to be stored; None: there is no journal here."""

    @property
    def unexplained(self) -> int:
        """Messages that are missing without a cause."""
        holes = [hole for run in self.runs or () for hole in run.holes if not hole.cause]
        return sum(hole.last - hole.first + 1 for hole in holes)

    @property
    def complete(self) -> bool:
        """Whether everything that was journalled is stored, or is known why not."""
        return self.unexplained == 0 and not self.waiting


def keep_ledger(
    site: Site, data: Path, names: Sequence[str], from_ns: int, to_ns: int, interval_ns: int
) -> Ledger:
    """Return the ledger of tags, in intervals.

    Args:
        site: the effective configuration.
        data: folder of historian and, where it is on this machine, gateway.
        names: tags to account for; messages are looked at for all.
        from_ns: UTC, start.
        to_ns: UTC, end, not included.
        interval_ns: the range is accounted for in pieces of this length.

    Raises:
        StoreError: the store cannot be read.
    """
    history = open_site_history(site.streams, data)
    try:
        events = history.events(EventFilter(from_ns - _LOOK_BACK_NS, to_ns, limit=_ALL))
        edges = [*range(from_ns, to_ns, interval_ns), to_ns]
        starts = [int(event["time_ns"]) for event in events if event["type"] == "gateway"]
        moments = Moments([from_ns, to_ns, *starts], edges)
        outline = history.outline(list(site.tags), from_ns - _LOOK_BACK_NS, to_ns, moments)
        points = outline.points
        quiet = [name for name in names if not _known_at(points, site.tag_index[name], from_ns)]
        before = history.raw(quiet, from_ns - _FAR_BACK_NS, from_ns - _LOOK_BACK_NS) if quiet else None
        found = _runs(history, list(site.tags), outline, events, (from_ns, to_ns))
    finally:
        history.close()
    down, holds_ns = downtimes(events, points), reported_ns(events, points)
    by_tag = np.argsort(points.tag, kind="stable")
    begins = np.searchsorted(points.tag[by_tag], np.arange(len(site.tags) + 1))
    made = {}
    for name in names:
        index = site.tag_index[name]
        mine = by_tag[begins[index] : begins[index + 1]]
        times, quality, weight = holds_ns[mine], points.quality[mine], outline.weight[mine]
        if before is not None and name in quiet:
            earlier = before.take(before.tag == quiet.index(name))
            times = np.concatenate([earlier.source_ns, times])
            quality = np.concatenate([earlier.quality, quality])
            weight = np.concatenate([np.ones(len(earlier), np.int64), weight])
        order = np.argsort(times, kind="stable")
        times, quality, weight = times[order], quality[order], weight[order]
        spans = spans_of(times, quality, from_ns, to_ns, down)
        made[name] = accounts(spans, times, quality, edges, weight)
    return Ledger(from_ns, to_ns, made, found, _waiting(data, site.gateway.name, found or ()))


def downtimes(events: Sequence[Mapping[str, Any]], points: StoredPoints) -> list[tuple[int, int]]:
    """Return when no gateway ran: from its stop (unannounced: from the last sign of it) to its next start.

    A sign is a report that came before the start, by the numbers of the messages; its own time may lie
    before the first start of all, where a device's value is older than the gateway.
    """
    found, stopped_ns = [], None
    live = (points.quality & np.uint32(signal.HISTORY)) == 0
    for event in sorted((e for e in events if e["type"] == "gateway"), key=lambda e: int(e["time_ns"])):
        time_ns = int(event["time_ns"])
        if event["state"] == "stopped":
            stopped_ns = time_ns
            continue
        before = points.source_ns[live & ~_after_start(points, event) & (points.source_ns < time_ns)]
        began_ns = stopped_ns if stopped_ns is not None else int(before.max()) if len(before) else None
        if began_ns is not None and began_ns < time_ns:
            found.append((began_ns, time_ns))
        stopped_ns = None
    if stopped_ns is not None:
        found.append((stopped_ns, 2**63 - 1))
    return found


def reported_ns(events: Sequence[Mapping[str, Any]], points: StoredPoints) -> npt.NDArray[np.int64]:
    """Return from when each report holds: its source time, but not before the start of its gateway.

    A quiet tag is reported anew after a start with the old time of its value.
    """
    times = points.source_ns.copy()
    live = (points.quality & np.uint32(signal.HISTORY)) == 0
    for event in events:
        if event["type"] == "gateway" and event["state"] == "started":
            anew = live & _after_start(points, event)
            times[anew] = np.maximum(times[anew], int(event["time_ns"]))
    return times


def _after_start(points: StoredPoints, event: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    """Tell which points a gateway reported after it said that it started."""
    after = np.zeros(len(points), np.bool_)
    for number, source in enumerate(points.sources):
        mine = points.source == number
        if source.gateway != event["gateway"] or source.epoch < int(event["epoch"]):
            continue
        if source.epoch > int(event["epoch"]):
            after |= mine
        elif source.partition == int(event["partition"]):
            after |= mine & (points.sequence > int(event["sequence"]))
        else:  # the first message with a value of after the start
            fresh = points.sequence[mine & (points.source_ns >= int(event["time_ns"]))]
            after |= mine & (points.sequence >= (fresh.min() if len(fresh) else np.iinfo(np.int64).max))
    return after


def _known_at(points: StoredPoints, tag: int, at_ns: int) -> bool:
    return bool(((points.tag == tag) & (points.source_ns <= at_ns)).any())


def _runs(
    history: History,
    names: Sequence[str],
    outline: Outline,
    events: Sequence[Mapping[str, Any]],
    within_ns: tuple[int, int],
) -> list[Run] | None:
    """Return the messages of the range; where some seem missing, look for their points at other times.

    A store that keeps an account of its messages has told of those other times already.
    """
    points = outline.points
    if outline.messages is not None:
        points = points.take(points.source != NO_SOURCE)
    elif not keeps_identities(points):
        return None
    from_ns, to_ns = within_ns
    inside = points.take(points.source_ns >= from_ns)
    late = ((inside.quality & np.uint32(signal.HISTORY)) != 0).tolist()
    told = [event for event in events if int(event["time_ns"]) >= from_ns]
    elsewhere = points.take(points.source_ns < from_ns)
    found = runs(inside, told, late, elsewhere, outline.messages)
    if outline.messages is not None:
        return found
    reached_ns = from_ns - _LOOK_BACK_NS
    for back_ns in _FURTHER_NS:
        if not any(hole for run in found for hole in run.holes if not hole.cause):
            break
        earlier = history.raw(names, from_ns - back_ns, reached_ns)
        ahead = history.raw(names, to_ns, to_ns + back_ns)
        elsewhere, reached_ns = concatenate([elsewhere, earlier, ahead]), from_ns - back_ns
        found = runs(inside, told, late, elsewhere)
    return found


def _waiting(data: Path, gateway: str, stored: Sequence[Run]) -> int | None:
    """Return how many messages the journal holds that no consumer confirmed and the store does not show."""
    path = data / "journal.sqlite"
    if not path.exists():
        return None
    try:
        held = survey(path)
    except sqlite3.Error:
        return None
    heads = {share.partition: share.head for share in held.partitions}
    # What was trimmed, every required consumer had.
    safe = {s.partition: s.head if s.first is None else s.first - 1 for s in held.partitions}
    confirmed: dict[int, int] = {}
    for _, partition, sequence, _ in held.cursors:
        confirmed[partition] = min(sequence, confirmed.get(partition, sequence))
    safe |= {partition: max(safe.get(partition, 0), sequence) for partition, sequence in confirmed.items()}
    for run in stored:
        of_journal = (run.source.gateway, run.source.epoch) == (gateway, held.epoch)
        if of_journal and run.first <= safe.get(run.source.partition, 0) + 1 and not run.holes:
            safe[run.source.partition] = max(run.last, safe.get(run.source.partition, 0))
    return sum(head - safe.get(partition, 0) for partition, head in heads.items())
