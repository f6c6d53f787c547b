"""What people do with alarms: acknowledge, shelve, take out of service, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from nicegui import ui

from config.alarms import Alarm
from config.quantities import duration_text
from gateway.alarms.book import AlarmLine
from gateway.commands.alarms import why_not_service
from gateway.commands.message import Kind
from gateway.hmi import texts
from gateway.hmi.alarm_rows import shelf_times_s, title
from gateway.hmi.frame import Screen

_MOST_AT_ONCE: Final = 500
"""Alarms that one command acknowledges."""


class AlarmActions:
    """Actions on alarms for one page's viewer. Each is a signed command; the gateway decides."""

    def __init__(self, screen: Screen) -> None:
        """Name the page."""
        self._screen, self._site = screen, screen.desk.site

    def line(self, name: str) -> AlarmLine | None:
        """Return an alarm as it stands now; None when it is normal."""
        book = self._screen.desk.live.alarms
        return next((line for line in [*book.lines(), *book.silent()] if line.name == name), None)

    def why_not(self, kind: Kind, name: str) -> str | None:
        """Return why the viewer may not do something with an alarm, or None if they may."""
        reason = self._screen.desk.why_not(self._screen.viewer, kind, self._site.unit_of(name))
        alarm, user = self._site.alarms.get(name), self._screen.viewer.user
        if reason is not None or alarm is None or user is None:
            return reason
        if kind == "shelve" and not shelf_times_s(self._site, alarm):
            return texts.NEVER_SHELVED
        if kind in ("remove_from_service", "return_to_service"):
            return why_not_service(self._site, user, alarm, kind)
        return None

    async def acknowledge(self, seen: Sequence[tuple[str, int]]) -> None:
        """Acknowledge alarms as they were seen (name, occurrence): a newer occurrence is another alarm."""
        if any(self._needs_comment(name) for name, _ in seen):
            self._ask(texts.ACKNOWLEDGE, texts.COMMENT, lambda why: self._acknowledge(seen, why))
        else:
            await self._acknowledge(seen, "")

    async def _acknowledge(self, seen: Sequence[tuple[str, int]], comment: str) -> None:
        if len(seen) == 1:
            name, occurrence = seen[0]
            await self._do("acknowledge", name, occurrence=occurrence, reason=comment)
            return
        by_unit: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for name, occurrence in seen:
            by_unit[self._site.unit_of(name)].append({"alarm": name, "occurrence": occurrence})
        for unit, alarms in by_unit.items():
            for begin in range(0, len(alarms), _MOST_AT_ONCE):
                what = texts.ACKNOWLEDGE_MANY.format(number=len(alarms), unit=unit)
                some = alarms[begin : begin + _MOST_AT_ONCE]
                await self._screen.command(what, "acknowledge", unit, alarms=some, reason=comment)

    def _needs_comment(self, name: str) -> bool:
        alarm = self._site.alarms.get(name)
        return alarm is not None and self._site.class_of(alarm).comment_required

    async def reset(self, line: AlarmLine) -> None:
        """Reset a latched alarm."""
        await self._do("reset", line.name, occurrence=line.occurrence)

    async def reset_group(self, group: str) -> None:
        """Forget which alarm of a first-out group came first."""
        await self._do("reset", group)

    async def unshelve(self, name: str) -> None:
        """Take an alarm from the shelf."""
        await self._do("unshelve", name)

    async def return_to_service(self, name: str) -> None:
        """Bring an alarm back."""
        await self._do("return_to_service", name)

    def remove_from_service(self, name: str) -> None:
        """Ask for the reason, and take an alarm out of service."""
        self._ask(
            f"{texts.ACTIONS['remove_from_service']}: {title(self._site, name)}",
            texts.REASON,
            lambda why: self._do("remove_from_service", name, reason=why),
        )

    def shelve(self, name: str) -> None:
        """Ask for how long and why, and shelve an alarm."""
        alarm: Alarm = self._site.alarms[name]
        times = {time_s: duration_text(time_s) for time_s in shelf_times_s(self._site, alarm)}
        chosen: list[ui.toggle] = []

        async def do(why: str) -> None:
            await self._do("shelve", name, value=float(chosen[0].value), reason=why)

        def choice() -> None:
            ui.label(texts.SHELVE_FOR).classes("soft")
            chosen.append(ui.toggle(times, value=next(iter(times))).props("no-caps unelevated"))

        self._ask(f"{texts.ACTIONS['shelve']}: {title(self._site, name)}", texts.REASON, do, choice)

    async def _do(self, kind: Kind, target: str, **fields: Any) -> None:
        await self._screen.command(f"{texts.ACTIONS[kind]} {target}", kind, target, **fields)

    def _ask(
        self,
        heading: str,
        label: str,
        do: Callable[[str], Awaitable[None]],
        more: Callable[[], None] | None = None,
    ) -> None:
        """Ask for a text, which is needed, and go on with it."""
        with (
            self._screen.client.content,
            ui.dialog() as dialog,
            ui.card().classes("hmi-dialog"),
            ui.element("form").classes("column q-gutter-sm w-full") as form,
        ):
            ui.label(heading).classes("text-lg font-bold")
            if more is not None:
                more()
            reason = ui.input(label).props("outlined autofocus maxlength=1000").classes("w-full")
            trouble = ui.label().classes("trouble").props("role=alert")
            with ui.row():
                ui.button(texts.CONFIRM).props("unelevated color=grey-8 no-caps type=submit")
                ui.button(texts.CANCEL, on_click=dialog.close, color=None).props("flat no-caps type=button")

        async def confirm() -> None:
            if not reason.value.strip():
                trouble.set_text(texts.NEEDED.format(what=label))
                return
            dialog.close()
            await do(reason.value.strip())

        form.on("submit.prevent", confirm)
        dialog.on("hide", dialog.delete)
        dialog.open()
