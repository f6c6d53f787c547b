"""The state of a machine with PackML states, and the commands that it takes in it."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from config.packml import PackMl
from config.screens import FillingLineScreen
from gateway.hmi import texts
from gateway.hmi.doing import stop_reason
from gateway.hmi.frame import Screen
from gateway.hmi.packml_picture import states_picture
from gateway.hmi.question import Order, Question
from gateway.packml.commands import PACKML_MODES, modes_taken, taken_in
from gateway.packml.states import mode_name, state_name


class MachineCard:
    """The state diagram, state, mode and stop reason in words, and the commands."""

    def __init__(self, screen: Screen, unit: str, page: FillingLineScreen) -> None:
        """Make it; without a section `packml` in the unit there are no commands."""
        self._screen, self._unit, self._page = screen, unit, page
        self._live = screen.desk.live
        with ui.element("section").classes("hmi-card min-w-0"):
            ui.label(texts.PACKML).classes("section")
            self._drawing = ui.html(sanitize=False).classes("w-full")
            with ui.row().classes("items-center gap-4"):
                self._state, self._mode, self._reason = (ui.label().classes("font-bold") for _ in range(3))
            if screen.desk.site.units[unit].packml is not None:
                self._commands()
        screen.refresher.add(self._refresh)

    def _refresh(self) -> None:
        page, live = self._page, self._live
        known = live.good_number(page.state)
        self._drawing.set_content(states_picture(None if known is None else int(known)))
        number, in_mode = live.number(page.state), live.number(page.mode)
        doubt = "" if known is not None else texts.DOUBTFUL
        self._state.set_text(texts.LINE_STATE.format(state=state_name(number) or texts.NO_VALUE) + doubt)
        self._mode.set_text(texts.LINE_MODE.format(mode=mode_name(in_mode) or texts.NO_VALUE) + doubt)
        why = stop_reason(live, page)
        self._reason.set_text(texts.LINE_REASON.format(reason=why) if why else "")

    def _commands(self) -> None:
        """Offer every command; those that the state does not take, and those without a right, are grey."""
        commands = ui.row().classes("gap-2 q-my-sm")
        commands.props(f'role=group aria-label="{texts.PACKML_COMMANDS_OF}"')
        modes = ui.row().classes("gap-2 items-center")
        question = Question(self._screen)
        with commands:
            buttons = {
                command: question.button(title, "packml", self._unit, partial(self._ask, question, command))
                for command, title in texts.PACKML_COMMANDS.items()
            }
        if self._may():
            self._screen.refresher.add(partial(self._offer, buttons))
        machine = self._screen.desk.site.units[self._unit].packml
        if machine is not None and machine.mode_command is not None:
            with modes:
                self._modes(machine, question)
            modes.props(f'role=group aria-label="{texts.PACKML_MODES_OF}"')

    def _may(self) -> bool:
        return self._screen.desk.why_not(self._screen.viewer, "packml", self._unit) is None

    def _modes(self, machine: PackMl, question: Question) -> None:
        """Offer the modes; the present one is framed, and they are grey while the machine keeps its mode."""
        ui.label(texts.PACKML_MODES_OF).classes("soft")
        buttons = {
            mode: question.button(title, "packml", self._unit, partial(self._ask_mode, question, mode))
            for mode, title in texts.PACKML_MODES.items()
        }
        may = self._may()

        def offer() -> None:
            present = self._live.good_number(machine.mode) if machine.mode is not None else None
            taken = modes_taken(machine, self._live.good_number(machine.state), present)
            for mode, button in buttons.items():
                is_present = PACKML_MODES[mode] == present
                button.classes(*(("present",) if is_present else ()), remove="present")
                if may and button.enabled is not (mode in taken):
                    button.set_enabled(mode in taken)

        self._screen.refresher.add(offer)

    def _ask_mode(self, question: Question, mode: str) -> None:
        name = self._screen.desk.site.units[self._unit].display_name or self._unit
        asked = texts.CONFIRM_PACKML_MODE.format(mode=texts.PACKML_MODES[mode], name=name)
        question.ask(asked, Order("packml", self._unit, {"parameter": "mode", "value": mode}))

    def _ask(self, question: Question, command: str) -> None:
        name = self._screen.desk.site.units[self._unit].display_name or self._unit
        asked = texts.CONFIRM_PACKML.format(command=texts.PACKML_COMMANDS[command], name=name)
        question.ask(asked, Order("packml", self._unit, {"value": command}))

    def _offer(self, buttons: dict[str, ui.button]) -> None:
        machine = self._screen.desk.site.units[self._unit].packml
        taken = () if machine is None else taken_in(self._live.good_number(machine.state))
        for command, button in buttons.items():
            if button.enabled is not (command in taken):
                button.set_enabled(command in taken)
