"""Tuning of a loop: its present parameters against the configured ones, relay test and what that proposes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nicegui import background_tasks, ui

from config.site import Site
from control.parameters import PARAMETERS, Measure
from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.question import Order, Question
from gateway.hmi.widgets import Refresher
from gateway.tuning.rules import tune_parameters

_ALWAYS: Final = ("kp", "ti", "td", "b")
"""Shown whatever they are; of the others those that do something, or can be limited."""


def build_tuning(screen: Screen, name: str, refresher: Refresher, question: Question) -> None:
    """Make the tab of a loop."""
    site, live = screen.desk.site, screen.desk.live
    units = units_of(site, name)
    with ui.element("div").classes("figures three"):
        for title in (texts.PARAMETER, texts.PRESENT, texts.CONFIGURED):
            ui.label(title).classes("soft")
        present = {}
        for key in _shown(site, name):
            ui.label(key)
            present[key] = ui.label().classes("num").props(f'data-parameter="{key}"')
            ui.label(number(configured(site, name, key), units[key])).classes("soft")

    def refresh() -> None:
        values = live.subscriber.loop_parameters.get(name, {})
        for key, label in present.items():
            label.set_text(number(values[key], units[key]) if key in values else texts.WAITING)

    refresher.add(refresh)
    _change(screen, name, units, question)
    _relay(screen, name, refresher, question)


def _change(screen: Screen, name: str, units: dict[str, str], question: Question) -> None:
    with ui.row().classes("w-full items-center no-wrap"):
        which = ui.select(list(PARAMETERS), value="kp", label=texts.PARAMETER).props("outlined options-dense")
        which.classes("w-40")
        entry = ui.number(texts.NEW_VALUE).classes("grow").props("outlined")
        unit = ui.label().classes("soft")
        unit.bind_text_from(which, "value", lambda key: units.get(key, ""))

        def ask() -> None:
            if not isinstance(entry.value, (int, float)):
                ui.notify(texts.NOT_A_NUMBER, type="warning")
                return
            key = str(which.value)
            before = screen.desk.live.subscriber.loop_parameters.get(name, {}).get(key)
            text = texts.CONFIRM_TUNE.format(
                name=name,
                parameter=key,
                before=number(before, units[key]),
                after=number(entry.value, units[key]),
            )
            question.ask(text, Order("tune", name, {"parameter": key, "value": float(entry.value)}))

        question.button(texts.CHANGE, "tune", screen.desk.site.unit_of(name), ask)


def _relay(screen: Screen, name: str, refresher: Refresher, question: Question) -> None:
    """Start and stop a relay test, and accept one of its proposals."""
    site, latest = screen.desk.site, screen.desk.live.latest
    unit, bounds = site.unit_of(name), site.loops[name].autotune
    ui.label(texts.RELAY_TEST).classes("section")
    if bounds is None:
        ui.label(texts.NO_RELAY_TEST).classes("soft")
        return
    ui.label(texts.RELAY_BOUNDS.format(amplitude=bounds.amplitude, deviation=bounds.max_deviation)).classes(
        "soft"
    )
    with ui.row().classes("gap-2"):
        for action, text in texts.RELAY_ACTIONS.items():
            asked = texts.CONFIRM_RELAY[action].format(name=name)
            question.button(
                text, "autotune", unit, _asks(question, asked, Order("autotune", name, {"value": action}))
            )
    told = ui.label().props("data-relay")
    table = ui.element("div").classes("figures five")
    seen: dict[str, Any] | None = None

    def refresh() -> None:
        nonlocal seen
        event = latest.of("autotune", name)
        if event is seen:
            return
        seen = event
        assert event is not None
        told.set_text(relay_text(event))
        table.clear()
        with table:
            _proposals(name, unit, event, question)

    refresher.add(refresh)
    background_tasks.create(latest.look_back("autotune", unit), name="relay test")


def _proposals(name: str, unit: str, event: dict[str, Any], question: Question) -> None:
    if event["proposals"]:
        for title in texts.PROPOSAL_COLUMNS:
            ui.label(title).classes("soft")
    for rule, settings in event["proposals"].items():
        ui.label(rule)
        for key in ("kp", "ti_s", "td_s"):
            ui.label(f"{settings[key]:.4g}").classes("num")
        reason = f"{rule} of relay test {event['id']}"
        order = Order("tune", name, {"parameters": tune_parameters(settings), "reason": reason})
        asked = texts.CONFIRM_PROPOSAL.format(name=name, rule=rule)
        question.button(texts.USE, "tune", unit, _asks(question, asked, order))


def _asks(question: Question, text: str, *orders: Order) -> Callable[[], None]:
    return lambda: question.ask(text, *orders)


def relay_text(event: dict[str, Any]) -> str:
    """Return in a line how a relay test stands, or what it measured."""
    text = f"{event['time'][:19]}: {texts.RELAY_STATES[event['state']]}"
    if event["reason"]:
        text += f", {event['reason']}"
    if event["cycle"]:
        text += texts.RELAY_CYCLE.format(
            period=event["cycle"]["period_s"], gain=event["cycle"]["ultimate_gain"]
        )
    return text


def _shown(site: Site, name: str) -> list[str]:
    """Return the parameters that are worth a line."""
    values = {key: configured(site, name, key) for key in PARAMETERS}
    return [key for key, value in values.items() if key in _ALWAYS or value not in (None, 0.0)]


def configured(site: Site, name: str, key: str) -> float | None:
    """Return what is configured for a parameter, in the unit of `units_of`; None where nothing is."""
    loop = site.loops[name]
    value: Any = loop
    for part in key.split("."):
        value = getattr(value, part, None)
    if value is None or isinstance(value, (int, float)):
        return value
    pv, output = site.tags[loop.pv].unit, site.tags[loop.output].unit
    match PARAMETERS[key].measure:
        case Measure.PV:
            return float(value.to(pv))
        case Measure.PV_SPAN:
            return float(value.span_to(pv))
        case Measure.PV_RATE:
            return float(value.rate_to(pv))
        case Measure.OUTPUT:
            return float(value.to(output))
        case Measure.OUTPUT_RATE:
            return float(value.rate_to(output))
    return float(value.magnitude)


def units_of(site: Site, name: str) -> dict[str, str]:
    """Return the unit of each parameter of a loop."""
    loop = site.loops[name]
    pv, output = site.tags[loop.pv].unit, site.tags[loop.output].unit
    units = {
        Measure.NUMBER: "",
        Measure.TIME: "s",
        Measure.PV: pv,
        Measure.PV_SPAN: pv,
        Measure.PV_RATE: f"{pv}/s",
        Measure.OUTPUT: output,
        Measure.OUTPUT_RATE: f"{output}/s",
    }
    return {key: units[parameter.measure] for key, parameter in PARAMETERS.items()}


def number(value: float | None, unit: str) -> str:
    """Return a parameter with its unit; none is no limit."""
    return texts.NONE if value is None else f"{value:.5g} {unit}".rstrip()
