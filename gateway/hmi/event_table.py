"""A table of process events: what the store keeps, and what has come in since."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.historian.api import EventFilter, StoreError
from gateway.hmi import texts
from gateway.hmi.frame import Screen

_BACK_S: Final = 86400
_KEPT: Final = 2000
_SHOWN_APART: Final = frozenset(
    (
        *("id", "type", "version", "gateway", "epoch", "partition", "sequence", "time", "time_ns", "config"),
        *("unit", "name", "target", "device", "user", "command", "occurrence", "onset_ns", "count", "tag"),
        *("active", "acknowledged"),
    )
)
_OFTEN_S: Final = 1.0


class EventTable:
    """Events in one browser, the newest first."""

    def __init__(self, screen: Screen, title: str, types: frozenset[str] = frozenset()) -> None:
        """Make the table; empty `types` shows all."""
        self._screen, self._types = screen, types
        self._units = frozenset(screen.desk.units(screen.viewer))
        self._sees_all = len(self._units) == len(screen.desk.site.units)
        self._rows: dict[str, dict[str, str]] = {}
        with ui.row().classes("items-center w-full"):
            ui.label(title).classes("section")
            ui.space()
            search = ui.input(texts.SEARCH).props("dense outlined clearable")
        self._trouble = ui.label().style("color:var(--bad)").props("role=alert")
        columns = [
            {"name": name, "label": label, "field": name, "align": "left"}
            for name, label in texts.EVENT_COLUMNS.items()
        ]
        self._table = ui.table(columns=columns, rows=[], row_key="id", pagination=20).classes("w-full")
        self._table.props("flat dense").bind_filter_from(search, "value", lambda text: text or "")
        ui.timer(0.05, self._load, once=True)
        ui.timer(_OFTEN_S, self._follow)

    async def _load(self) -> None:
        now_ns = time.time_ns()
        which = EventFilter(now_ns - int(_BACK_S * 1e9), now_ns, self._types, limit=_KEPT)
        try:
            self._take(await self._screen.desk.stored.events(which))
        except StoreError as error:
            self._trouble.set_text(texts.NO_HISTORY.format(reason=error))

    def _follow(self) -> None:
        self._take(list(self._screen.desk.live.subscriber.events))

    def _take(self, events: list[dict[str, Any]]) -> None:
        fresh = {
            event["id"]: self._row(event)
            for event in events
            if event["id"] not in self._rows
            and (not self._types or event["type"] in self._types)
            and (self._sees_all or event["unit"] in self._units)
        }
        if fresh:
            both = sorted({**self._rows, **fresh}.items(), key=lambda item: item[1]["order"], reverse=True)
            self._rows = dict(both[:_KEPT])
            self._table.rows = list(self._rows.values())

    def _row(self, event: Mapping[str, Any]) -> dict[str, str]:
        return {
            "id": event["id"],
            "order": event["time"],
            "time": event["time"][5:23].replace("T", " "),
            "unit": event["unit"],
            "type": event["type"],
            "what": describe(event, self._screen),
            "who": str(event.get("user") or ""),
        }


def describe(event: Mapping[str, Any], screen: Screen) -> str:
    """Return what happened, in one line."""
    name = event.get("name") or event.get("target") or event.get("device") or ""
    if event["type"] == "alarm":
        tag = screen.desk.site.tags.get(event["tag"])
        at = "" if event["value"] is None else f" at {event['value']:.5g} {tag.unit if tag else ''}"
        states = f"{texts.ALARM_STATES[event['before']]} → {texts.ALARM_STATES[event['after']]}"
        return f"{name} {texts.ALARM_TYPES[event['alarm_type']]} ({event['priority']}): {states}{at}"
    facts = [
        f"{key} {value:.6g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in event.items()
        if key not in _SHOWN_APART and value not in (None, "", {}, [])
    ]
    if event["type"] == "interlock":
        facts.insert(0, texts.ACTIVE if event["active"] else texts.READY)
    return f"{name}: {', '.join(facts)}" if name else ", ".join(facts)
