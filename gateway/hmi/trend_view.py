"""What a trend shows: tags and a stretch of time. It is the address of the page, so a link reopens it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

_SHORTEST_S: Final = 0.02
_LONGEST_S: Final = 400 * 86400.0
_MOST_TAGS: Final = 8
DEFAULT_SPAN_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class TrendView:
    """Tags and time; `end_ms` None means that the trend follows the present."""

    tags: tuple[str, ...] = ()
    span_s: float = DEFAULT_SPAN_S
    end_ms: int | None = None

    @property
    def live(self) -> bool:
        """Whether it follows the present."""
        return self.end_ms is None

    def window_ms(self, now_ms: int) -> tuple[int, int]:
        """Return the stretch of time that is shown."""
        end = now_ms if self.end_ms is None else self.end_ms
        return end - max(int(self.span_s * 1000), 1), end

    def with_span(self, span_s: float) -> TrendView:
        """Return the same trend over another length of time."""
        return replace(self, span_s=min(max(span_s, _SHORTEST_S), _LONGEST_S))

    def with_tags(self, tags: list[str]) -> TrendView:
        """Return the same stretch for other tags."""
        return replace(self, tags=tuple(dict.fromkeys(tags))[:_MOST_TAGS])

    def moved(self, share: float, now_ms: int) -> TrendView:
        """Return the trend moved by a share of its length; moved past the present it is live again."""
        end = self.window_ms(now_ms)[1] + int(share * self.span_s * 1000)
        return replace(self, end_ms=None if end >= now_ms else end)

    def zoomed(self, start_ms: float, end_ms: float, now_ms: int) -> TrendView:
        """Return the trend over the stretch that somebody zoomed to."""
        if end_ms <= start_ms:
            return self
        zoomed = self.with_span((end_ms - start_ms) / 1000)
        # Whoever zooms with the present at the right edge keeps following it.
        follows = self.live and abs(end_ms - now_ms) < 0.03 * (end_ms - start_ms)
        return replace(zoomed, end_ms=None if follows else min(int(end_ms), now_ms))

    def to_path(self) -> str:
        """Return the address that reopens it."""
        query = {"tags": ",".join(self.tags), "span": f"{self.span_s:g}"}
        if self.end_ms is not None:
            query["end"] = str(self.end_ms)
        return "/trend?" + urlencode(query, safe="/,")


def parse(query: Mapping[str, str], known: frozenset[str]) -> TrendView:
    """Return the trend of an address; what makes no sense in it is left out."""
    tags = [name for name in query.get("tags", "").split(",") if name in known]
    view = TrendView().with_tags(tags)
    try:
        view = view.with_span(float(query.get("span", DEFAULT_SPAN_S)))
        return replace(view, end_ms=int(query["end"])) if "end" in query else view
    except ValueError:
        return view
