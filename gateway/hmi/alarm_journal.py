"""The alarm journal: every change of every alarm, read from the store, the newest first."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from nicegui import ui

from config.alarms import Priority
from config.site import Site
from gateway.historian.api import EventFilter, StoreError
from gateway.hmi import alarm_about, texts
from gateway.hmi.alarm_actions import AlarmActions
from gateway.hmi.alarm_rows import quantity, title, unit_title
from gateway.hmi.alarms import tabs
from gateway.hmi.frame import Screen

_TYPES: Final = frozenset({"alarm", "alarm_first_out"})
_READ: Final = 2000
"""Events that one question to the store brings."""
_PAGE: Final = 25
SPANS_S: Final = {3600: "1 h", 28800: "8 h", 86400: "1 d", 604800: "7 d", 2592000: "30 d"}
_SPAN_S: Final = 28800
_NAME_SLOT: Final = """<q-td :props="props"><button v-if="props.row.known" type="button" class="link"
 @click="$parent.$emit('about', props.row.name)">{{ props.value }}</button>
 <span v-else>{{ props.value }}</span><div class="soft text-xs">{{ props.row.name }}</div></q-td>"""
_MARK_SLOT: Final = """<q-td :props="props"><span v-if="props.value"
 :class="'alarm-box ' + props.row.classes">{{ props.value }}</span></q-td>"""


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries are shown. None and empty texts show all; without `until_s` it ends now."""

    span_s: int = _SPAN_S
    until_s: int | None = None
    unit: str | None = None
    priority: str | None = None
    kind: str | None = None
    """What happened, a key of `texts.ALARM_CAUSES`."""
    text: str = ""

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> JournalFilter:
        """Return the filter that an address holds; what it does not understand is left out."""
        span, until = query.get("span", ""), query.get("until", "")
        priority, kind = query.get("priority"), query.get("kind")
        return cls(
            span_s=int(span) if span.isdecimal() and int(span) in SPANS_S else _SPAN_S,
            until_s=int(until) if until.isdecimal() and int(until) < 2**33 else None,
            unit=query.get("unit") or None,
            priority=priority if priority in set(Priority) else None,
            kind=kind if kind in texts.ALARM_CAUSES else None,
            text=query.get("text", ""),
        )

    @property
    def path(self) -> str:
        """Return the address that reopens it."""
        named = {
            "span": self.span_s if self.span_s != _SPAN_S else None, "until": self.until_s, "unit": self.unit,
            "priority": self.priority, "kind": self.kind, "text": self.text,
        }  # fmt: skip
        given = {name: value for name, value in named.items() if value}
        return f"/alarms/journal?{urlencode(given)}" if given else "/alarms/journal"

    def range_ns(self, now_ns: int) -> tuple[int, int]:
        """Return the stretch of time."""
        end_ns = now_ns if self.until_s is None else self.until_s * 10**9
        return end_ns - self.span_s * 10**9, end_ns

    def takes(self, site: Site, event: Mapping[str, Any]) -> bool:
        """Return whether an event is shown."""
        words = f"{event['name']} {title(site, event['name'])} {event.get('user') or ''}".lower()
        return (
            self.unit in (None, event["unit"])
            and self.priority in (None, event.get("priority"))
            and self.kind in (None, _kind(event))
            and all(word in words for word in self.text.lower().split())
        )


def _kind(event: Mapping[str, Any]) -> str:
    return "first_out" if event["type"] == "alarm_first_out" else str(event.get("cause", "raise"))


