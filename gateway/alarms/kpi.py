"""How well alarms are managed at a console: the measures of ISA-18.2 and EEMUA 191, as commonly cited.

Periods of ten minutes, and hours, are fixed ones, counted from the start of the time that is looked at:
the published limits are for fixed periods, sliding windows give higher counts.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from config.alarms import Priority
from gateway.alarms.record import AlarmRecord, Annunciation, Standing

SECOND_NS: Final = 1_000_000_000
TEN_MINUTES_NS: Final = 600 * SECOND_NS
HOUR_NS: Final = 3600 * SECOND_NS
DAY_NS: Final = 24 * HOUR_NS
FLOOD_BEGINS_ABOVE: Final = 10
"""Annunciations in ten minutes."""
FLOOD_ENDS_BELOW: Final = 5
BUSY_HOUR_ABOVE: Final = 30
CHATTER_CYCLES: Final = 3
CHATTER_WITHIN_NS: Final = 60 * SECOND_NS
CHATTER_INDEX: Final = 0.05
"""Kondaveeti's index, in 1/s, from which an alarm chatters: about three a minute."""
FLEETING_NS: Final = 10 * SECOND_NS
STALE_NS: Final = DAY_NS
TOP: Final = 10
ENOUGH_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Source:
    """An alarm and its share of all annunciations."""

    name: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Flood:
    """A time in which nobody can attend to every alarm."""

    begin_ns: int
    end_ns: int
    count: int


@dataclass(frozen=True, slots=True)
class Performance:
    """The measures of one console over a time."""

    from_ns: int
    to_ns: int
    count: int
    per_day: float
    per_hour: float
    per_ten_minutes: float
    most_in_ten_minutes: int
    busy_hours: float
    """Share of the hours with more than 30."""
    busy_ten_minutes: float
    """Share of the ten-minute periods with more than 10."""
    floods: tuple[Flood, ...]
    in_flood: float
    """Share of the time."""
    top: tuple[Source, ...]
    top_share: float
    priorities: dict[Priority, float]
    chattering: dict[str, float]
    """Alarms that chatter, with their index in 1/s."""
    fleeting: tuple[str, ...]
    stale: tuple[str, ...]
    """Alarms that stood for more than a day."""
    silenced: dict[str, int]
    """How often alarms were shelved, suppressed by design and removed from service."""

    @property
    def days(self) -> float:
        """Length of the time."""
        return (self.to_ns - self.from_ns) / DAY_NS


def measure(record: AlarmRecord, units: Iterable[str] | None, from_ns: int, to_ns: int) -> Performance:
    """Return the measures of the alarms of some units (None: all) over a time.

    Raises:
        ValueError: the time is empty.
    """
    if to_ns <= from_ns:
        raise ValueError("the time is empty")
    shown = None if units is None else frozenset(units)
    calls = [
        one
        for one in record.annunciations
        if from_ns <= one.time_ns < to_ns and (shown is None or one.unit in shown)
    ]
    standings = [
        one
        for one in record.standings
        if one.begun_ns < to_ns
        and (one.ended_ns is None or one.ended_ns >= from_ns)
        and (shown is None or one.unit in shown)
    ]
    span_ns, count = to_ns - from_ns, len(calls)
    tens, hours = (
        _per_period(calls, from_ns, to_ns, TEN_MINUTES_NS),
        _per_period(calls, from_ns, to_ns, HOUR_NS),
    )
    floods = _floods(tens, from_ns, to_ns)
    top = Counter(one.name for one in calls).most_common(TOP)
    chattering = _chattering(calls, standings)
    return Performance(
        from_ns=from_ns,
        to_ns=to_ns,
        count=count,
        per_day=count * DAY_NS / span_ns,
        per_hour=count * HOUR_NS / span_ns,
        per_ten_minutes=count * TEN_MINUTES_NS / span_ns,
        most_in_ten_minutes=max(tens),
        busy_hours=sum(one > BUSY_HOUR_ABOVE for one in hours) / len(hours),
        busy_ten_minutes=sum(one > FLOOD_BEGINS_ABOVE for one in tens) / len(tens),
        floods=floods,
        in_flood=sum(flood.end_ns - flood.begin_ns for flood in floods) / span_ns,
        top=tuple(Source(name, number, number / count) for name, number in top),
        top_share=sum(number for _, number in top) / count if count else 0.0,
        priorities=_priorities(calls),
        chattering=chattering,
        fleeting=_fleeting(standings, chattering, from_ns, to_ns),
        stale=tuple(sorted({one.name for one in standings if one.lasted_ns(to_ns) > STALE_NS})),
        silenced=Counter(
            one.how
            for one in record.silencings
            if from_ns <= one.time_ns < to_ns and (shown is None or one.unit in shown)
        ),
    )


