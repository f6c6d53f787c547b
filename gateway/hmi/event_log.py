"""The log of events: by time, filtered, as far back as the store goes, and live at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from nicegui import ui

from gateway.historian.api import EventFilter, StoreError
from gateway.hmi import texts
from gateway.hmi.event_view import SPANS_S, WHOLE_GATEWAY, EventView
from gateway.hmi.event_words import describe
from gateway.hmi.frame import Screen
from gateway.hmi.stored import Stored

_READ: Final = 2000
"""Events that one question to the store brings."""
_WANTED: Final = 500
"""That match, before somebody has to ask for older ones."""
_QUESTIONS: Final = 10
_KEPT: Final = 5000
_OFTEN_S: Final = 1.0
_PAGE: Final = 50


async def matching(
    stored: Stored, asked: EventFilter, takes: Callable[[Mapping[str, Any]], bool]
) -> tuple[list[dict[str, Any]], int]:
    """Return the newest events of a range that match, and the time up to which older ones were not looked at.

    Args:
        stored: where they are.
        asked: the range, types and units; the limit is of one question.
        takes: whether an event matches.

    Raises:
        StoreError: the store cannot be reached.
    """
    found: list[dict[str, Any]] = []
    for _ in range(_QUESTIONS):
        page = await stored.events(asked)
        found = [event for event in page if takes(event)] + found
        if len(page) < asked.limit:
            return found, asked.from_ns
        # Others of the same time may not have been in the answer: they are asked for again.
        oldest_ns = int(page[0]["time_ns"])
        newest_ns = int(page[-1]["time_ns"])
        asked = asked._replace(to_ns=oldest_ns + 1 if oldest_ns < newest_ns else oldest_ns)
        if len(found) >= _WANTED:
            break
    return found, asked.to_ns


class EventLog:
    """The log in one browser, the newest first."""

    def __init__(self, screen: Screen, view: EventView) -> None:
        """Make the page."""
        self._screen, self._view = screen, view
        site = screen.desk.site
        self._units = {
            unit: site.units[unit].display_name or unit for unit in screen.desk.units(screen.viewer)
        }
        if len(self._units) == len(site.units):
            self._units[WHOLE_GATEWAY] = texts.WHOLE_GATEWAY
        self._events: dict[str, dict[str, Any]] = {}
        self._seen: set[str] = set()
        self._older_ns = 0
        with ui.element("section").classes("hmi-card w-full"):
            self._controls()
            self._trouble = ui.label().style("color:var(--bad)").props("role=alert")
            self._count = ui.label().classes("soft").props("role=status")
            self._table = _table()
            self._older = ui.button(texts.READ_ON, on_click=self._load_older, color=None).props(
                "flat no-caps"
            )
        ui.timer(0.05, self._load, once=True)
        ui.timer(_OFTEN_S, self._follow)

    def _controls(self) -> None:
        view = self._view
        with ui.row().classes("items-center w-full gap-2"):
            ui.label(texts.EVENTS).classes("section")
            kinds = dict(sorted(texts.EVENT_KINDS.items(), key=lambda item: item[1]))
            kind = ui.select(kinds, value=sorted(view.kinds), label=texts.KINDS, multiple=True)
            unit = ui.select(self._units, value=sorted(view.units), label=texts.UNITS, multiple=True)
            for select in (kind, unit):
                select.props("dense outlined use-chips clearable").style("min-width:12.5rem")
            text = ui.input(texts.SEARCH, value=view.text).props("dense outlined clearable debounce=400")
            span = (
                ui.select(SPANS_S, value=view.span_s, label=texts.SPAN)
                .props("dense outlined")
                .style("min-width:5.625rem")
            )
            until = ui.input(texts.UNTIL_UTC, value=_moment(view.until_s)).props(
                "dense outlined clearable stack-label type=datetime-local step=1 debounce=600"
            )
        kind.on_value_change(lambda event: self._go(replace(self._view, kinds=frozenset(event.value or ()))))
        unit.on_value_change(lambda event: self._go(replace(self._view, units=frozenset(event.value or ()))))
        text.on_value_change(lambda event: self._go(replace(self._view, text=event.value or "")))
        span.on_value_change(lambda event: self._go(replace(self._view, span_s=int(event.value))))
        until.on_value_change(lambda event: self._go(replace(self._view, until_s=_seconds(event.value))))

    async def _go(self, view: EventView) -> None:
        if view != self._view:
            self._view = view
            ui.navigate.history.replace(view.path)
            await self._load()

    def _takes(self, event: Mapping[str, Any]) -> bool:
        return event["unit"] in self._units and self._view.takes(
            event, describe(event, self._screen.desk.site)
        )

    async def _load(self) -> None:
        from_ns, to_ns = self._view.range_ns(time.time_ns())
        self._events.clear()
        self._seen.clear()
        await self._read(from_ns, to_ns)

    async def _load_older(self) -> None:
        from_ns, _ = self._view.range_ns(time.time_ns())
        await self._read(from_ns, self._older_ns)

    async def _read(self, from_ns: int, to_ns: int) -> None:
        """Read a range; what somebody asks for meanwhile takes its place."""
        view = self._view
        units = view.units or (frozenset() if WHOLE_GATEWAY in self._units else frozenset(self._units))
        asked = EventFilter(from_ns, max(to_ns, from_ns), view.kinds, units, _READ)
        try:
            found, self._older_ns = await matching(self._screen.desk.stored, asked, self._takes)
        except StoreError as error:
            self._trouble.set_text(texts.NO_HISTORY.format(reason=error))
            return
        if view is self._view and not self._table.is_deleted:
            self._trouble.set_text("")
            self._take(found)

    def _follow(self) -> None:
        """Take what has come in since, where the log follows the present."""
        if self._view.until_s is not None:
            return
        fresh = [event for event in self._screen.desk.live.subscriber.events if event["id"] not in self._seen]
        self._seen.update(event["id"] for event in fresh)
        from_ns, _ = self._view.range_ns(time.time_ns())
        new = [event for event in fresh if int(event["time_ns"]) >= from_ns and self._takes(event)]
        if any(event["id"] not in self._events for event in new):
            self._take(new)

    def _take(self, events: Sequence[dict[str, Any]]) -> None:
        self._events |= {event["id"]: event for event in events}
        ordered = sorted(self._events.values(), key=lambda event: (int(event["time_ns"]), event["id"]))[
            -_KEPT:
        ]
        self._events = {event["id"]: event for event in ordered}
        self._table.rows = [self._row(event) for event in reversed(ordered)]
        from_ns, _ = self._view.range_ns(time.time_ns())
        more = self._older_ns > from_ns
        self._older.set_visibility(more)
        text = texts.EVENTS_SHOWN.format(count=len(ordered))
        self._count.set_text(text + (texts.EVENTS_MORE.format(time=_clock(self._older_ns)) if more else ""))

    def _row(self, event: Mapping[str, Any]) -> dict[str, str]:
        return {
            "id": event["id"],
            "time": str(event["time"])[:23].replace("T", " "),
            "unit": self._units.get(event["unit"], event["unit"]),
            "type": texts.EVENT_KINDS.get(event["type"], event["type"]),
            "what": describe(event, self._screen.desk.site),
            "who": str(event.get("user") or ""),
        }


def _table() -> ui.table:
    columns = [
        {"name": name, "label": label, "field": name, "align": "left"}
        for name, label in texts.EVENT_COLUMNS.items()
    ]
    columns[0]["style"] = "white-space:nowrap"
    table = ui.table(columns=columns, rows=[], row_key="id", pagination=_PAGE).classes("w-full")
    return table.props("flat dense data-events")


def _clock(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _moment(seconds: int | None) -> str:
    """Return a time as the browser's entry for times takes it."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _seconds(text: str | None) -> int | None:
    """Return the UTC seconds of what was entered; None where it is no time (yet)."""
    try:
        return int(datetime.fromisoformat(text or "").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None