def entry(site: Site, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of an event."""
    kind, name = _kind(event), event["name"]
    alarm = event["type"] == "alarm"
    first = (
        ""
        if alarm
        else event["first"] or (texts.CANNOT_BE_TOLD if event["indeterminate"] else texts.GROUP_RESET)
    )
    return {
        "id": event["id"],
        "time": str(event["time"])[:23].replace("T", " "),
        "priority": texts.PRIORITIES[event["priority"]] if alarm else "",
        "classes": f"p-{event['priority']}" if alarm else "",
        "name": name,
        "known": name in site.alarms,
        "alarm": title(site, name),
        "unit": unit_title(site, event["unit"]),
        "happened": texts.ALARM_CAUSES[kind],
        "state": f"{event['before']} → {event['after']}" if alarm else first,
        "value": quantity(site, event["tag"], event["value"]) if alarm else "",
        "by": str(event.get("user") or ""),
    }  # fmt: skip


class JournalPage:
    """The journal in one browser. It is read when it is asked for, and does not move while it is read."""

    def __init__(self, screen: Screen, wanted: JournalFilter) -> None:
        """Make the page."""
        tabs(screen, "/alarms/journal")
        self._screen, self._filter, self._page = screen, wanted, 1
        self._actions = AlarmActions(screen)
        self._units = screen.desk.units(screen.viewer)
        self._found: list[dict[str, Any]] = []
        self._before_ns: int | None = None
        """Where to go on reading; None: there is no more in the stretch."""
        with ui.element("section").classes("hmi-card w-full"):
            with ui.row().classes("items-center w-full"):
                self._filters()
            self._trouble = ui.label().classes("trouble").props("role=alert")
            self._table = self._make_table()
            with ui.row().classes("items-center w-full"):
                self._count = ui.label().classes("soft").props("role=status")
                self._more = ui.button(texts.READ_ON, on_click=self._read)
                self._more.props("unelevated no-caps color=grey-8")
        ui.timer(0.05, self._read_anew, once=True)

    def _filters(self) -> None:
        site, chosen = self._screen.desk.site, self._filter
        units = {name: site.units[name].display_name or name for name in self._units}
        self._choice(texts.SPAN, dict(SPANS_S), chosen.span_s, "span_s", every=False)
        until = "" if chosen.until_s is None else _local(chosen.until_s)
        end = ui.input(texts.UNTIL_UTC, value=until).props(
            "dense outlined clearable type=datetime-local stack-label"
        )
        end.on_value_change(lambda event: self._refilter(until_s=_seconds(event.value)))
        self._choice(texts.UNIT, units, chosen.unit, "unit")
        self._choice(texts.PRIORITY, texts.PRIORITIES, chosen.priority, "priority")
        self._choice(texts.HAPPENED, texts.ALARM_CAUSES, chosen.kind, "kind")
        text = ui.input(texts.SEARCH, value=chosen.text).props("dense outlined clearable debounce=400")
        text.on_value_change(lambda event: self._refilter(text=event.value or ""))

    def _choice(
        self, label: str, options: Mapping[Any, str], value: object, field: str, *, every: bool = True
    ) -> None:
        shown = {None: texts.ALL, **options} if every else dict(options)
        select = ui.select(shown, label=label, value=value if value in shown else None)
        select.props("dense outlined").style("min-width:8.125rem")
        select.on_value_change(lambda event: self._refilter(**{field: event.value}))

    async def _refilter(self, **changed: Any) -> None:
        self._filter = JournalFilter(**{**_fields(self._filter), **changed})
        ui.navigate.history.replace(self._filter.path)
        await self._read_anew()

    def _make_table(self) -> ui.table:
        columns = [
            {"name": name, "label": label, "field": name, "align": "left"}
            for name, label in texts.JOURNAL_COLUMNS.items()
        ]
        pagination = {"page": 1, "rowsPerPage": _PAGE, "rowsNumber": 0}
        table = ui.table(columns=columns, rows=[], row_key="id", pagination=pagination).classes("w-full")
        table.props(f'flat dense no-data-label="{texts.NO_ENTRIES}" :rows-per-page-options="[{_PAGE}]"')
        table.add_slot("body-cell-alarm", _NAME_SLOT)
        table.add_slot("body-cell-priority", _MARK_SLOT)
        table.on("request", lambda event: self._show(int(event.args["pagination"]["page"])))
        table.on("about", lambda event: alarm_about.show(self._screen, self._actions, str(event.args)))
        return table

    async def _read_anew(self) -> None:
        self._found = []
        self._before_ns = self._filter.range_ns(time.time_ns())[1]
        await self._read()

    async def _read(self) -> None:
        """Read on, until there is a page more or the stretch is at its end."""
        wanted, enough = self._filter, len(self._found) + _PAGE
        from_ns = wanted.range_ns(time.time_ns())[0]
        units = frozenset(self._units if wanted.unit is None else {wanted.unit} & set(self._units))
        self._trouble.set_text("")
        while units and self._before_ns is not None and len(self._found) < enough:
            which = EventFilter(from_ns, self._before_ns, _TYPES, units, _READ)
            try:
                events = await self._screen.desk.stored.events(which)
            except StoreError as error:
                self._trouble.set_text(texts.NO_HISTORY.format(reason=error))
                break
            if wanted is not self._filter:
                return  # another filter was set meanwhile, and reads by itself
            self._take(events)
        self._show(1 if enough == _PAGE else self._page)

    def _take(self, events: list[dict[str, Any]]) -> None:
        known = {event["id"] for event in self._found}
        newest_first = sorted(events, key=lambda event: int(event["time_ns"]), reverse=True)
        self._found += [
            event for event in newest_first
            if event["id"] not in known and self._filter.takes(self._screen.desk.site, event)
        ]  # fmt: skip
        # Others of the oldest time may be missing: they come again, and are known.
        oldest_ns = min((int(event["time_ns"]) for event in events), default=0)
        step = 1 if oldest_ns + 1 != self._before_ns else 0
        self._before_ns = oldest_ns + step if len(events) == _READ else None

    def _show(self, page: int) -> None:
        self._page = page
        rows = self._found[(page - 1) * _PAGE : page * _PAGE]
        self._table.rows = [entry(self._screen.desk.site, event) for event in rows]
        self._table.pagination = {"page": page, "rowsPerPage": _PAGE, "rowsNumber": len(self._found)}
        self._count.set_text(texts.ENTRIES.format(number=len(self._found)))
        self._more.set_visibility(self._before_ns is not None)


def _fields(journal: JournalFilter) -> dict[str, Any]:
    return {name: getattr(journal, name) for name in JournalFilter.__slots__}


def _local(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M")


def _seconds(text: str | None) -> int | None:
    """Return what an input of date and time says, UTC."""
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) if text else None
    except ValueError:
        return None