def _per_period(calls: Sequence[Annunciation], from_ns: int, to_ns: int, period_ns: int) -> list[int]:
    counts = [0] * -(-(to_ns - from_ns) // period_ns)
    for one in calls:
        counts[(one.time_ns - from_ns) // period_ns] += 1
    return counts


def _floods(tens: Sequence[int], from_ns: int, to_ns: int) -> tuple[Flood, ...]:
    """Return the floods: from a period with more than ten to before one with fewer than five."""
    floods: list[Flood] = []
    begun: int | None = None
    for number, count in enumerate([*tens, 0]):
        if begun is None and count > FLOOD_BEGINS_ABOVE:
            begun = number
        elif begun is not None and count < FLOOD_ENDS_BELOW:
            end_ns = min(to_ns, from_ns + number * TEN_MINUTES_NS)
            floods.append(Flood(from_ns + begun * TEN_MINUTES_NS, end_ns, sum(tens[begun:number])))
            begun = None
    return tuple(floods)


def _priorities(calls: Sequence[Annunciation]) -> dict[Priority, float]:
    counts = Counter(one.priority for one in calls)
    return {priority: counts[priority] / len(calls) if calls else 0.0 for priority in Priority}


def chatter_index(times_ns: Sequence[int]) -> float:
    """Return Kondaveeti's chatter index of an alarm, in 1/s: the sum of P(r) / r.

    P(r) is the share of run lengths r: whole seconds between consecutive annunciations, at least one.
    """
    runs = Counter(
        max(1, round((later - earlier) / SECOND_NS)) for earlier, later in itertools.pairwise(times_ns)
    )
    total = sum(runs.values())
    return math.fsum(count / total / length for length, count in runs.items())


def _chattering(calls: Sequence[Annunciation], standings: Sequence[Standing]) -> dict[str, float]:
    """Return alarms that came and went three times in a minute, or whose index says the same."""
    called: dict[str, list[int]] = defaultdict(list)
    for one in calls:
        called[one.name].append(one.time_ns)
    ended: dict[str, list[int]] = defaultdict(list)
    for standing in standings:
        if standing.ended_ns is not None:
            ended[standing.name].append(standing.ended_ns)
    found = {}
    for name, times in called.items():
        index, ends = chatter_index(times), ended[name]
        cycles = any(
            last - first <= CHATTER_WITHIN_NS
            for first, last in zip(ends, ends[CHATTER_CYCLES - 1 :], strict=False)
        )
        if cycles or index >= CHATTER_INDEX:
            found[name] = index
    return found


def _fleeting(
    standings: Sequence[Standing], chattering: Iterable[str], from_ns: int, to_ns: int
) -> tuple[str, ...]:
    """Return alarms that stood for seconds only, and do not chatter."""
    short = {
        one.name
        for one in standings
        if one.ended_ns is not None and one.lasted_ns(to_ns) < FLEETING_NS and from_ns <= one.begun_ns
    }
    return tuple(sorted(short.difference(chattering)))
