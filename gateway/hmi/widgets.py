"""Small parts that keep themselves up to date: values, alarm marks, indicators."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from config.site import Site
from config.tags import TagKind
from gateway.alarms.book import RANK, AlarmLine
from gateway.hmi import texts
from gateway.hmi.doing import doing, used_for
from gateway.hmi.live import Live
from gateway.hmi.scales import indicator, scale_of
from gateway.hmi.shown import Shown, State
from gateway.hmi.sparkline import sparkline
from gateway.modes import REGULATING, word_of

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
            hint(self._label, f"{self._name}: {shown.why}")
        if before is None or shown.state is not before.state:
            states = " ".join(State)
            self._label.classes(shown.state, remove=states)
            self._mark.classes(f"{shown.state}-mark", remove=" ".join(f"{state}-mark" for state in State))


def hint(element: ui.element, text: str) -> None:
    """Say more where the pointer rests; a page has hundreds of these, so the browser itself shows them."""
    element.props["title"] = text


def draggable(row: ui.element, name: str) -> None:
    """Let a row be dragged onto the chart of a trend, also in another window."""
    row.props(f'draggable=true data-drag="{name}"')
    row.on("dragstart", js_handler=f"(e) => e.dataTransfer.setData('text/plain', '{name}')")


def value_row(live: Live, name: str, refresher: Refresher, *, spark: bool = False, title: str = "") -> None:
    """Make a line: what it is, alarm mark, sparkline on request, value, unit.

    Args:
        live: the plant.
        name: full name of the tag.
        refresher: of the page.
        spark: with the last minutes of a number.
        title: what people call it here; empty takes what they call the tag.
    """
    with ui.element("div").classes("value-row") as row:
        draggable(row, name)
        hint(ui.label(title or tag_title(live.site, name)).classes("name"), name)
        AlarmMark(lambda: live.alarms.by_tag().get(name), refresher)
        if spark and live.site.tags[name].kind is TagKind.NUMBER:
            Sparkline(live, name, refresher)
        ValueText(live, name, refresher)


class Sparkline:
    """The last minutes of a tag."""

    def __init__(self, live: Live, name: str, refresher: Refresher) -> None:
        """Make it."""
        self._live, self._name = live, name
        self._scale = scale_of(live.site, name)
        self._html = ui.html(sanitize=False).classes("spark-box")
        hint(self._html, texts.RECENT)
        self._version = -1
        refresher.add(self._refresh)

    def _refresh(self) -> None:
        if self._version == self._live.recent.version:
            return
        self._version = self._live.recent.version
        self._html.set_content(sparkline(self._live.recent.line(self._name), self._scale))


class DoingText:
    """What a unit is doing, and below it what it is used for."""

    def __init__(self, live: Live, unit: str, refresher: Refresher) -> None:
        """Make the labels."""
        self._live, self._unit = live, unit
        self._doing = ui.label().classes("doing").props(f'data-doing="{unit}"')
        self._used_for = ui.label().classes("soft used-for").props(f'data-used-for="{unit}"')
        refresher.add(self._refresh)

    def _refresh(self) -> None:
        text, usual = doing(self._live, self._unit)
        self._doing.set_text(text)
        self._doing.classes(*(() if usual else ("unusual",)), remove="unusual")
        self._used_for.set_text(used_for(self._live.subscriber.context(self._unit)))


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
    """Mode of a loop; what is not regulating stands out."""

    def __init__(self, live: Live, loop: str, refresher: Refresher) -> None:
        """Make the label."""
        self._live, self._name = live, f"{loop}.mode"
        self._label = ui.label()
        refresher.add(self._refresh)

    def _refresh(self) -> None:
        mode = word_of(self._live.number(self._name))
        auto = mode in REGULATING
        text = texts.NO_VALUE if mode is None else texts.MODES[mode]
        if not self._live.holds(self._name):
            text += texts.DOUBTFUL
        if self._label.text != text:
            self._label.set_text(text)
            self._label.classes("auto" if auto else "manual", remove="auto manual")


def tag_title(site: Site, name: str) -> str:
    """Return what people call a tag."""
    tag = site.tags[name]
    return tag.display_name or tag.description or name.split("/", 1)[1]


def loop_title(site: Site, name: str) -> str:
    """Return what people call a loop."""
    return site.loops[name].display_name or name.split("/", 1)[1]
