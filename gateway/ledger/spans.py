"""What is known of one tag over a stretch of time: spans that are good, late, bad or missing, with the cause.

A report holds until the next one: a quiet tag says nothing new, and when it goes bad that is reported. So
time is counted, not points. While the gateway was down nothing holds; what was read back later (backfilled)
counts as late.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from control import signal


class State(enum.StrEnum):
    """What a span of time is."""

    GOOD = "good"
    LATE = "late"
    """Read back afterwards."""
    BAD = "bad"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one tag's time, the end not included."""

    start_ns: int
    end_ns: int
    state: State
    cause: str = ""
    """Of what is bad or missing."""


GATEWAY_DOWN: Final = "gateway down"
NO_REPORT: Final = "no report before"
_CAUSES: Final = (
    (signal.OUT_OF_SERVICE, "out of service"),
    (signal.CONFIG, "refused by the device"),
    (signal.COMM, "device down"),
    (signal.STALE, "stale"),
    (signal.WAITING, "no value yet"),
    (signal.SENSOR, "sensor failure"),
    (signal.DEVICE, "device failure"),
    (signal.NOT_A_NUMBER, "not a number"),
    (signal.INPUT, "bad input"),
    (signal.RANGE, "out of range"),
)


def cause_of(quality: int) -> str:
    """Return the one reason of a bad quality that says most."""
    return next((text for bit, text in _CAUSES if quality & bit), "bad at the source")


def spans_of(
    source_ns: npt.NDArray[np.int64],
    quality: npt.NDArray[np.uint32],
    from_ns: int,
    to_ns: int,
    down: Sequence[tuple[int, int]] = (),
) -> list[Span]:
    """Return the spans of a tag, gapless and in order, from `from_ns` to `to_ns`.

    Args:
        source_ns: UTC of its reports, ascending; some may lie before the range.
        quality: of each report.
        from_ns: start of the range.
        to_ns: its end, not included.
        down: (from, to) in which no gateway ran, ascending.
    """
    backfilled = (quality & np.uint32(signal.HISTORY)) != 0
    live = list(_live(source_ns[~backfilled], quality[~backfilled], from_ns, to_ns))
    broken = _break(live, down, source_ns[~backfilled], to_ns)
    return _fill(broken, source_ns[backfilled])


def _live(
    source_ns: npt.NDArray[np.int64], quality: npt.NDArray[np.uint32], from_ns: int, to_ns: int
) -> Iterator[Span]:
    first = int(np.searchsorted(source_ns, from_ns, "right")) - 1
    if first < 0:
        end_ns = int(source_ns[0]) if len(source_ns) else to_ns
        if from_ns < min(end_ns, to_ns):
            yield Span(from_ns, min(end_ns, to_ns), State.MISSING, NO_REPORT)
    for i in range(max(first, 0), len(source_ns)):
        start_ns = max(int(source_ns[i]), from_ns)
        end_ns = min(int(source_ns[i + 1]) if i + 1 < len(source_ns) else to_ns, to_ns)
        if start_ns < end_ns:
            bad = int(quality[i]) >= signal.BAD
            yield Span(
                start_ns, end_ns, State.BAD if bad else State.GOOD, cause_of(int(quality[i])) if bad else ""
            )


def _break(
    spans: Iterable[Span], down: Sequence[tuple[int, int]], reports_ns: npt.NDArray[np.int64], to_ns: int
) -> list[Span]:
    """Cut out the time without a gateway, which lasts until the tag's first report after it."""
    result = list(spans)
    for began_ns, ended_ns in down:
        after = int(np.searchsorted(reports_ns, ended_ns))
        until_ns = int(reports_ns[after]) if after < len(reports_ns) else to_ns
        cut = []
        for span in result:
            start_ns, end_ns = max(span.start_ns, began_ns), min(span.end_ns, until_ns)
            if start_ns >= end_ns:
                cut.append(span)
                continue
            if span.start_ns < start_ns:
                cut.append(Span(span.start_ns, start_ns, span.state, span.cause))
            cut.append(Span(start_ns, end_ns, State.MISSING, GATEWAY_DOWN))
            if end_ns < span.end_ns:
                cut.append(Span(end_ns, span.end_ns, span.state, span.cause))
        result = cut
    return result


def _fill(spans: Iterable[Span], backfilled_ns: npt.NDArray[np.int64]) -> list[Span]:
    """Let what was read back count as late, from the first to the last such report within a span."""
    result: list[Span] = []
    for span in spans:
        inside = backfilled_ns[(backfilled_ns >= span.start_ns) & (backfilled_ns < span.end_ns)]
        if span.state is State.GOOD or len(inside) == 0:
            result.append(span)
            continue
        first, last = int(inside[0]), int(inside[-1]) + 1
        if span.start_ns < first:
            result.append(Span(span.start_ns, first, span.state, span.cause))
        result.append(Span(first, last, State.LATE))
        if last < span.end_ns:
            result.append(Span(last, span.end_ns, span.state, span.cause))
    return result


@dataclass(slots=True)
class Account:
    """What one tag's interval adds up to."""

    start_ns: int
    end_ns: int
    points: int = 0
    late_points: int = 0
    seconds: dict[State, float] = field(default_factory=lambda: dict.fromkeys(State, 0.0))
    causes: dict[str, float] = field(default_factory=dict)
    """Seconds that are bad or missing, by cause."""


def accounts(
    spans: Sequence[Span],
    source_ns: npt.NDArray[np.int64],
    quality: npt.NDArray[np.uint32],
    edges_ns: Sequence[int],
    weight: npt.NDArray[np.int64],
) -> list[Account]:
    """Add spans and points up over the intervals between neighbouring edges (ascending).

    `weight`: how many reports each point stands for.
    """
    made = []
    for start_ns, end_ns in itertools.pairwise(edges_ns):
        account = Account(start_ns, end_ns)
        inside = (source_ns >= start_ns) & (source_ns < end_ns)
        account.points = int(weight[inside].sum())
        account.late_points = int((inside & ((quality & np.uint32(signal.HISTORY)) != 0)).sum())
        for span in spans:
            seconds = (min(span.end_ns, end_ns) - max(span.start_ns, start_ns)) / 1e9
            if seconds > 0.0:
                account.seconds[span.state] += seconds
                if span.cause:
                    account.causes[span.cause] = account.causes.get(span.cause, 0.0) + seconds
        made.append(account)
    return made
