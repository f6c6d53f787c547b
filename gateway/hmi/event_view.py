"""Which events a log shows. It is the page's address, so a link reopens it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from gateway.hmi import texts

SPANS_S: Final = {3600: "1 h", 28800: "8 h", 86400: "1 d", 604800: "7 d", 2592000: "30 d", 31536000: "1 a"}
_SPAN_S: Final = 86400
_LATEST_S: Final = 2**33
WHOLE_GATEWAY: Final = "_gateway"


@dataclass(frozen=True, slots=True)
class EventView:
    """Empty sets and texts show all; without `until_s` the log follows the present."""

    kinds: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    text: str = ""
    span_s: int = _SPAN_S
    until_s: int | None = None
    """UTC, in seconds."""

    @classmethod
    def parse(cls, query: Mapping[str, str], units: frozenset[str]) -> EventView:
        """Return the view of an address; what it does not understand is left out.

        Args:
            query: of the address.
            units: those that may be shown.
        """
        span, until = query.get("span", ""), query.get("until", "")
        return cls(
            kinds=frozenset(query.get("kinds", "").split(",")) & texts.EVENT_KINDS.keys(),
            units=frozenset(query.get("units", "").split(",")) & units,
            text=query.get("text", "")[:200],
            span_s=int(span) if span.isdecimal() and int(span) in SPANS_S else _SPAN_S,
            until_s=int(until) if until.isdecimal() and int(until) < _LATEST_S else None,
        )

    @property
    def path(self) -> str:
        """Return the address that reopens it."""
        named = {
            "kinds": ",".join(sorted(self.kinds)),
            "units": ",".join(sorted(self.units)),
            "text": self.text,
            "span": self.span_s if self.span_s != _SPAN_S else None,
            "until": self.until_s,
        }
        given = {name: value for name, value in named.items() if value}
        return f"/events?{urlencode(given, safe=',')}" if given else "/events"

    def range_ns(self, now_ns: int) -> tuple[int, int]:
        """Return the stretch of time."""
        end_ns = now_ns if self.until_s is None else self.until_s * 10**9
        return end_ns - self.span_s * 10**9, end_ns

    def takes(self, event: Mapping[str, Any], what: str) -> bool:
        """Return whether an event is shown.

        Args:
            event: of any time.
            what: the event in words.
        """
        if (self.kinds and event["type"] not in self.kinds) or (
            self.units and event["unit"] not in self.units
        ):
            return False
        if not self.text:
            return True
        kind = texts.EVENT_KINDS.get(event["type"], event["type"])
        words = f"{event['unit']} {event['type']} {kind} {what} {event.get('user') or ''}".lower()
        return all(word in words for word in self.text.lower().split())
