"""The alarm page: what stands now, to be acknowledged, and the journal of what was."""

from __future__ import annotations

import time
from typing import Any, Final

from nicegui import ui

from gateway.hmi import texts
from gateway.hmi.alarm_book import AlarmLine
from gateway.hmi.event_table import EventTable
from gateway.hmi.frame import Screen
from gateway.hmi.shown import age, value_text

_MARK_SLOT: Final = """<q-td :props="props">
 <span :class="'alarm-box ' + props.row.classes">{{ props.value }}</span></q-td>"""
_NAME_SLOT: Final = """<q-td :props="props"><a href="javascript:void(0)" style="color:inherit"
 @click="$parent.$emit('why', props.row.name)">{{ props.value }}</a></q-td>"""
_BUTTON_SLOT: Final = """<q-td :props="props"><q-btn v-if="props.row.open" unelevated no-caps color="grey-8"
 :disable="!props.row.allowed" :label="props.row.label" :data-acknowledge="props.row.name"
 @click="$parent.$emit('acknowledge', [props.row.name, props.row.occurrence])" /></q-td>"""


class AlarmsPage:
    """Alarms in one browser."""

    def __init__(self, screen: Screen) -> None:
        """Make the page."""
        self._screen = screen
        self._units = screen.desk.units(screen.viewer)
        with ui.element("section").classes("hmi-card w-full"):
            with ui.row().classes("items-center w-full"):
                ui.label(texts.SUMMARY).classes("section")
                ui.space()
                ui.button(texts.ACKNOWLEDGE_ALL, on_click=self._acknowledge_all, color=None).props(
                    "flat no-caps"
                )
            self._table = self._make_table()
        screen.refresher.add(self._refresh)
        with ui.element("section").classes("hmi-card w-full"):
            EventTable(screen, texts.JOURNAL, frozenset({"alarm"}))

    def _make_table(self) -> ui.table:
        columns: list[dict[str, Any]] = [
            {"name": name, "label": label, "field": name, "align": "left"}
            for name, label in texts.ALARM_COLUMNS.items()
        ]
        columns.append({"name": "act", "label": "", "field": "act", "align": "right"})
        table = ui.table(columns=columns, rows=[], row_key="name", pagination=15).classes("w-full")
        table.props(f'flat dense no-data-label="{texts.NO_ALARMS}"')
        table.add_slot("body-cell-priority", _MARK_SLOT)
        table.add_slot("body-cell-name", _NAME_SLOT)
        table.add_slot("body-cell-act", _BUTTON_SLOT)
        table.on("acknowledge", lambda event: self._acknowledge(event.args[0], int(event.args[1])))
        table.on("why", lambda event: self._explain(event.args))
        return table

    def _refresh(self) -> None:
        rows = [self._row(line) for line in self._screen.desk.live.alarms.lines(self._units)]
        if rows != self._table.rows:
            self._table.rows = rows

    def _row(self, line: AlarmLine) -> dict[str, Any]:
        tag = self._screen.desk.site.tags.get(line.tag)
        reason = self._screen.desk.why_not(self._screen.viewer, "acknowledge", line.unit)
        since_s = time.time() - line.onset_ns / 1e9

        def text(value: float | None) -> str:
            return texts.NO_VALUE if value is None or tag is None else f"{value_text(tag, value)} {tag.unit}"

        return {
            "priority": line.priority.capitalize(),
            "classes": f"p-{line.priority} {'' if line.unacknowledged else 'acked'}",
            "state": texts.ALARM_STATES[line.state],
            "name": line.name,
            "what": texts.ALARM_TYPES[line.type],
            "value": text(line.value),
            "limit": text(line.limit),
            "onset": time.strftime("%m-%d %H:%M:%S", time.gmtime(line.onset_ns / 1e9)),
            "age": age(since_s),
            # As text: it is beyond what a browser's numbers hold exactly.
            "occurrence": str(line.occurrence),
            "open": line.unacknowledged,
            "allowed": reason is None,
            "label": texts.ACKNOWLEDGE,
        }

    async def _acknowledge(self, name: str, occurrence: int) -> None:
        """Acknowledge the occurrence that was seen: a newer one is another alarm."""
        what = f"{texts.ACKNOWLEDGE} {name}"
        await self._screen.command(what, "acknowledge", name, occurrence=occurrence)

    async def _acknowledge_all(self) -> None:
        for row in [row for row in self._table.rows if row["open"]]:
            if not await self._screen.command(
                f"{texts.ACKNOWLEDGE} {row['name']}",
                "acknowledge",
                row["name"],
                occurrence=int(row["occurrence"]),
            ):
                return

    def _explain(self, name: str) -> None:
        """Open the alarm's rationalisation."""
        alarm = self._screen.desk.site.alarms.get(name)
        if alarm is None:
            return
        with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("hmi-dialog"):
            ui.label(alarm.display_name or name).classes("text-lg font-bold")
            ui.label(f"{alarm.tag} {texts.ALARM_TYPES[alarm.type]} {alarm.limit}").classes("soft")
            respond = "" if alarm.time_to_respond is None else age(alarm.time_to_respond)
            for title, text in (
                (texts.CAUSE, alarm.cause),
                (texts.CONSEQUENCE, alarm.consequence),
                (texts.ACTION, alarm.action),
                (texts.TIME_TO_RESPOND, respond),
            ):
                if text:
                    ui.label(title).classes("section")
                    ui.label(text)
            ui.link(texts.TREND_OF_LOOP, f"/trend?tags={alarm.tag}&span=1800").classes("nav")
            ui.button(texts.CLOSE, on_click=dialog.close, color=None).props("flat no-caps")
        dialog.on("hide", dialog.delete)
        dialog.open()
