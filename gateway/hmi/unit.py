"""A unit's page, made from its configuration: what its kind of page draws, then loops, interlocks, values."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from nicegui import ui

from config.screens import BioreactorScreen, CleanRoomsScreen, FillingLineScreen
from config.site import Site
from gateway.hmi import faceplate, interlocks, picture, rooms_page, texts
from gateway.hmi.frame import Screen
from gateway.hmi.line_page import LinePage
from gateway.hmi.widgets import (
    AlarmMark,
    DoingText,
    Indicator,
    ModeText,
    Sparkline,
    ValueText,
    loop_title,
    value_row,
)

_ENGINE_TAGS = (".sp", ".op", ".mode")


def build(screen: Screen, unit: str) -> None:
    """Make the page."""
    site = screen.desk.site
    if unit not in screen.desk.units(screen.viewer):
        ui.label(texts.NOT_FOUND).classes("hmi-card")
        return
    with ui.row().classes("items-center w-full unit-head"):
        ui.label(site.units[unit].display_name or unit).classes("unit-link")
        DoingText(screen.desk.live, unit, screen.refresher)
    page = site.units[unit].screen
    match page:
        case BioreactorScreen():
            with ui.element("div").classes("beside"):
                with ui.element("section").classes("hmi-card min-w-0"):
                    picture.build(screen, unit, page)
                _loops(screen, unit)
        case FillingLineScreen():
            LinePage(screen, unit, page)
            _loops(screen, unit)
        case CleanRoomsScreen():
            rooms_page.build(screen, page)
            _loops(screen, unit)
        case _:
            _loops(screen, unit)
    interlocks.build(screen, unit)
    with ui.element("section").classes("hmi-card w-full"):
        ui.label(texts.VALUES).classes("section")
        with ui.element("div").classes("values"):
            for names in by_module(site, unit).values():
                for name in names:
                    value_row(screen.desk.live, name, screen.refresher)


def _loops(screen: Screen, unit: str) -> None:
    """Make a card for each loop of the unit; it opens the faceplate."""
    loops = [name for name in screen.desk.site.loops if screen.desk.site.unit_of(name) == unit]
    if not loops:
        return
    with ui.element("section").classes("hmi-card w-full min-w-0"):
        ui.label(texts.LOOPS).classes("section")
        with ui.element("div").classes("tiles loops"):
            for name in loops:
                _loop(screen, name)


def by_module(site: Site, unit: str) -> dict[str, list[str]]:
    """Return the unit's tags that the engine does not bring itself, by the module they belong to."""
    loops = site.loops
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in site.tags:
        base, _, last = name.rpartition(".")
        if site.unit_of(name) != unit or (f".{last}" in _ENGINE_TAGS and base in loops):
            continue
        found[name.split("/", 1)[1].split(".", 1)[0]].append(name)
    return found


def _loop(screen: Screen, name: str) -> None:
    live, loop = screen.desk.live, screen.desk.site.loops[name]
    opened = partial(faceplate.show, screen, name)
    card = ui.element("div").classes("loop hmi-card").props(f'tabindex=0 role=button data-loop="{name}"')
    card.on("click", opened).on("keydown.enter", opened)
    with card:
        with ui.row().classes("items-center w-full no-wrap gap-1"):
            ui.label(loop_title(screen.desk.site, name)).classes("font-bold ellipsis")
            AlarmMark(lambda: live.alarms.by_tag().get(loop.pv), screen.refresher)
            ui.space()
            ModeText(live, name, screen.refresher)
        with ui.row().classes("items-center w-full no-wrap gap-1 text-lg"):
            ValueText(live, loop.pv, screen.refresher)
            ui.space()
            Sparkline(live, loop.pv, screen.refresher)
        Indicator(live, loop.pv, screen.refresher, f"{name}.sp")
        for label, tag in ((texts.SP, f"{name}.sp"), (texts.OP, f"{name}.op")):
            with ui.row().classes("items-baseline w-full no-wrap gap-1"):
                ui.label(label).classes("soft w-8")
                ValueText(live, tag, screen.refresher)
