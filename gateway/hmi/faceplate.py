"""The faceplate of a loop: what it does now, and the way to command it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from nicegui import ui

from control.signal import MODE_AUTO
from gateway.commands.message import Kind
from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.limits import output_limits, set_point_limits
from gateway.hmi.scales import fill_bar
from gateway.hmi.shown import value_text
from gateway.hmi.widgets import Indicator, ModeText, Refresher, ValueText, loop_title


def show(screen: Screen, name: str) -> None:
    """Open the faceplate of a loop."""
    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("hmi-dialog"):
        refresher = Refresher()
        _head(screen, name, refresher)
        _bars(screen, name, refresher)
        _Controls(screen, name).build()
        _about(screen, name)
        with ui.row().classes("w-full justify-end"):
            tags = f"{screen.desk.site.loops[name].pv},{name}.sp,{name}.op"
            ui.link(texts.TREND_OF_LOOP, f"/trend?tags={tags}&span=600").classes("nav")
            ui.button(texts.CLOSE, on_click=dialog.close, color=None).props("flat no-caps")
        refresher.start()
    dialog.on("hide", dialog.delete)
    dialog.open()


def _head(screen: Screen, name: str, refresher: Refresher) -> None:
    with ui.row().classes("items-center w-full no-wrap"):
        ui.label(loop_title(screen.desk.site, name)).classes("text-lg font-bold")
        ui.label(name).classes("soft")
        ui.space()
        ModeText(screen.desk.live, name, refresher)


def _bars(screen: Screen, name: str, refresher: Refresher) -> None:
    live, loop = screen.desk.live, screen.desk.site.loops[name]
    Indicator(live, loop.pv, refresher, f"{name}.sp")
    for label, tag in ((texts.PV, loop.pv), (texts.SP, f"{name}.sp"), (texts.OP, f"{name}.op")):
        with ui.row().classes("items-center w-full no-wrap"):
            ui.label(label).classes("soft w-8 text-lg")
            with ui.row().classes("items-baseline no-wrap gap-1 text-lg"):
                ValueText(live, tag, refresher)
    low, high = output_limits(screen.desk.site, name)
    bar = ui.html(sanitize=False).classes("w-full")

    def refresh() -> None:
        bar.set_content(fill_bar(low, high, live.number(f"{name}.op")))

    refresher.add(refresh)


class _Controls:
    """Mode, set-point and output; what is chosen is confirmed before it is sent."""

    def __init__(self, screen: Screen, name: str) -> None:
        self._screen, self._name = screen, name
        self._unit = screen.desk.site.unit_of(name)
        self._pending: tuple[str, Kind, float | str] | None = None

    def build(self) -> None:
        """Make the controls; what the viewer may not do is disabled, with the reason."""
        site = self._screen.desk.site
        with ui.row().classes("w-full items-center no-wrap"):
            for mode, text in texts.MODES.items():
                self._button(text, "mode", partial(self._choose_mode, mode))
        self._entry(texts.NEW_SET_POINT, "set_point", set_point_limits(site, self._name))
        self._entry(texts.NEW_OUTPUT, "output", output_limits(site, self._name))
        with ui.column().classes("w-full hmi-card") as self._question:
            self._asked = ui.label().classes("font-bold").props("role=alert")
            self._reason = ui.input(texts.REASON).classes("w-full").props("dense outlined")
            with ui.row():
                ui.button(texts.CONFIRM, on_click=self._confirm).props("unelevated color=grey-8 no-caps")
                ui.button(texts.CANCEL, on_click=self._forget, color=None).props("flat no-caps")
        self._question.set_visibility(False)

    def _entry(self, label: str, kind: Literal["set_point", "output"], limits: tuple[float, float]) -> None:
        site = self._screen.desk.site
        unit = site.tags[f"{self._name}.{'sp' if kind == 'set_point' else 'op'}"].unit
        with ui.row().classes("w-full items-center no-wrap"):
            entry = ui.number(f"{label} [{limits[0]:g} – {limits[1]:g} {unit}]").classes("grow")
            entry.props("dense outlined")
            self._button(texts.CHANGE, kind, lambda: self._choose_value(kind, entry.value, limits))

    def _button(self, text: str, kind: Kind, on_click: Callable[[], None]) -> ui.button:
        button = ui.button(text, on_click=on_click).props("unelevated color=grey-8 no-caps")
        reason = self._screen.desk.why_not(self._screen.viewer, kind, self._unit)
        if reason is not None:
            button.disable()
            button.tooltip(reason)
        return button

    def _choose_mode(self, mode: str) -> None:
        is_auto = self._screen.desk.live.number(f"{self._name}.mode") == MODE_AUTO
        if is_auto == (mode == "auto"):
            return
        self._ask(texts.CONFIRM_MODE.format(name=self._name, mode=texts.MODES[mode]), "mode", mode)

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
        self._ask(question, kind, float(value))

    def _ask(self, question: str, kind: Kind, value: float | str) -> None:
        self._pending = (question, kind, value)
        self._asked.set_text(question)
        self._question.set_visibility(True)

    def _forget(self) -> None:
        self._pending = None
        self._question.set_visibility(False)

    async def _confirm(self) -> None:
        if self._pending is None:
            return
        question, kind, value = self._pending
        self._forget()
        await self._screen.command(
            question.rstrip("?"), kind, self._name, value=value, reason=self._reason.value or ""
        )


def _about(screen: Screen, name: str) -> None:
    """Spell out the alarms on the PV and the interlocks on the output."""
    site = screen.desk.site
    loop = site.loops[name]
    with ui.column().classes("w-full gap-0 text-sm soft"):
        for alarm in site.alarms.values():
            if alarm.tag == loop.pv:
                ui.label(f"{texts.ALARM_TYPES[alarm.type]} {alarm.limit} ({alarm.priority})")
        for interlock_name, interlock in site.interlocks.items():
            if loop.output in interlock.force:
                title = interlock.display_name or interlock_name
                ui.label(f"{title}: {interlock.when} → {interlock.force[loop.output]}")
