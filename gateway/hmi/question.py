"""The question before a command: what is going to happen, why, and a way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from gateway.commands.message import Kind
from gateway.hmi import texts
from gateway.hmi.frame import Screen


@dataclass(frozen=True, slots=True)
class Order:
    """A command that waits for its confirmation."""

    kind: Kind
    target: str
    fields: dict[str, Any] = field(default_factory=dict)


class Question:
    """Asks one thing at a time; what is confirmed is signed and sent for the viewer."""

    def __init__(self, screen: Screen) -> None:
        """Make it, out of sight until something is asked."""
        self._screen = screen
        self._pending: tuple[str, list[Order]] | None = None
        with ui.column().classes("w-full hmi-card question") as self._box:
            self._asked = ui.label().classes("font-bold").props("role=alert")
            self._reason = ui.input(texts.REASON).classes("w-full").props("dense outlined")
            with ui.row():
                confirm = ui.button(texts.CONFIRM, on_click=self._confirm)
                confirm.props("unelevated color=grey-8 no-caps").classes("big")
                ui.button(texts.CANCEL, on_click=self.forget, color=None).props("flat no-caps").classes("big")
        self._box.set_visibility(False)

    def ask(self, question: str, *orders: Order) -> None:
        """Ask whether to send commands; a question that stands is replaced."""
        self._pending = (question, list(orders))
        self._asked.set_text(question)
        self._box.set_visibility(True)
        self._reason.run_method("focus")

    def forget(self) -> None:
        """Send nothing."""
        self._pending = None
        self._box.set_visibility(False)

    async def _confirm(self) -> None:
        if self._pending is None:
            return
        question, orders = self._pending
        self.forget()
        reason = self._reason.value or ""
        for order in orders:
            why = "; ".join(text for text in (order.fields.get("reason", ""), reason) if text)
            fields = {**order.fields, "reason": why}
            if not await self._screen.command(question.rstrip("?"), order.kind, order.target, **fields):
                return  # what follows a refused command is not sent

    def button(self, text: str, kind: Kind, unit: str, on_click: Callable[[], None]) -> ui.button:
        """Make a button that asks; where the viewer has no right to it, it says why and does nothing."""
        button = ui.button(text, on_click=on_click).props("unelevated color=grey-8 no-caps").classes("big")
        reason = self._screen.desk.why_not(self._screen.viewer, kind, unit)
        if reason is not None:
            button.disable()
            button.tooltip(reason)
        return button
