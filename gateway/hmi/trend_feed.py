"""Keeps a trend's chart filled: history at once and again after each move, live reports as they come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import background_tasks, ui

from gateway.historian.api import StoreError
from gateway.hmi import texts
from gateway.hmi.event_words import describe
from gateway.hmi.frame import Screen
from gateway.hmi.marks import marks
from gateway.hmi.shown import State
from gateway.hmi.style import CHART_COLOURS
from gateway.hmi.tail import Mark
from gateway.hmi.traces import NO_REPORTS, Reports, going_on, pace_s
from gateway.hmi.trend_chart import TrendChart
from gateway.hmi.trend_data import BUCKETS, JOINS_UP_TO_MS, TrendData
from gateway.hmi.trend_lines import MARGIN, Line, lines_of, stairs
from gateway.hmi.trend_view import TrendView

_LEISURE: Final = 5.0
"""A live trend rests this many times as long as its last question to the store took."""
_DASHES: Final = (None, [10, 4], [3, 3], [12, 3, 3, 3])
_NS: Final = 1_000_000


class TrendFeed:
    """What one chart in one browser shows."""

    def __init__(self, screen: Screen, view: TrendView, changed: Callable[[TrendView], None]) -> None:
        """Make the chart, inside the present slot, and begin to fill it.

        Args:
            screen: the page.
            view: what it shows at first.
            changed: told of another view whenever somebody moves the chart or its cursors.
        """
        self.view = view
        self._screen, self._tell = screen, changed
        self._site, self._live = screen.desk.site, screen.desk.live
        self.data = TrendData(self._site, screen.desk.stored)
        self._dark = screen.looks.dark
        self._ready, self._changed = asyncio.Event(), asyncio.Event()
        self._read, self._ends = Mark(-1, 0), dict[str, Reports]()
        self._events: dict[str, dict[str, Any]] = {}
        self._trouble = ui.label().classes("font-bold").style("color:var(--bad)").props("role=alert")
        self.chart = TrendChart()
        self.chart.on("ready", self._mounted)
        self.chart.on("turned", self._turned)
        self.chart.on("cursors", self._cursors)
        self.chart.on("present", lambda: self.show(self.view.following()))
        task = background_tasks.create(self._keep_fresh(), name="trend")
        screen.client.on_delete(task.cancel)

    def show(self, view: TrendView) -> None:
        """Show something else."""
        if view != self.view:
            self.view = view
            self._tell(view)
            self._changed.set()

    def _mounted(self) -> None:
        """Fill the chart; it may be taken from the page and put back, empty, as tabs are."""
        self._ready.set()
        self._changed.set()

    def _cursors(self, event: Any) -> None:
        self.view = self.view.with_cursors(map(float, event.args["at"]))
        self._tell(self.view)

    def _turned(self, event: Any) -> None:
        self.view = self.view.turned(float(event.args["from"]), float(event.args["to"]), _now_ms())
        self._tell(self.view)
        self._changed.set()

    async def _keep_fresh(self) -> None:
        """Draw what is wanted; whatever is asked for meanwhile takes the place of what was."""
        await self._screen.connected()
        await self._ready.wait()
        while not self.chart.is_deleted:
            self._changed.clear()
            drawing = background_tasks.create(self._draw_and_follow(self.view), name="trend drawing")
            try:
                await self._changed.wait()
            finally:
                drawing.cancel()  # a question that waits for its turn is not asked any more
            await asyncio.wait([drawing])

    async def _draw_and_follow(self, view: TrendView) -> None:
        while not self.chart.is_deleted:
            began = time.monotonic()
            drawn = await self._draw(view)
            took_s = time.monotonic() - began
            if not view.live:
                if drawn:
                    return
                await asyncio.sleep(5.0)
                continue
            await self._follow(view, max(_LEISURE * took_s, min(max(view.span_s / 4, 20.0), 300.0)))

    async def _draw(self, view: TrendView) -> bool:
        now = _now_ms()
        read = self._live.tail.start()
        try:
            found = await self.data.load(view, now, self._alive_ms())
            labels = await self._labels(view)
        except StoreError as error:
            self._trouble.set_text(texts.NO_HISTORY.format(reason=error))
            return False
        self._trouble.set_text("")
        self._read, self._ends = read, found.ends
        self._events = {event["id"]: event for event in found.events}
        window = view.window_ms(now)
        placed, rows = self._marks(view, window)
        margin = MARGIN * (window[1] - window[0])
        self.chart.load(
            {
                "traces": self._traces(lines_of(self._site, view), labels),
                "relative": bool(view.over),
                "runs": found.runs,
                "shown": self._shown(view),
                "marks": placed,
                "lanes": rows,
                "window": list(window),
                "reach": [window[0] - margin, now if view.live else window[1] + margin],
                "live": view.live,
                "now": now,
                "cursors": list(view.cursors),
            }
        )
        if view.live:
            self._go_on(view, now)
        return True

    async def _follow(self, view: TrendView, for_s: float) -> None:
        """Go on with what is reported, until it is time to ask the store again."""
        until = time.monotonic() + for_s
        period_s = min(max(view.span_s / 240, 0.25), 1.0)
        while time.monotonic() < until:
            await asyncio.sleep(period_s)
            if not self._go_on(view, _now_ms()):
                return

    def _go_on(self, view: TrendView, now: float) -> bool:
        """Send what was reported since; return False where some of it is not known any more."""
        tail, numbers = self._live.tail, self._live.subscriber.tag_numbers
        if self.chart.is_deleted:
            return False
        read = tail.end()
        fresh = tail.since(self._read, [numbers.get(name, -1) for name in view.tags])
        if fresh is None:
            return False
        self._read = read
        news: dict[str, Any] = {"now": now, "shown": self._shown(view), "runs": {}}
        if view.span_s * 1000 / BUCKETS <= JOINS_UP_TO_MS:
            for name, reports in zip(view.tags, fresh, strict=True):
                before = self._ends.get(name, NO_REPORTS)
                found, self._ends[name] = going_on(before, reports, pace_s(self._site, name))
                if found:
                    news["runs"][name] = found
        if self._new_events(view):
            window = view.window_ms(now)
            news["marks"], news["lanes"] = self._marks(view, window)
        self.chart.append(news)
        return True

    def _alive_ms(self) -> float:
        """Return when the gateway was last heard: its health is retained."""
        return float(self._live.subscriber.gateway.get("time_ns", 0)) / _NS

    def _new_events(self, view: TrendView) -> bool:
        units = {name.split("/", 1)[0] for name in view.tags} | {"_gateway"}
        fresh = [
            event
            for event in self._live.subscriber.events
            if event["id"] not in self._events and event["unit"] in units
        ]
        self._events |= {event["id"]: event for event in fresh}
        return bool(fresh)

    def _marks(self, view: TrendView, window: tuple[float, float]) -> tuple[list[Any], Mapping[str, Any]]:
        if view.over:
            return [], {"phases": 0, "alarms": 0, "events": False}
        margin = MARGIN * (window[1] - window[0])
        ordered = sorted(self._events.values(), key=lambda event: int(event["time_ns"]))
        wide = (window[0] - margin, window[1] + margin)
        return marks(ordered, view.marks, wide, lambda event: describe(event, self._site))

    async def _labels(self, view: TrendView) -> dict[tuple[float, str], str]:
        names = await self.data.names(view.over)
        return {(float(batch.start_ms), batch.unit): name for batch, name in names.items()}

    def _traces(self, lines: list[Line], labels: Mapping[tuple[float, str], str]) -> list[dict[str, Any]]:
        """Return how each line looks: by colour the tag, or the batch where batches are laid over."""
        origins = list(dict.fromkeys((line.origin_ms, line.tag.split("/", 1)[0]) for line in lines))
        signals = list(dict.fromkeys(line.tag.split("/", 1)[1] for line in lines))
        colours = CHART_COLOURS[self._dark]
        found = []
        for number, line in enumerate(lines):
            unit, signal = line.tag.split("/", 1)
            tag = self._site.tags[line.tag]
            title = tag.display_name or tag.description or signal
            colour, dash, label = number, 0, f"{title} ({line.tag})"
            if line.origin_ms:
                colour, dash = origins.index((line.origin_ms, unit)), signals.index(signal)
                label = f"{labels[line.origin_ms, unit]}: {title}"
            found.append(
                {
                    "key": line.key,
                    "label": label,
                    "unit": tag.unit,
                    "colour": colours[colour % len(colours)],
                    "dash": _DASHES[dash % len(_DASHES)],
                    "width": 1.8,
                    "step": stairs(line.tag),
                    "digits": _digits(tag.format),
                }
            )
        return found

    def _shown(self, view: TrendView) -> dict[str, dict[str, Any]]:
        if view.over:
            return {}
        found = {}
        for name in view.tags:
            shown = self._live.show(name)
            holds = view.live and shown.state not in (State.STALE, State.NONE)
            found[name] = {
                "text": shown.text,
                "state": shown.state,
                "mark": shown.mark,
                "why": shown.why,
                "holds": holds,
            }
        return found


def _digits(pattern: str) -> int:
    """Return how many digits a format like `.2f` shows after the point."""
    digits = pattern.rpartition(".")[2].rstrip("abcdefghijklmnopqrstuvwxyzEFG%")
    return min(int(digits), 9) if digits.isdigit() else 2


def _now_ms() -> float:
    return time.time_ns() / _NS
