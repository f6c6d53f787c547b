"""What an operator does with a loop: mode, set-point, output, ramp of the set-point."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from nicegui import ui

from gateway.commands.message import Kind
from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.limits import output_limits, set_point_limits
from gateway.hmi.question import Order, Question
from gateway.hmi.shown import value_text
from gateway.hmi.widgets import Refresher
from gateway.modes import modes_of, word_of

_MINUTE_S = 60.0


class LoopControls:
    """The controls of a loop; what is chosen is confirmed before it is sent."""

    def __init__(self, screen: Screen, name: str, refresher: Refresher, question: Question) -> None:
        """Make them; what the viewer may not do is disabled, with the reason."""
        self._screen, self._name, self._question = screen, name, question
        site = screen.desk.site
        self._unit = site.unit_of(name)
        with ui.row().classes("w-full items-center gap-2"):
            buttons = {
                mode.value: question.button(
                    texts.MODES[mode], "mode", self._unit, partial(self._choose_mode, mode.value)
                ).props(f'data-mode="{mode.value}"')
                for mode in modes_of(site, name)
            }
        refresher.add(partial(self._mark_mode, buttons))
        self._entry(texts.NEW_SET_POINT, "set_point", set_point_limits(site, name))
        self._entry(texts.NEW_OUTPUT, "output", output_limits(site, name))
        self._ramp(refresher)

    def _mark_mode(self, buttons: dict[str, ui.button]) -> None:
        present = word_of(self._screen.desk.live.number(f"{self._name}.mode"))
        for mode, button in buttons.items():
            button.classes(*(("present",) if mode == present else ()), remove="present")

    def _entry(self, label: str, kind: Literal["set_point", "output"], limits: tuple[float, float]) -> None:
        site = self._screen.desk.site
        unit = site.tags[f"{self._name}.{'sp' if kind == 'set_point' else 'op'}"].unit
        with ui.row().classes("w-full items-center no-wrap"):
            entry = ui.number(f"{label} [{limits[0]:g} – {limits[1]:g} {unit}]").classes("grow")
            entry.props("outlined")
            self._button(kind, lambda: self._choose_value(kind, entry.value, limits))

    def _button(self, kind: Kind, on_click: Any) -> None:
        self._question.button(texts.CHANGE, kind, self._unit, on_click)

    def _ramp(self, refresher: Refresher) -> None:
        """Show how fast a changed set-point moves, and let those who tune change it."""
        unit = self._screen.desk.site.tags[self._screen.desk.site.loops[self._name].pv].unit
        with ui.row().classes("w-full items-center no-wrap"):
            entry = ui.number(texts.NEW_RAMP.format(unit=unit)).classes("grow").props("outlined")
            present = ui.label().classes("soft whitespace-nowrap")
            self._button("tune", lambda: self._choose_ramp(entry.value, unit))

        def refresh() -> None:
            rate = self._screen.desk.live.subscriber.loop_parameters.get(self._name, {}).get("sp_rate")
            present.set_text(texts.NO_RAMP if rate is None else f"{rate * _MINUTE_S:.4g} {unit}/min")

        refresher.add(refresh)

    def _choose_mode(self, mode: str) -> None:
        if word_of(self._screen.desk.live.number(f"{self._name}.mode")) == mode:
            ui.notify(texts.IS_ALREADY.format(mode=texts.MODES[mode]), type="info")
            return
        question = texts.CONFIRM_MODE.format(name=self._name, mode=texts.MODES[mode])
        self._question.ask(question, Order("mode", self._name, {"value": mode}))

    def _choose_ramp(self, value: Any, unit: str) -> None:
        if not isinstance(value, (int, float)) or not value > 0:
            ui.notify(texts.NOT_A_RATE, type="warning")
            return
        question = texts.CONFIRM_RAMP.format(name=self._name, rate=f"{value:g}", unit=unit)
        fields = {"parameter": "sp_rate", "value": value / _MINUTE_S}
        self._question.ask(question, Order("tune", self._name, fields))

    def _choose_value(
        self, kind: Literal["set_point", "output"], value: Any, limits: tuple[float, float]
    ) -> None:
        if not isinstance(value, (int, float)):
            ui.notify(texts.NOT_A_NUMBER, type="warning")
            return
        if not limits[0] <= value <= limits[1]:
            ui.notify(texts.OUT_OF_LIMITS.format(low=limits[0], high=limits[1]), type="warning")
            return
        tag_name, text = {
            "set_point": (f"{self._name}.sp", texts.CONFIRM_SET_POINT),
            "output": (f"{self._name}.op", texts.CONFIRM_OUTPUT),
        }[kind]
        tag = self._screen.desk.site.tags[tag_name]
        before = value_text(tag, self._screen.desk.live.number(tag_name))
        # What is asked is what is sent: a number is not cut to the format of its tag.
        question = text.format(name=self._name, before=before, after=f"{value:g}", unit=tag.unit)
        self._question.ask(question, Order(kind, self._name, {"value": float(value)}))
