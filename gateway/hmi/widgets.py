"""Small parts that keep themselves up to date: values, alarm marks, indicators."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from config.site import Site
from control.signal import MODE_AUTO
from gateway.hmi import texts
from gateway.hmi.alarm_book import RANK, AlarmLine
from gateway.hmi.live import Live
from gateway.hmi.scales import indicator, scale_of
from gateway.hmi.shown import Shown, State

_PERIOD_S = 0.5


class Refresher:
    """What a page does again and again, while its browser is there."""

    def __init__(self) -> None:
        """Begin with nothing; `start` goes at the end of a page."""
        self._tasks: list[Callable[[], None]] = []

    def add(self, task: Callable[[], None]) -> None:
        """Do it now, and then each half second."""
        task()
        self._tasks.append(task)

    def start(self) -> None:
        """Start the page's timer."""
        ui.timer(_PERIOD_S, self._tick)

    def _tick(self) -> None:
        for task in self._tasks:
            task()


class ValueText:
    """A tag's value, unit and mark, inside the present slot."""

    def __init__(self, live: Live, name: str, refresher: Refresher, *, unit: bool = True) -> None:
        """Make the labels."""
        self._live, self._name = live, name
        self._label = ui.label().classes("num").props(f'data-tag="{name}"')
        with self._label:
            self._tooltip = ui.tooltip()
        self._mark = ui.label().classes("mark")
        if unit:
            ui.label(live.site.tags[name].unit).classes("unit")
        self._shown: Shown | None = None
        refresher.add(self._refresh)

    def _refresh(self) -> None:
        shown = self._live.show(self._name)
        before = self._shown
        if shown == before:
            return
        self._shown = shown
        self._label.set_text(shown.text)
        self._mark.set_text(shown.mark)
        if before is None or shown.state is not before.state or shown.state is not State.GOOD:
            self._tooltip.set_text(f"{self._name}: {shown.why}")
        if before is None or shown.state is not before.state:
            states = " ".join(State)
            self._label.classes(shown.state, remove=states)
            self._mark.classes(f"{shown.state}-mark", remove=" ".join(f"{state}-mark" for state in State))


def value_row(live: Live, name: str, refresher: Refresher) -> None:
    """Make a line: alarm mark, what it is, value, unit."""
    tag = live.site.tags[name]
    with ui.element("div").classes("value-row"):
        ui.label(tag.display_name or tag.description or name.split("/", 1)[1]).classes("name").tooltip(name)
        AlarmMark(lambda: live.alarms.by_tag().get(name), refresher)
        ValueText(live, name, refresher)


class AlarmMark:
    """Priority of the worst alarm as shape, colour and number; filled until it is acknowledged."""

    def __init__(self, worst: Callable[[], AlarmLine | None], refresher: Refresher) -> None:
        """Make the mark."""
        self._worst = worst
        self._label = ui.label().classes("alarm-box")
        self._line: AlarmLine | None = None
        refresher.add(self._refresh)

    def _refresh(self) -> None:
        line = self._worst()
        if line is self._line:
            return
        self._line = line
        self._label.set_text("" if line is None else str(RANK[line.priority] + 1))
        self._label.classes(remove="p-critical p-high p-medium p-low acked fresh")
        if line is not None:
            self._label.classes(alarm_classes(line))


def alarm_classes(line: AlarmLine) -> str:
    """Return the CSS classes of an alarm's mark."""
    return f"p-{line.priority} " + ("fresh" if line.unacknowledged else "acked")


class Indicator:
    """A moving indicator of a tag, with the set-point of its loop where it has one."""

    def __init__(self, live: Live, name: str, refresher: Refresher, set_point: str | None = None) -> None:
        """Make it; nothing is made for a tag without range."""
        self._live, self._name, self._set_point = live, name, set_point
        self._scale = scale_of(live.site, name)
        if self._scale is None:
            return
        self._html = ui.html(sanitize=False).classes("w-full")
        refresher.add(self._refresh)

    def _refresh(self) -> None:
        assert self._scale is not None
        set_point = self._live.number(self._set_point) if self._set_point else None
        self._html.set_content(indicator(self._scale, self._live.number(self._name), set_point))
        self._html.classes(*(() if self._live.holds(self._name) else ("old",)), remove="old")


class ModeText:
    """Mode of a loop: manual stands out."""

    def __init__(self, live: Live, loop: str, refresher: Refresher) -> None:
        """Make the label."""
        self._live, self._name = live, f"{loop}.mode"
        self._label = ui.label()
        refresher.add(self._refresh)

    def _refresh(self) -> None:
        mode = self._live.number(self._name)
        auto = mode == MODE_AUTO
        text = texts.NO_VALUE if mode is None else texts.AUTO if auto else texts.MANUAL
        if not self._live.holds(self._name):
            text += texts.DOUBTFUL
        if self._label.text != text:
            self._label.set_text(text)
            self._label.classes("auto" if auto else "manual", remove="auto manual")


def loop_title(site: Site, name: str) -> str:
    """Return what people call a loop."""
    return site.loops[name].display_name or name.split("/", 1)[1]
