"""What happened, as marks in a trend: phases, alarms and other events, with a text for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.hmi.contexts import phases

EVENT_TYPES: Final = frozenset(
    (
        *("mode", "set_point", "profile", "tuning", "interlock", "bypass", "first_out", "armed", "autotune"),
        "override",
        *("device", "gateway", "engine", "configuration", "journal"),
    )
)
LOST: Final = "gap"
"""Events that tell that reports were lost for good: their marks are always shown."""
TYPES: Final = {"phases": frozenset({"context"}), "alarms": frozenset({"alarm"}), "events": EVENT_TYPES}
_ALARM_ROWS: Final = 4
_MOST: Final = 400
_ANNUNCIATED: Final = frozenset("BCDEF")
Describe = Callable[[Mapping[str, Any]], str]


def marks(
    events: Sequence[Mapping[str, Any]],
    shown: frozenset[str],
    window_ms: tuple[float, float],
    describe: Describe,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the marks of a window as the browser takes them, and how many rows they need.

    Args:
        events: of any time and type, in the order of their time.
        shown: kinds of marks that are wanted.
        window_ms: what has nothing to do with it is left out.
        describe: says an event in one line.
    """
    start, end = window_ms
    found: list[dict[str, Any]] = []
    rows: dict[str, Any] = {"phases": 0, "alarms": 0, "events": False}
    if "phases" in shown:
        chosen = _inside(_phases([e for e in events if e["type"] == "context"]), start, end)
        units = sorted({mark["unit"] for mark in chosen})
        rows["phases"] = len(units)
        found += [{**mark, "row": units.index(mark["unit"])} for mark in chosen]
    if "alarms" in shown:
        chosen = _inside(_alarms([e for e in events if e["type"] == "alarm"], describe), start, end)
        rows["alarms"] = _place(chosen)
        found += chosen
    types = {LOST} | (EVENT_TYPES if "events" in shown else frozenset())
    chosen = _inside(_events([e for e in events if e["type"] in types], describe), start, end)
    rows["events"] = bool(chosen)
    found += chosen
    return found, rows


def downtimes(events: Iterable[Mapping[str, Any]]) -> list[tuple[float | None, float]]:
    """Return from when to when no gateway ran, in ms. None: it was killed, and left no word of when.

    Args:
        events: by time; those that are not of a gateway's start or stop do not matter.
    """
    found: list[tuple[float | None, float]] = []
    stopped_ms: float | None = None
    for event in events:
        if event["type"] != "gateway":
            continue
        time_ms = int(event["time_ns"]) / 1e6
        if event["state"] == "started":
            found.append((stopped_ms, time_ms))
            stopped_ms = None
        else:
            stopped_ms = time_ms
    return [*found, (stopped_ms, float("inf"))] if stopped_ms is not None else found


def _phases(events: Sequence[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    for stretch in phases(events):
        lines = (
            f"{stretch.unit}: {stretch.label}",
            stretch.campaign,
            _from_to(stretch.start_ns, stretch.end_ns),
        )
        yield {
            "kind": "phases",
            "unit": stretch.unit,
            "from": stretch.start_ns / 1e6,
            "to": None if stretch.end_ns is None else stretch.end_ns / 1e6,
            "label": f"{stretch.unit} {stretch.label}",
            "text": "\n".join(lines),
        }


def _alarms(events: Sequence[Mapping[str, Any]], describe: Describe) -> Iterable[dict[str, Any]]:
    """Return each time an annunciated alarm was active, from its onset on."""
    active: dict[str, dict[str, Any]] = {}
    for event in events:
        name, open_mark = event["name"], active.get(event["name"])
        if open_mark is None and event["active"] and event["after"] in _ANNUNCIATED:
            start_ns = int(event["onset_ns"]) or int(event["time_ns"])
            active[name] = open_mark = {
                "kind": "alarms",
                "from": start_ns / 1e6,
                "to": None,
                "priority": event["priority"],
                "text": f"{_clock(start_ns)} {describe(event)}",
            }
            yield open_mark
        elif open_mark is not None and not event["active"]:
            open_mark["to"] = int(event["time_ns"]) / 1e6
            open_mark["text"] += f"\n{_clock(int(event['time_ns']))} {describe(event)}"
            del active[name]


def _events(events: Sequence[Mapping[str, Any]], describe: Describe) -> Iterable[dict[str, Any]]:
    for event in events:
        time_ns = int(event["time_ns"])
        text = f"{_clock(time_ns)} {event['unit']} {event['type']}\n{describe(event)}"
        mark = {"kind": "events", "from": time_ns / 1e6, "to": time_ns / 1e6, "text": text}
        yield mark | {"lost": event["type"] == LOST}


def _inside(found: Iterable[dict[str, Any]], start: float, end: float) -> list[dict[str, Any]]:
    """Return the marks that touch the window; of too many the newest."""
    # All are made before one is looked at: an alarm's end comes after it.
    touching = [m for m in list(found) if m["from"] <= end and (m["to"] is None or m["to"] >= start)]
    return touching[-_MOST:]


def _place(alarms: list[dict[str, Any]]) -> int:
    """Give each alarm a row in which nothing else is at that time; return how many rows there are."""
    ends: list[float] = []
    for mark in sorted(alarms, key=lambda mark: float(mark["from"])):
        free = [row for row, until in enumerate(ends) if until < mark["from"]]
        row = free[0] if free else min(len(ends), _ALARM_ROWS - 1)
        mark["row"] = row
        until = float("inf") if mark["to"] is None else mark["to"]
        ends[row : row + 1] = [until]
    return len(ends)


def _from_to(start_ns: int, end_ns: int | None) -> str:
    return f"{_clock(start_ns)} – {'' if end_ns is None else _clock(end_ns)}"


def _clock(time_ns: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time_ns // 1_000_000_000)) + " UTC"
