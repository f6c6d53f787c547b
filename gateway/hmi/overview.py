"""The overview: the site by area and unit, with what matters of each and its worst alarm."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from nicegui import ui

from config.site import Site
from config.tags import TagKind
from gateway.alarms.book import AlarmLine
from gateway.hmi.frame import Screen
from gateway.hmi.widgets import (
    AlarmMark,
    DoingText,
    Indicator,
    ModeText,
    Sparkline,
    ValueText,
    hint,
    loop_title,
    value_row,
)

_KEY_VALUES: Final = 8


def build(screen: Screen) -> None:
    """Make the page."""
    site = screen.desk.site
    areas: defaultdict[str, list[str]] = defaultdict(list)
    for unit in screen.desk.units(screen.viewer):
        areas[site.units[unit].area].append(unit)
    for area, units in areas.items():
        ui.label(area.capitalize()).classes("section")
        with ui.element("div").classes("tiles units"):
            for unit in units:
                _card(screen, unit)


def key_values(site: Site, unit: str) -> list[str]:
    """Return the tags that matter most: those that its page names, else those with alarms and no loop."""
    page = site.units[unit].screen
    if page is not None and page.key_values:
        return [str(name) for name in page.key_values]
    controlled = {loop.pv for loop in site.loops.values()}
    alarmed = dict.fromkeys(alarm.tag for alarm in site.alarms.values() if alarm.tag is not None)
    found = [
        name
        for name in alarmed
        if site.unit_of(name) == unit and name not in controlled and site.tags[name].kind is TagKind.NUMBER
    ]
    return found[:_KEY_VALUES]


def _card(screen: Screen, unit: str) -> None:
    site, live = screen.desk.site, screen.desk.live

    def worst() -> AlarmLine | None:
        return next(iter(live.alarms.lines((unit,))), None)

    with (
        ui.element("section")
        .classes("hmi-card min-w-0 unit-card")
        .on("click", lambda: ui.navigate.to(f"/unit/{unit}"))
    ):
        with ui.row().classes("items-center w-full unit-head"):
            AlarmMark(worst, screen.refresher)
            ui.link(site.units[unit].display_name or unit, f"/unit/{unit}").classes("unit-link")
            DoingText(live, unit, screen.refresher)
        loops = [name for name in site.loops if site.unit_of(name) == unit]
        with ui.element("div").classes("values wide"):
            for name in loops:
                _loop(screen, name)
            for name in key_values(site, unit):
                value_row(live, name, screen.refresher, spark=True)


def _loop(screen: Screen, name: str) -> None:
    live, loop = screen.desk.live, screen.desk.site.loops[name]
    with ui.element("div").classes("value-row"):
        hint(ui.label(loop_title(screen.desk.site, name)).classes("name"), name)
        AlarmMark(lambda: live.alarms.by_tag().get(loop.pv), screen.refresher)
        with ui.element("div").classes("moving"):
            Indicator(live, loop.pv, screen.refresher, f"{name}.sp")
        Sparkline(live, loop.pv, screen.refresher)
        ModeText(live, name, screen.refresher)
        ValueText(live, loop.pv, screen.refresher)
