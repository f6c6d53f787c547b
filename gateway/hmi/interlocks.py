"""A unit's interlocks: what acts now stands out, and why it is there is spelled out."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.live import Link, Live


def build(screen: Screen, unit: str) -> None:
    """Make the section, where the unit has interlocks."""
    site = screen.desk.site
    names = [name for name in site.interlocks if site.unit_of(name) == unit]
    if not names:
        return
    with ui.element("section").classes("hmi-card w-full"):
        ui.label(texts.INTERLOCKS).classes("section")
        with ui.element("div").classes("values"):
            for name in names:
                _row(screen, name)


def _row(screen: Screen, name: str) -> None:
    interlock = screen.desk.site.interlocks[name]
    forces = ", ".join(f"{tag} = {value}" for tag, value in interlock.force.items())
    with (
        ui.element("div")
        .classes("value-row")
        .tooltip(f"{interlock.description}: {interlock.when} → {forces}")
    ):
        ui.label(interlock.display_name or name.split("/", 1)[1]).classes("name")
        state = ui.label().classes("num")
    screen.refresher.add(partial(_refresh, screen.desk.live, name, state))


def _refresh(live: Live, name: str, state: ui.label) -> None:
    is_active = live.interlocks.is_active(name)
    text = texts.ACTIVE if is_active else texts.READY
    if live.link is not Link.LIVE:
        text += texts.DOUBTFUL
    if state.text != text:
        state.set_text(text)
        state.classes("acting" if is_active else "soft", remove="acting soft")
