"""A unit's interlocks and permissives: what acts or forbids stands out, and why is spelled out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from nicegui import ui

from config.interlocks import ONLY
from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.live import Link, Live
from gateway.hmi.widgets import hint
from gateway.stream.event_model import rfc3339


def build(screen: Screen, unit: str) -> None:
    """Make the section, where the unit has any."""
    site = screen.desk.site
    names = [name for name in site.interlocks if site.unit_of(name) == unit]
    permissives = [name for name in site.permissives if site.unit_of(name) == unit]
    if not names and not permissives:
        return
    with ui.element("section").classes("hmi-card w-full"):
        ui.label(texts.INTERLOCKS).classes("section")
        with ui.element("div").classes("values"):
            for name in names:
                _row(screen, name)
            for name in permissives:
                _permissive(screen, name)


def _row(screen: Screen, name: str) -> None:
    interlock = screen.desk.site.interlocks[name]
    when = conditions(interlock.when)
    forces = ", ".join(f"{tag} = {value}" for tag, value in interlock.force.items())
    with ui.element("div").classes("value-row") as row:
        hint(row, f"{interlock.description}: {when} → {forces}")
        ui.label(interlock.display_name or name.split("/", 1)[1]).classes("name")
        state = ui.label().classes("num")
    screen.refresher.add(partial(_refresh, screen.desk.live, name, state))


def _permissive(screen: Screen, name: str) -> None:
    permissive = screen.desk.site.permissives[name]
    about = f"{permissive.description}: {all_of(permissive.when)}"
    with ui.element("div").classes("value-row") as row:
        hint(row, about)
        ui.label(permissive.display_name or name.split("/", 1)[1]).classes("name")
        state = ui.label().classes("num").props(f'data-permissive="{name}"')
    screen.refresher.add(partial(show_verdict, screen.desk.live, name, state))


def show_verdict(live: Live, name: str, label: ui.label) -> None:
    """Keep a label at what a permissive says now."""
    text, forbids = verdict_of(live, name)
    if label.text != text:
        label.set_text(text)
        label.classes("acting" if forbids else "soft", remove="acting soft")


def verdict_of(live: Live, name: str) -> tuple[str, bool]:
    """Return what a permissive says in words, and whether it forbids."""
    missing = live.unfulfilled(name)
    if missing is None:
        return texts.NO_VALUE, False
    if not missing:
        text = texts.PERMITS
    else:
        named = ", ".join(each for each in missing if each != ONLY)
        text = f"{texts.FORBIDS} ({named})" if named else texts.FORBIDS
    return text + ("" if live.link is Link.LIVE else texts.DOUBTFUL), bool(missing)


def all_of(when: Mapping[str, str]) -> str:
    """Return the conditions of a permissive in one line."""
    return " and ".join(text if name == ONLY else f"{name}: {text}" for name, text in when.items())


def _refresh(live: Live, name: str, state: ui.label) -> None:
    text, standing = state_of(live, name, time.time_ns())
    if state.text != text:
        state.set_text(text)
        state.classes("acting" if standing else "soft", remove="acting soft")


def state_of(live: Live, name: str, now_ns: int) -> tuple[str, bool]:
    """Return the state of an interlock in words, and whether it is one that people should notice."""
    is_active = live.interlocks.is_active(name)
    until_ns = live.interlocks.bypassed_until_ns(name, now_ns)
    text = texts.ACTIVE if is_active else texts.READY
    first = live.interlocks.first_out(name)
    if is_active and first not in (None, ONLY):
        text += f" ({first})"
    if until_ns is not None:
        text = texts.BYPASSED.format(until=rfc3339(until_ns)[11:16], state=text)
    if live.link is not Link.LIVE:
        text += texts.DOUBTFUL
    return text, is_active or until_ns is not None


def conditions(when: Mapping[str, str]) -> str:
    """Return the conditions of an interlock in one line."""
    return " or ".join(text if name == ONLY else f"{name}: {text}" for name, text in when.items())
