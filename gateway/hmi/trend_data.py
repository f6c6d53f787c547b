"""Looks up what a trend shows: single reports where they can be told apart, buckets where they cannot.

A live trend ends in single reports, read up to the latest; what comes over MQTT goes on from there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from config.site import Site
from gateway.historian.api import EventFilter
from gateway.historian.points import StoredPoints
from gateway.hmi.contexts import name_of
from gateway.hmi.marks import LOST, TYPES, downtimes
from gateway.hmi.stored import Stored
from gateway.hmi.traces import NO_REPORTS, Known, Reports, of_buckets, pace_s, runs
from gateway.hmi.trend_lines import Line, Stretch, alike, lines_of, stairs
from gateway.hmi.trend_view import BatchRun, TrendView

BUCKETS: Final = 700
"""In the stretch that is shown."""
_SPARSE: Final = 1500
"""A tag with no more reports than this is drawn report by report."""
_SINGLE_S: Final = 60.0
"""Shorter stretches are read report by report at once."""
_LOOK_BACK_S: Final = 60.0
"""So long before a short stretch the value is looked for at once that holds at its start."""
_QUIET_FOR_MS: Final = 30 * 86_400_000.0
"""A tag that was not reported for longer has no value."""
RECENT_MS: Final = 10_000.0
JOINS_UP_TO_MS: Final = 60_000.0
"""With buckets up to this wide a live trend goes on by single reports."""
CONTEXTS_BACK_NS: Final = 14 * 86_400 * 10**9
_ALARMS_BACK_NS: Final = 4 * 3600 * 10**9
_MOST_EVENTS: Final = 3000
_NS: Final = 1_000_000


@dataclass(slots=True)
class Found:
    """What was found."""

    runs: dict[str, list[Any]] = field(default_factory=dict)
    ends: dict[str, Reports] = field(default_factory=dict)
    """The last report of each trace: what a live trend goes on from."""
    events: list[dict[str, Any]] = field(default_factory=list)


class TrendData:
    """Asks the store for one page."""

    def __init__(self, site: Site, stored: Stored) -> None:
        """Name the store."""
        self._site, self._stored = site, stored

    async def load(self, view: TrendView, now_ms: float, alive_ms: float) -> Found:
        """Return what a view shows.

        Args:
            view: what is wanted.
            now_ms: the present.
            alive_ms: when the gateway was last heard: what it reported held until then.

        Raises:
            StoreError: the store cannot be reached.
        """
        found = Found(events=await self.events(view, view.window_ms(now_ms)))
        stretches = alike(lines_of(self._site, view), view.window_ms(now_ms), now_ms)
        looked_up = [await self._look_up(lines, stretch, live=view.live) for lines, stretch in stretches]
        downs = await self._downtimes([stretch for _, stretch in stretches])
        for (lines, stretch), of in zip(stretches, looked_up, strict=True):
            to_ms = None if view.live else min(stretch.to_ms, alive_ms)
            for line in lines:
                reports, width_ms = of[line.tag]
                known = Known(_since_start(_filled(downs, of), line.origin_ms), _less(to_ms, line.origin_ms))
                found.ends[line.key] = reports.part(max(len(reports) - 1, 0))
                shifted = reports.earlier_by(line.origin_ms)
                if line.origin_ms:
                    shifted = shifted.since(0.0).not_before(0.0)
                found.runs[line.key] = runs(shifted, pace_s(self._site, line.tag), width_ms, known)
        return found

    async def _downtimes(self, stretches: Sequence[Stretch]) -> list[tuple[float | None, float]]:
        if not stretches:
            return []
        from_ms, to_ms = min(s.from_ms for s in stretches), max(s.to_ms for s in stretches)
        which = EventFilter(int(from_ms * _NS), int(to_ms * _NS) + 1, frozenset({"gateway"}))
        return downtimes(await self._stored.events(which))

    async def events(self, view: TrendView, window_ms: tuple[float, float]) -> list[dict[str, Any]]:
        """Return the events that may be marks of a view, also of what began before it.

        Raises:
            StoreError: the store cannot be reached.
        """
        units = frozenset(name.split("/", 1)[0] for name in view.tags)
        if not units or view.over:
            return []
        start, end = int(window_ms[0] * _NS), int(window_ms[1] * _NS)
        told = {LOST} | (TYPES["events"] if "events" in view.marks else frozenset())
        asked = [(frozenset(told), 0, units | {"_gateway"})]
        if "phases" in view.marks:
            asked.append((TYPES["phases"], CONTEXTS_BACK_NS, units))
        if "alarms" in view.marks:
            asked.append((TYPES["alarms"], _ALARMS_BACK_NS, units))
        found: dict[str, dict[str, Any]] = {}
        for types, back_ns, of in asked:
            which = EventFilter(start - back_ns, max(end, start + 1), types, of, _MOST_EVENTS)
            found |= {event["id"]: event for event in await self._stored.events(which)}
        return sorted(found.values(), key=lambda event: int(event["time_ns"]))

    async def contexts(self, units: Sequence[str], from_ns: int, to_ns: int) -> list[dict[str, Any]]:
        """Return the events that say in which batches and phases units were.

        Raises:
            StoreError: the store cannot be reached.
        """
        which = EventFilter(from_ns, to_ns, TYPES["phases"], frozenset(units))
        return await self._stored.events(which)

    async def names(self, over: Sequence[BatchRun]) -> dict[BatchRun, str]:
        """Return what people call the batches of a view.

        Raises:
            StoreError: the store cannot be reached.
        """
        names = {}
        for batch in over:
            span = (batch.start_ms * _NS, (batch.end_ms + 1) * _NS)
            names[batch] = name_of(batch, await self.contexts([batch.unit], *span))
        return names

    async def _look_up(
        self, lines: Sequence[Line], stretch: Stretch, *, live: bool
    ) -> dict[str, tuple[Reports, float]]:
        """Return the reports of each line's tag, and how wide their buckets are; 0 where they are single."""
        names = list(dict.fromkeys(line.tag for line in lines))
        found: dict[str, tuple[Reports, float]] = {}
        single = stretch.span_ms <= _SINGLE_S * 1000
        from_ms = stretch.from_ms - (_LOOK_BACK_S * 1000 if single else 0.0)
        if not single:
            width_ms = stretch.span_ms / BUCKETS
            joins = live and width_ms <= JOINS_UP_TO_MS
            # Buckets begin at multiples of their width: they stay what they are while the trend moves.
            recent_ms = max(RECENT_MS, width_ms) if joins else 0.0
            ends_ms = (math.floor if joins else math.ceil)((stretch.to_ms - recent_ms) / width_ms) * width_ms
            dense, names = await self._buckets(names, from_ms, ends_ms, width_ms)
            recent = await self._reports(list(dense), ends_ms, stretch.to_ms) if joins else {}
            for name, reports in dense.items():
                whole = reports.clipped(stretch.to_ms).then(recent.get(name, NO_REPORTS))
                found[name] = (whole, width_ms)
        for name, reports in (await self._reports(names, from_ms, stretch.to_ms)).items():
            found[name] = (reports.since(stretch.from_ms), 0.0)
        quiet = [name for name, (of, _) in found.items() if not len(of) or of.time_ms[0] > stretch.from_ms]
        for name, last in (await self._earlier(quiet, from_ms)).items():
            reports, width_ms = found[name]
            found[name] = (last.then(reports) if not width_ms else last.enveloped().then(reports), width_ms)
        return found

    async def _earlier(self, names: Sequence[str], to_ms: float) -> dict[str, Reports]:
        """Return the last report before a time of tags that have been quiet since: it holds there."""
        if not names:
            return {}
        from_ms = to_ms - _QUIET_FOR_MS
        coarse = await self._stored.buckets(names, int(from_ms * _NS), int(to_ms * _NS), BUCKETS)
        found = {}
        for name, buckets in zip(names, coarse, strict=True):
            filled = np.flatnonzero(buckets.count)
            if len(filled):
                bucket = buckets.grid.part(int(filled[-1]), int(filled[-1]))
                points = await self._stored.raw([name], bucket.start_ns, min(bucket.end_ns, int(to_ms * _NS)))
                found[name] = _of(points, 0).part(-1)
        return found

    async def _buckets(
        self, names: Sequence[str], from_ms: float, to_ms: float, width_ms: float
    ) -> tuple[dict[str, Reports], list[str]]:
        """Return what buckets hold, and the tags with so few reports that buckets are not needed."""
        start_ms = math.floor(from_ms / width_ms) * width_ms
        count = round((to_ms - start_ms) / width_ms)
        if count < 1:
            return {}, list(names)
        asked = await self._stored.buckets(names, int(start_ms * _NS), int(to_ms * _NS), count)
        few = {name for name, of in zip(names, asked, strict=True) if of.count.sum() <= _SPARSE}
        dense = {
            name: of_buckets(of, stairs=stairs(name))
            for name, of in zip(names, asked, strict=True)
            if name not in few
        }
        return dense, [name for name in names if name in few]

    async def _reports(self, names: Sequence[str], from_ms: float, to_ms: float) -> dict[str, Reports]:
        if not names or to_ms <= from_ms:
            return dict.fromkeys(names, NO_REPORTS)
        points = await self._stored.raw(names, int(from_ms * _NS), int(to_ms * _NS) + 1)
        return {name: _of(points, number) for number, name in enumerate(names)}


def _filled(
    downs: Sequence[tuple[float | None, float]], of: Mapping[str, tuple[Reports, float]]
) -> list[tuple[float, float]]:
    """Return the downtimes; where nobody knows when one began, after the last report that was stored."""
    times = [reports.time_ms for reports, _ in of.values() if len(reports)]
    found = []
    for start_ms, end_ms in downs:
        last = [float(column[place - 1]) for column in times if (place := np.searchsorted(column, end_ms))]
        found.append((max(last, default=end_ms) if start_ms is None else start_ms, end_ms))
    return found


def _since_start(gaps: Sequence[tuple[float, float]], origin_ms: float) -> tuple[tuple[float, float], ...]:
    return tuple((start - origin_ms, end - origin_ms) for start, end in gaps)


def _less(time_ms: float | None, origin_ms: float) -> float | None:
    return None if time_ms is None else time_ms - origin_ms


def _of(points: StoredPoints, number: int) -> Reports:
    mine = points.tag == number
    return Reports(points.source_ns[mine] / 1e6, points.value[mine], points.quality[mine])
