"""The alarm pages: what stands now, what is silent, the journal, and how well alarms are managed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from nicegui import ui

from gateway.alarms.book import AlarmLine
from gateway.hmi import texts
from gateway.hmi.alarm_actions import AlarmActions
from gateway.hmi.alarm_rows import AlarmFilter
from gateway.hmi.alarm_table import AlarmTable
from gateway.hmi.frame import HISTORY, Screen

PATHS: Final = {
    "/alarms": texts.SUMMARY,
    "/alarms/silent": texts.SILENT,
    "/alarms/journal": texts.JOURNAL,
    "/alarms/performance": texts.PERFORMANCE,
}
_SUMMARY_COLUMNS: Final = ("priority", "state", "alarm", "unit", "type", "value", "since")
_SILENT_COLUMNS: Final = ("priority", "alarm", "unit", "active", "until", "by", "silent")
_SILENT: Final = {"G": ("unshelve", texts.SHELVED), "I": ("return_to_service", texts.OUT_OF_SERVICE)}


def tabs(screen: Screen, here: str) -> None:
    """Make the way from one alarm page to the others."""
    with ui.element("nav").classes("row tabs").props(f'aria-label="{texts.ALARMS}"'):
        for path, title in PATHS.items():
            if not screen.viewer.history and path in HISTORY:
                continue
            link = ui.link(title, path).classes("nav" + (" here" if path == here else ""))
            if path == here:
                link.props("aria-current=page")


class SummaryPage:
    """What is annunciated, to be worked through."""

    def __init__(self, screen: Screen, wanted: AlarmFilter) -> None:
        """Make the page."""
        tabs(screen, "/alarms")
        self._screen, self._filter = screen, wanted
        self._actions = AlarmActions(screen)
        self._units = screen.desk.units(screen.viewer)
        with ui.element("section").classes("hmi-card w-full"):
            with ui.row().classes("items-center w-full"):
                self._filters()
                with ui.row().classes("items-center q-ml-auto"):
                    self._hidden = ui.label().classes("hidden-alarms").props("role=status")
                    self._button(texts.ACKNOWLEDGE_MARKED, marked=True)
                    self._button(texts.ACKNOWLEDGE_PAGE, marked=False)
            self._table = AlarmTable(
                screen, self._actions, _SUMMARY_COLUMNS, self._lines, _acts, texts.NO_ALARMS, many=True
            )
        screen.refresher.add(self._count)

    def _filters(self) -> None:
        site = self._screen.desk.site
        units = {name: site.units[name].display_name or name for name in self._units}
        self._choice(texts.UNIT, units, self._filter.unit, lambda value: {"unit": value})
        self._choice(
            texts.PRIORITY, texts.PRIORITIES, self._filter.priority, lambda value: {"priority": value}
        )
        text = ui.input(texts.SEARCH, value=self._filter.text).props("dense outlined clearable debounce=300")
        text.on_value_change(lambda event: self._refilter(text=event.value or ""))
        box = ui.checkbox(texts.UNACKNOWLEDGED_ONLY, value=self._filter.unacknowledged)
        box.on_value_change(lambda event: self._refilter(unacknowledged=bool(event.value)))

    def _choice(
        self, label: str, options: dict[str, str], value: str | None, changed: Callable[[Any], dict[str, Any]]
    ) -> None:
        select = ui.select(
            {None: texts.ALL, **options}, label=label, value=value if value in options else None
        )
        select.props("dense outlined").style("min-width:9.375rem")
        select.on_value_change(lambda event: self._refilter(**changed(event.value)))

    def _refilter(self, **changed: Any) -> None:
        self._filter = replace(self._filter, **changed)
        ui.navigate.history.replace(f"/alarms{self._filter.query}")
        self._table.refresh(again=True)
        self._count()

    def _button(self, label: str, *, marked: bool) -> None:
        async def press() -> None:
            seen = self._table.seen(marked=marked)
            if seen:
                await self._actions.acknowledge(seen)
                self._table.table.selected = []

        button = ui.button(label, on_click=press).props("unelevated color=grey-8 no-caps")
        rights = [self._screen.desk.why_not(self._screen.viewer, "acknowledge", unit) for unit in self._units]
        if None not in rights:
            button.disable()
            button.tooltip(next(iter(rights), texts.LOGIN_TO_ACT) or "")

    def _lines(self) -> list[AlarmLine]:
        site = self._screen.desk.site
        lines = self._screen.desk.live.alarms.lines(self._units)
        return [line for line in lines if self._filter.takes(site, line)]

    def _count(self) -> None:
        """Say how many alarms the filter hides: none must be missed for it."""
        hidden = len(self._screen.desk.live.alarms.lines(self._units)) - self._table.total
        self._hidden.set_text(texts.HIDDEN.format(number=hidden) if hidden > 0 else "")


def _acts(line: AlarmLine) -> Sequence[str]:
    return (
        *(("acknowledge",) if line.unacknowledged else ()),
        *(("reset",) if line.state == "F" else ()),
        "shelve",
    )


def _offer(acts: Sequence[str], _: AlarmLine) -> Sequence[str]:
    return acts


class SilentPage:
    """What is shelved, suppressed by design, or out of service, and for how long."""

    def __init__(self, screen: Screen) -> None:
        """Make the page."""
        tabs(screen, "/alarms/silent")
        self._screen = screen
        self._units = screen.desk.units(screen.viewer)
        actions = AlarmActions(screen)
        for letter, heading in (
            ("G", texts.SHELVED), ("H", texts.SUPPRESSED), ("I", texts.OUT_OF_SERVICE),
        ):  # fmt: skip
            columns = [name for name in _SILENT_COLUMNS if letter == "G" or name != "until"]
            with ui.element("section").classes("hmi-card w-full").props(f'data-silent="{letter}"'):
                ui.label(heading).classes("section").props("role=heading aria-level=2")
                acts = (_SILENT[letter][0],) if letter in _SILENT else ()
                lines = partial(self._lines, letter)
                AlarmTable(screen, actions, columns, lines, partial(_offer, acts), texts.NONE_SILENT)

    def _lines(self, letter: str) -> list[AlarmLine]:
        silent = self._screen.desk.live.alarms.silent(self._units)
        return [line for line in silent if line.state == letter]
