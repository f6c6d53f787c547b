"""What a trend shows: tags, time, cursors, marks. It is the page's address, so a link reopens it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

_SHORTEST_S: Final = 0.0002
_LONGEST_S: Final = 400 * 86400.0
_MOST_TAGS: Final = 8
_MOST_RUNS: Final = 6
_LAST_MS: Final = 9_000_000_000_000
DEFAULT_SPAN_S: Final = 600.0
MARKS: Final = ("phases", "alarms", "events")
DEFAULT_MARKS: Final = frozenset(("phases", "alarms"))


@dataclass(frozen=True, slots=True, order=True)
class BatchRun:
    """A stretch of a unit's time that is laid over others."""

    unit: str
    start_ms: int
    end_ms: int

    def __str__(self) -> str:
        """Return it as an address has it."""
        return f"{self.unit}@{self.start_ms}-{self.end_ms}"


@dataclass(frozen=True, slots=True)
class TrendView:
    """Tags and time. `end_ms` None: the trend follows the present.

    With `over`, times are since the start of each of these batches or phases.
    """

    tags: tuple[str, ...] = ()
    span_s: float = DEFAULT_SPAN_S
    end_ms: float | None = None
    cursors: tuple[float, ...] = ()
    marks: frozenset[str] = DEFAULT_MARKS
    over: tuple[BatchRun, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it follows the present."""
        return self.end_ms is None and not self.over

    def window_ms(self, now_ms: float) -> tuple[float, float]:
        """Return the stretch of time that is shown."""
        span_ms = self.span_s * 1000
        if self.end_ms is not None:
            return self.end_ms - span_ms, self.end_ms
        return (0.0, span_ms) if self.over else (now_ms - span_ms, now_ms)

    def with_span(self, span_s: float) -> TrendView:
        """Return the same trend over another length of time."""
        return replace(self, span_s=min(max(span_s, _SHORTEST_S), _LONGEST_S))

    def with_tags(self, tags: Iterable[str]) -> TrendView:
        """Return the same stretch for other tags."""
        return replace(self, tags=tuple(dict.fromkeys(tags))[:_MOST_TAGS])

    def with_cursors(self, at_ms: Iterable[float]) -> TrendView:
        """Return the trend with at most two cursors."""
        return replace(self, cursors=tuple(at_ms)[:2])

    def without_mark(self, kind: str) -> TrendView:
        """Return the trend with a kind of marks hidden where they were shown, and the other way round."""
        return replace(self, marks=self.marks ^ {kind})

    def fixed(self, now_ms: float) -> TrendView:
        """Return the trend as it is now, also later."""
        return replace(self, end_ms=now_ms) if self.live else self

    def following(self) -> TrendView:
        """Return the trend as it follows the present."""
        return replace(self, end_ms=None, over=(), cursors=() if self.over else self.cursors)

    def laid_over(self, batches: Iterable[BatchRun]) -> TrendView:
        """Return the trend of these batches by the time since their starts; of none, the trend by time."""
        chosen = tuple(sorted(set(batches)))[:_MOST_RUNS]
        if not chosen:
            return replace(self.following(), span_s=DEFAULT_SPAN_S) if self.over else self
        longest_s = max(each.end_ms - each.start_ms for each in chosen) / 1000
        return replace(self.with_span(longest_s), over=chosen, end_ms=None, cursors=())

    def moved(self, share: float, now_ms: float) -> TrendView:
        """Return the trend moved by a share of its length; moved past the present it is live again."""
        end = self.window_ms(now_ms)[1] + share * self.span_s * 1000
        return replace(self, end_ms=end if self.over or end < now_ms else None)

    def turned(self, start_ms: float, end_ms: float, now_ms: float) -> TrendView:
        """Return the trend over the stretch that somebody zoomed or moved to."""
        if not (math.isfinite(start_ms) and math.isfinite(end_ms) and start_ms < end_ms <= _LAST_MS):
            return self
        span_ms = end_ms - start_ms
        turned = self.with_span(span_ms / 1000)
        if self.over:
            return replace(turned, end_ms=end_ms)
        # Whoever zooms with the present at the right edge keeps following it.
        reach_ms = max(0.02 * span_ms, 1500.0 if self.live else 0.0)
        follows = end_ms >= now_ms or (self.live and end_ms > now_ms - min(reach_ms, 0.5 * span_ms))
        return replace(turned, end_ms=None if follows else end_ms)

    def to_path(self) -> str:
        """Return the address that reopens it."""
        query = {"tags": ",".join(self.tags), "span": f"{self.span_s:.9g}"}
        if self.end_ms is not None:
            query["end"] = _number(self.end_ms)
        if self.cursors:
            query["cursors"] = ",".join(map(_number, self.cursors))
        if self.marks != DEFAULT_MARKS:
            query["marks"] = ",".join(sorted(self.marks))
        if self.over:
            query["over"] = ",".join(map(str, self.over))
        return "/trend?" + urlencode(query, safe="/,@")


def parse(query: Mapping[str, str], known: frozenset[str]) -> TrendView:
    """Return the trend of an address; what makes no sense in it is left out."""
    units = {name.split("/", 1)[0] for name in known}
    tags = [name for name in query.get("tags", "").split(",") if name in known]
    batches = [batch for text in query.get("over", "").split(",") if (batch := _batch(text)) is not None]
    view = TrendView().with_tags(tags).laid_over(batch for batch in batches if batch.unit in units)
    if (span_s := _finite(query.get("span", ""))) is not None:
        view = view.with_span(span_s)
    view = replace(view, end_ms=_finite(query.get("end", "")))
    view = view.with_cursors(
        at for text in query.get("cursors", "").split(",") if (at := _finite(text)) is not None
    )
    if "marks" in query:
        view = replace(view, marks=frozenset(query["marks"].split(",")).intersection(MARKS))
    return view


def _number(value: float) -> str:
    """Return ms with the digits that matter, to the microsecond."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= _LAST_MS else None


def _batch(text: str) -> BatchRun | None:
    unit, _, times = text.partition("@")
    start, _, end = times.partition("-")
    if not (start.isdigit() and end.isdigit() and int(start) < int(end) <= _LAST_MS):
        return None
    return BatchRun(unit, int(start), int(end))
