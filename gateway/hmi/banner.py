"""The alarm banner of every page: the most urgent alarm, how many there are, and the sound."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from nicegui import ui

from config.alarms import Priority
from config.site import Site
from gateway.alarms.book import RANK, AlarmLine, calling, counts
from gateway.hmi import texts
from gateway.hmi.alarm_rows import title, unit_title
from gateway.hmi.desk import Desk, Viewer
from gateway.hmi.widgets import Refresher, alarm_classes

_MARK_CLASSES: Final = "p-critical p-high p-medium p-low acked fresh"
_SOUND: Final = f"""<button type="button" class="tool" data-silence hidden>{texts.SILENCE}</button>
<button type="button" class="tool" data-sound="on" aria-pressed="false" aria-label="{texts.MUTE}">
<i class="q-icon notranslate material-icons on" aria-hidden="true">volume_up</i>
<i class="q-icon notranslate material-icons muted" aria-hidden="true">volume_off</i>
<span class="blocked">{texts.SOUND_BLOCKED}</span></button>"""


class Banner:
    """The banner in one browser. It changes when the book of alarms does."""

    def __init__(self, desk: Desk, viewer: Viewer, refresher: Refresher) -> None:
        """Make it."""
        self._site, self._book, self._units = desk.site, desk.live.alarms, desk.units(viewer)
        self._shown = -1
        self._sound = ("", 0)
        with ui.element("a").classes("banner").props(f'href="/alarms" aria-label="{texts.BANNER}"'):
            self._mark = ui.label().classes("alarm-box")
            self._text = ui.label().classes("text")
            self._chips = {priority: _Chip(priority) for priority in RANK}
        ui.html(_SOUND, sanitize=False).classes("row items-center no-wrap")
        refresher.add(self._refresh)

    def _refresh(self) -> None:
        if self._shown == self._book.version:
            return
        self._shown = self._book.version
        lines = self._book.lines(self._units)
        self._mark.classes(remove=_MARK_CLASSES)
        self._mark.set_text(str(RANK[lines[0].priority] + 1) if lines else "")
        self._text.set_text(describe(self._site, lines[0]) if lines else texts.NO_ALARMS)
        if lines:
            self._mark.classes(alarm_classes(lines[0]))
        for priority, chip in self._chips.items():
            chip.show(*counts([line for line in lines if line.priority is priority]))
        self._call(lines)

    def _call(self, lines: Sequence[AlarmLine]) -> None:
        """Tell the browser what to sound, if that has changed."""
        sound = calling(lines)
        if sound != self._sound:
            self._sound = sound
            ui.run_javascript(f"hmi.alarm('{sound[0]}', {sound[1]})")


class _Chip:
    """How many alarms of a priority there are: unacknowledged of all."""

    def __init__(self, priority: Priority) -> None:
        self._priority = priority
        with ui.element("span").classes("chip") as self._whole:
            self._mark = ui.label(str(RANK[priority] + 1)).classes(f"alarm-box p-{priority}")
            self._number = ui.label().classes("num")

    def show(self, number: int, unacknowledged: int) -> None:
        self._whole.set_visibility(number > 0)
        self._number.set_text(str(number) if unacknowledged == 0 else f"{unacknowledged}/{number}")
        self._mark.classes(*(() if unacknowledged else ("acked",)), remove="acked")
        title = texts.ALARM_COUNTS.format(
            priority=self._priority, number=number, unacknowledged=unacknowledged
        )
        self._whole.props(f'title="{title}"')


def describe(site: Site, line: AlarmLine) -> str:
    """Return an alarm in one line."""
    when = time.strftime("%H:%M:%S", time.gmtime(line.onset_ns / 1e9))
    name = f"{unit_title(site, line.unit)}, {title(site, line.name)}"
    return f"{when} {name}: {texts.ALARM_STATES[line.state]}"
