"""An alarm's rationalisation, opened from its row: what to do about it, and the means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from config.alarms import Alarm
from gateway.alarms.book import AlarmLine
from gateway.commands.message import Kind
from gateway.hmi import texts
from gateway.hmi.alarm_actions import AlarmActions
from gateway.hmi.alarm_rows import title
from gateway.hmi.frame import Screen
from gateway.hmi.shown import age


def show(screen: Screen, actions: AlarmActions, name: str) -> None:
    """Open it."""
    site = screen.desk.site
    alarm, line = site.alarms.get(name), actions.line(name)
    if alarm is None or not screen.viewer.sees(site.unit_of(name)):
        return
    with screen.client.content, ui.dialog() as dialog, ui.card().classes("hmi-dialog wide"):
        ui.label(title(site, name)).classes("text-lg font-bold").props("role=heading aria-level=2")
        ui.label(_what(alarm, name)).classes("soft")
        if line is not None:
            ui.label(f"{texts.PRIORITIES[line.priority]}, {line.state} · {texts.ALARM_STATES[line.state]}")
        for heading, text in record(alarm):
            ui.label(heading).classes("section")
            ui.label(text).classes("told")
        with ui.row().classes("w-full"):
            for kind, act in _acts(actions, name, line):
                _button(kind, act, actions.why_not(kind, name), dialog)
            group = next((g for g, members in site.alarm_groups.items() if name in members), None)
            if group is not None and screen.desk.live.alarms.came_first(name):
                why = screen.desk.why_not(screen.viewer, "reset", site.unit_of(name))
                _button("reset", lambda: actions.reset_group(group), why, dialog, texts.RESET_GROUP)
        with ui.row().classes("w-full items-center"):
            if alarm.tag is not None and screen.viewer.history:
                ui.link(texts.TREND_OF_LOOP, f"/trend?tags={alarm.tag}&span=1800").classes("nav")
            if screen.viewer.history:
                ui.link(texts.JOURNAL, f"/alarms/journal?text={name}").classes("nav")
            ui.space()
            ui.button(texts.CLOSE, on_click=dialog.close, color=None).props("flat no-caps")
    dialog.on("hide", dialog.delete)
    dialog.open()


def record(alarm: Alarm) -> list[tuple[str, str]]:
    """Return the parts of an alarm's rationalisation that somebody wrote down."""
    respond = "" if alarm.time_to_respond is None else age(alarm.time_to_respond)
    approval = alarm.approval
    stands = "" if approval is None else ", ".join(filter(None, (approval.approver, approval.change)))
    parts = (
        (texts.CAUSE, alarm.cause), (texts.CONSEQUENCE, alarm.consequence), (texts.ACTION, alarm.action),
        (texts.TIME_TO_RESPOND, respond), (texts.CONFIRMATION, alarm.confirmation),
        (texts.BASIS, alarm.basis), (texts.APPROVAL, stands),
    )  # fmt: skip
    return [(heading, text) for heading, text in parts if text]


def _what(alarm: Alarm, name: str) -> str:
    limit = "" if alarm.limit is None else f" {alarm.limit}"
    kind = f", {texts.CLASS} {alarm.alarm_class}" if alarm.alarm_class else ""
    return f"{name}: {alarm.tag or alarm.device} {texts.ALARM_TYPES[alarm.type]}{limit}{kind}"


Act = Callable[[], Awaitable[None] | None]


def _acts(actions: AlarmActions, name: str, line: AlarmLine | None) -> list[tuple[Kind, Act]]:
    """Return what can be done with an alarm as it stands."""
    state = "A" if line is None else line.state
    found: list[tuple[Kind, Act]] = []
    if line is not None and line.unacknowledged:
        seen = [(name, line.occurrence)]
        found.append(("acknowledge", lambda: actions.acknowledge(seen)))
    if line is not None and state == "F":
        found.append(("reset", lambda: actions.reset(line)))
    if state == "G":
        found.append(("unshelve", lambda: actions.unshelve(name)))
    elif state != "I":
        found.append(("shelve", lambda: actions.shelve(name)))
    if state == "I":
        found.append(("return_to_service", lambda: actions.return_to_service(name)))
    else:
        found.append(("remove_from_service", lambda: actions.remove_from_service(name)))
    return found


def _button(kind: Kind, act: Act, why: str | None, dialog: ui.dialog, label: str = "") -> None:
    async def press() -> None:
        dialog.close()
        doing = act()
        if doing is not None:
            await doing

    button = ui.button(label or texts.ACTIONS[kind], on_click=press).props("unelevated color=grey-8 no-caps")
    if why is not None:
        button.disable()
        button.tooltip(why)
