"""Alarm events from the store, however many there are."""

from __future__ import annotations

from typing import Any, Final

from config.site import Site
from gateway.historian.api import EventFilter
from gateway.historian.query import History

ALARM_TYPES: Final = frozenset({"alarm", "alarm_first_out", "gateway"})
_STARTS: Final = frozenset({"gateway"})
_PAGE: Final = 10_000
_MOST: Final = 100_000
"""Events that are read at most to find out how things stand."""
_LONGEST_NS: Final = 1000 * 86400 * 10**9


def consoles(site: Site) -> dict[str, list[str]]:
    """Return the units of each console; without any configured one, all units are one console."""
    configured = site.alarm_management.consoles
    if not configured:
        return {"all": list(site.units)}
    return {name: list(console.units) for name, console in configured.items()}


def read_events(
    history: History, from_ns: int, to_ns: int, types: frozenset[str] = ALARM_TYPES, page: int = _PAGE
) -> list[dict[str, Any]]:
    """Return every event of some types, by time, asking for a page after the other.

    Raises:
        StoreError: the store cannot be read.
    """
    found: dict[str, dict[str, Any]] = {}
    before_ns = to_ns
    while True:
        newest = history.events(EventFilter(from_ns, before_ns, types, limit=page))
        new = [event for event in newest if event["id"] not in found]
        found.update((event["id"], event) for event in new)
        if len(newest) < page:
            break
        oldest_ns = int(newest[0]["time_ns"])
        before_ns = oldest_ns + 1 if new else oldest_ns  # others of that time may be missing
    return sorted(found.values(), key=lambda event: (int(event["time_ns"]), event["id"]))


def recorded_from(history: History, from_ns: int, to_ns: int) -> int:
    """Return since when events are stored, at the earliest from a time on: rates are of that time alone.

    Raises:
        StoreError: the store cannot be read.
    """
    if history.events(EventFilter(from_ns - _LONGEST_NS, from_ns, limit=1)):
        return from_ns
    starts = read_events(history, from_ns, to_ns, _STARTS)
    return int(starts[0]["time_ns"]) if starts else from_ns


def read_standing(
    history: History, now_ns: int, types: frozenset[str] = ALARM_TYPES, page: int = _PAGE, most: int = _MOST
) -> list[dict[str, Any]]:
    """Return what tells how everything stands, by time: back to the latest cold start, which made all normal.

    Without one in the store, or behind more than `most` events, it ends there: what stood before then and
    has not changed since is not told.

    Raises:
        StoreError: the store cannot be read.
    """
    found: dict[str, dict[str, Any]] = {}
    before_ns = now_ns
    while len(found) < most:
        newest = history.events(EventFilter(now_ns - _LONGEST_NS, before_ns, types, limit=page))
        new = [event for event in newest if event["id"] not in found]
        found.update((event["id"], event) for event in new)
        if len(newest) < page or any(_is_cold_start(event) for event in new):
            break
        oldest_ns = int(newest[0]["time_ns"])
        before_ns = oldest_ns + 1 if new else oldest_ns  # others of that time may be missing
    return sorted(found.values(), key=lambda event: (int(event["time_ns"]), event["id"]))


def _is_cold_start(event: dict[str, Any]) -> bool:
    return event["type"] == "gateway" and event["state"] == "started" and event.get("start") != "warm"
