"""The overview: the site by area and unit, with what matters of each and its worst alarm."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from nicegui import ui

from config.site import Site
from config.tags import TagKind
from gateway.hmi.alarm_book import AlarmLine
from gateway.hmi.frame import Screen
from gateway.hmi.widgets import AlarmMark, Indicator, ModeText, ValueText, loop_title, value_row

_KEY_VALUES: Final = 8


def build(screen: Screen) -> None:
    """Make the page."""
    site = screen.desk.site
    areas: defaultdict[str, list[str]] = defaultdict(list)
    for unit in screen.desk.units(screen.viewer):
        areas[site.units[unit].area].append(unit)
    for area, units in areas.items():
        ui.label(area.capitalize()).classes("section")
        with (
            ui.element("div")
            .classes("tiles")
            .style("grid-template-columns:repeat(auto-fit,minmax(340px,1fr))")
        ):
            for unit in units:
                _card(screen, unit)


def key_values(site: Site, unit: str) -> list[str]:
    """Return the tags that matter most: those with alarms that no loop shows already."""
    controlled = {loop.pv for loop in site.loops.values()}
    alarmed = dict.fromkeys(alarm.tag for alarm in site.alarms.values())
    return [
        name
        for name in alarmed
        if site.unit_of(name) == unit and name not in controlled and site.tags[name].kind is TagKind.NUMBER
    ]


def _card(screen: Screen, unit: str) -> None:
    site, live = screen.desk.site, screen.desk.live

    def worst() -> AlarmLine | None:
        return next(iter(live.alarms.lines((unit,))), None)

    with ui.element("section").classes("hmi-card min-w-0"):
        with ui.row().classes("items-center w-full no-wrap"):
            AlarmMark(worst, screen.refresher)
            ui.link(site.units[unit].display_name or unit, f"/unit/{unit}").classes(
                "text-lg font-bold no-underline"
            ).style("color:inherit")
            ui.space()
            for name in _states(site, unit):
                ValueText(live, name, screen.refresher, unit=False)
        loops = [name for name in site.loops if site.unit_of(name) == unit]
        with (
            ui.element("div")
            .classes("values")
            .style("grid-template-columns:repeat(auto-fill,minmax(min(340px,100%),1fr))")
        ):
            for name in loops:
                _loop(screen, name)
            for name in key_values(site, unit)[: max(_KEY_VALUES - len(loops), 3)]:
                value_row(live, name, screen.refresher)


def _states(site: Site, unit: str) -> list[str]:
    """Return the texts that say what the unit is doing."""
    names = [name for name in site.text_tags() if site.unit_of(name) == unit]
    return sorted(name for name in names if name.endswith((".phase", ".state")))


def _loop(screen: Screen, name: str) -> None:
    live, loop = screen.desk.live, screen.desk.site.loops[name]
    with ui.element("div").classes("value-row"):
        ui.label(loop_title(screen.desk.site, name)).classes("name").tooltip(name)
        AlarmMark(lambda: live.alarms.by_tag().get(loop.pv), screen.refresher)
        with ui.element("div").style("flex:0 0 84px"):
            Indicator(live, loop.pv, screen.refresher, f"{name}.sp")
        ModeText(live, name, screen.refresher)
        ValueText(live, loop.pv, screen.refresher)
