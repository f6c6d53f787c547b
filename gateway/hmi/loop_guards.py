"""What guards a loop, spelled out: alarms, interlocks on its output, what must hold before it starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from nicegui import ui

from config.expressions import parse
from config.interlocks import ONLY, Interlock
from config.site import Site
from gateway.commands.message import Kind
from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.interlocks import show_verdict, state_of
from gateway.hmi.question import Order, Question
from gateway.hmi.shown import value_text
from gateway.hmi.widgets import AlarmMark, Refresher

_BYPASS_MIN = 10.0


def build_guards(screen: Screen, name: str, refresher: Refresher, question: Question) -> None:
    """Make the tab of a loop."""
    site = screen.desk.site
    loop = site.loops[name]
    _alarms(screen, loop.pv, refresher)
    split = site.splits.get(loop.output.removesuffix(".op"))
    written = {loop.output, *(branch.output for branch in (split.branches if split is not None else ()))}
    for full, interlock in site.interlocks.items():
        if written & interlock.force.keys():
            _interlock(screen, full, interlock, refresher, question)
    for full, permissive in site.permissives.items():
        if name in permissive.loops:
            title = permissive.display_name or full
            with ui.row().classes("items-center no-wrap w-full"):
                ui.label(texts.PERMISSIVE.format(name=title)).classes("section")
                state = ui.label().props(f'data-permissive="{full}"')
            refresher.add(partial(show_verdict, screen.desk.live, full, state))
            ui.label(permissive.description).classes("soft")
            for condition, expression in permissive.when.items():
                _condition(screen, condition, expression, refresher, _missing(screen, full, condition))


def _alarms(screen: Screen, pv: str, refresher: Refresher) -> None:
    """List the alarms of the PV with their limits and what to do."""
    site, live = screen.desk.site, screen.desk.live
    ui.label(texts.ALARMS).classes("section")
    for full, alarm in site.alarms.items():
        if alarm.tag != pv:
            continue
        with ui.row().classes("items-center no-wrap w-full guard"):
            AlarmMark(partial(live.alarms.line, full), refresher)
            limit = "" if alarm.limit is None else f" {alarm.limit}"
            ui.label(f"{texts.ALARM_TYPES[alarm.type]}{limit} ({alarm.priority})").classes("font-bold")
            ui.label(alarm.action).classes("soft")


def _interlock(
    screen: Screen, full: str, interlock: Interlock, refresher: Refresher, question: Question
) -> None:
    """Spell an interlock out: state, what came first, conditions with what they look at, what it forces."""
    live, unit = screen.desk.live, screen.desk.site.unit_of(full)
    with ui.row().classes("items-center no-wrap w-full"):
        ui.label(texts.INTERLOCK.format(name=interlock.display_name or full)).classes("section")
        state = ui.label()

    def refresh() -> None:
        text, standing = state_of(live, full, time.time_ns())
        state.set_text(text)
        state.classes("acting" if standing else "soft", remove="acting soft")

    refresher.add(refresh)
    ui.label(interlock.description).classes("soft")
    for condition, expression in interlock.when.items():
        _condition(screen, condition, expression, refresher, _first(screen, full, condition))
    forces = ", ".join(f"{tag} → {value}" for tag, value in interlock.force.items())
    ui.label(texts.FORCES.format(forces=forces)).classes("soft")
    with ui.row().classes("gap-2"):
        for text, kind, fields, wanted in _actions(interlock):
            asked = wanted.format(name=full)
            question.button(text, kind, unit, _asks(question, asked, Order(kind, full, fields)))


def _asks(question: Question, text: str, order: Order) -> Callable[[], None]:
    return lambda: question.ask(text, order)


def _actions(interlock: Interlock) -> list[tuple[str, Kind, dict[str, float], str]]:
    """Return what can be done with an interlock: button, kind, fields, question."""
    found: list[tuple[str, Kind, dict[str, float], str]] = []
    if interlock.latched:
        found.append((texts.RESET, "reset", {}, texts.CONFIRM_RESET))
    if interlock.max_bypass > 0:
        time_s = min(interlock.max_bypass, _BYPASS_MIN * 60.0)
        ask = texts.CONFIRM_BYPASS.format(name="{name}", minutes=time_s / 60.0)
        found.append((texts.BYPASS.format(minutes=time_s / 60.0), "bypass", {"value": time_s}, ask))
        found.append((texts.END_BYPASS, "bypass", {"value": 0.0}, texts.CONFIRM_END_BYPASS))
    return found


def _first(screen: Screen, full: str, condition: str) -> Callable[[], str]:
    """Return what tells whether a condition came first, or holds with others."""
    book = screen.desk.live.interlocks

    def told() -> str:
        if not book.is_active(full):
            return ""
        if book.first_out(full) == condition and condition != ONLY:
            return texts.CAME_FIRST
        return texts.HELD_TOO if condition in book.conditions(full) and condition != ONLY else ""

    return told


def _missing(screen: Screen, permissive: str, condition: str) -> Callable[[], str]:
    """Return what tells that a condition of a permissive does not hold."""
    live = screen.desk.live
    return lambda: texts.DOES_NOT_HOLD if condition in (live.unfulfilled(permissive) or ()) else ""


def _condition(
    screen: Screen,
    condition: str,
    expression: str,
    refresher: Refresher,
    told: Callable[[], str],
) -> None:
    """Write a condition, and what the tags that it looks at are now."""
    live, site = screen.desk.live, screen.desk.site
    names = list(dict.fromkeys(mention.name for mention in parse(expression).references()))
    with ui.row().classes("items-baseline w-full guard gap-x-3"):
        text = expression if condition == ONLY else f"{condition}: {expression}"
        ui.label(text).classes("expression")
        now = ui.label().classes("soft")
        first = ui.label().classes("font-bold")

    def refresh() -> None:
        now.set_text(values_now(site, {name: live.number(name) for name in names}, live.holds))
        first.set_text(told())

    refresher.add(refresh)


def values_now(site: Site, numbers: Mapping[str, float | None], holds: Callable[[str], bool]) -> str:
    """Return what tags are now in one line, doubtful ones with a question mark."""
    parts = []
    for name, number in numbers.items():
        tag = site.tags[name]
        doubt = "" if holds(name) else texts.DOUBTFUL
        parts.append(f"{name} = {value_text(tag, number)} {tag.unit}".rstrip() + doubt)
    return texts.NOW.format(values=", ".join(parts)) if parts else ""
