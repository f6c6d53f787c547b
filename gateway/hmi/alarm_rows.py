"""What the alarm tables show: rows of texts, filtered and in order. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from config.alarms import Alarm
from config.site import Site
from gateway.alarms.book import RANK, AlarmLine
from gateway.hmi import texts
from gateway.hmi.shown import value_text


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """Which alarms are shown; empty texts and None show all."""

    unit: str | None = None
    priority: str | None = None
    unacknowledged: bool = False
    text: str = ""

    @classmethod
    def parse(cls, query: Iterable[tuple[str, str]]) -> AlarmFilter:
        """Return the filter that an address holds."""
        given = dict(query)
        return cls(
            unit=given.get("unit") or None,
            priority=given.get("priority") if given.get("priority") in set(RANK) else None,
            unacknowledged=given.get("unacknowledged") == "1",
            text=given.get("text", ""),
        )

    @property
    def query(self) -> str:
        """Return it as the end of an address."""
        named = {
            "unit": self.unit, "priority": self.priority, "unacknowledged": "1" * self.unacknowledged,
            "text": self.text,
        }  # fmt: skip
        given = {name: value for name, value in named.items() if value}
        return f"?{urlencode(given)}" if given else ""

    def takes(self, site: Site, line: AlarmLine) -> bool:
        """Return whether an alarm is shown."""
        words = f"{line.name} {title(site, line.name)} {texts.ALARM_TYPES[line.type]}".lower()
        return (
            self.unit in (None, line.unit)
            and self.priority in (None, line.priority)
            and (line.unacknowledged or not self.unacknowledged)
            and all(word in words for word in self.text.lower().split())
        )


ORDERS: Final[dict[str, Callable[[AlarmLine], Any]]] = {
    "priority": lambda line: RANK[line.priority],
    "state": lambda line: line.state,
    "alarm": lambda line: line.name,
    "unit": lambda line: (line.unit, line.urgency),
    "since": lambda line: line.onset_ns,
}
"""Columns that a table can be sorted by."""


def ordered(lines: Iterable[AlarmLine], column: str | None, *, descending: bool) -> list[AlarmLine]:
    """Return alarms by a column; by none of them as they came, the most urgent first."""
    listed = list(lines)
    return sorted(listed, key=ORDERS[column], reverse=descending) if column in ORDERS else listed


def title(site: Site, name: str) -> str:
    """Return what people call an alarm: by its own name, or by what its tag is called and how it is wrong."""
    alarm = site.alarms.get(name)
    if alarm is None or alarm.display_name:
        return alarm.display_name if alarm is not None else name.split("/", 1)[-1]
    tag = site.tags.get(alarm.tag or "")
    called = "" if tag is None else tag.display_name or tag.description
    return f"{called}: {texts.ALARM_TYPES[alarm.type]}" if called else name.split("/", 1)[1]


def unit_title(site: Site, unit: str) -> str:
    """Return what people call a unit."""
    return site.units[unit].display_name or unit if unit in site.units else unit


def row(site: Site, line: AlarmLine, *, first: bool) -> dict[str, Any]:
    """Return the row of an alarm.

    Args:
        site: has the tag's unit and format.
        line: the alarm.
        first: it came first in its first-out group.
    """
    limit = "" if line.limit is None else f" / {quantity(site, line.tag, line.limit)}"
    return {
        "name": line.name,
        # As text: it is beyond what a browser's numbers hold exactly.
        "occurrence": str(line.occurrence),
        "priority": texts.PRIORITIES[line.priority],
        "classes": f"p-{line.priority} {'' if line.unacknowledged else 'acked'}",
        "state": f"{line.state} · {texts.ALARM_STATES[line.state]}",
        "alarm": title(site, line.name),
        "unit": unit_title(site, line.unit),
        "type": texts.ALARM_TYPES[line.type],
        "first": texts.FIRST if first else "",
        "value": f"{quantity(site, line.tag, line.value)}{limit}",
        "since": utc(line.onset_ns),
        "since_ms": line.onset_ns // 1_000_000,
        "silent": utc(line.changed_ns),
        "silent_ms": line.changed_ns // 1_000_000,
        "until": "" if line.shelved_until_ns is None else utc(line.shelved_until_ns),
        "until_ms": None if line.shelved_until_ns is None else line.shelved_until_ns // 1_000_000,
        "active": texts.YES if line.active else texts.NO,
        "by": line.changed_by or "",
        "open": line.unacknowledged,
    }


def quantity(site: Site, name: str, value: float | None) -> str:
    """Return a value of an alarm with the unit and in the format of its tag."""
    tag = site.tags.get(name)
    if value is None or tag is None:
        return texts.NO_VALUE
    return f"{value_text(tag, value)} {tag.unit}".strip()


def utc(time_ns: int) -> str:
    """Return a time as month, day, and time of day."""
    return time.strftime("%m-%d %H:%M:%S", time.gmtime(time_ns / 1e9))


def shelf_times_s(site: Site, alarm: Alarm) -> list[float]:
    """Return times to shelve an alarm, up to the longest that its class allows; none where it forbids it."""
    longest = site.class_of(alarm).max_shelve
    return [*(each for each in _SHELF_TIMES_S if each < longest), *([longest] if longest else [])]


_SHELF_TIMES_S: Final = (300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0)
