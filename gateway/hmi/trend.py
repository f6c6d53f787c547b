"""The trend page: any tags, live and back into history without a seam."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from nicegui import app, background_tasks, ui

from config.tags import TagKind
from gateway.historian.api import StoreError
from gateway.hmi import texts
from gateway.hmi.chart_options import gap_s, options, points
from gateway.hmi.frame import DARK, Screen
from gateway.hmi.trend_view import TrendView
from gateway.hmi.widgets import value_row

_BUCKETS: Final = 300
"""In the stretch that is shown; what lies on both sides of it has as many each."""
_LEISURE: Final = 5.0
"""A live trend rests this many times as long as its last question to the store took."""


class TrendPage:
    """One trend in one browser."""

    def __init__(self, screen: Screen, view: TrendView) -> None:
        """Make the page."""
        self._screen, self._view = screen, view
        self._site = screen.desk.site
        self._dark = bool(app.storage.user.get(DARK, False))
        self._wanted = asyncio.Event()
        self._window = view.window_ms(_now_ms())
        self._took_s = 0.0
        self._tools()
        self._trouble = ui.label().classes("font-bold").style("color:var(--bad)").props("role=alert")
        self._chart = ui.echart({}).classes("hmi-card w-full").style("height:max(340px, calc(100vh - 330px))")
        self._chart.props("data-trend").on("chart:datazoom", self._zoomed, ["batch", "start", "end"])
        self._legend()
        self._task = background_tasks.create(self._draw_again_and_again(), name="trend")
        ui.context.client.on_delete(self._task.cancel)

    def _tools(self) -> None:
        site, viewer = self._site, self._screen.viewer
        names = [
            name
            for name, tag in site.tags.items()
            if tag.kind is not TagKind.TEXT and viewer.sees(site.unit_of(name))
        ]
        with ui.row().classes("w-full items-center hmi-card"):
            chosen = ui.select(
                names, value=list(self._view.tags), label=texts.TAGS, multiple=True, with_input=True
            )
            chosen.props("use-chips dense outlined").classes("grow").style("min-width:280px")
            chosen.on_value_change(lambda event: self._go(self._view.with_tags(event.value)))
            with ui.row().classes("gap-0 items-center"):
                for span_s, label in texts.SPANS.items():
                    self._button(label, lambda s=span_s: self._go(self._view.with_span(s)))
            with ui.row().classes("gap-0 items-center"):
                self._button("◀", lambda: self._go(self._view.moved(-0.5, _now_ms())), texts.EARLIER)
                self._button("▶", lambda: self._go(self._view.moved(0.5, _now_ms())), texts.LATER)
                self._live = self._button(
                    texts.LIVE, lambda: self._go(TrendView(self._view.tags, self._view.span_s))
                )

    def _button(self, text: str, on_click: Any, label: str = "") -> ui.button:
        button = ui.button(text, on_click=on_click, color=None).props("flat dense no-caps").classes("tool")
        if label:
            button.props(f'aria-label="{label}"').tooltip(label)
        return button.style("min-width:40px; min-height:36px")

    @ui.refreshable_method
    def _legend(self) -> None:
        with ui.element("div").classes("values hmi-card"):
            if not self._view.tags:
                ui.label(texts.NO_TAGS)
            for name in self._view.tags:
                value_row(self._screen.desk.live, name, self._screen.refresher)

    def _go(self, view: TrendView) -> None:
        """Show something else; the address follows."""
        tags_changed = view.tags != self._view.tags
        self._view = view
        ui.navigate.history.replace(view.to_path())
        if tags_changed:
            self._legend.refresh()
        self._wanted.set()

    def _zoomed(self, event: Any) -> None:
        """Ask for finer (or coarser) buckets over what the browser zoomed or moved to."""
        zoom = (event.args.get("batch") or [event.args])[0]
        start, end = self._window
        span = end - start
        first, length = start - span, 3 * span
        low, high = zoom.get("start"), zoom.get("end")
        if low is None or high is None:
            return
        self._go(self._view.zoomed(first + length * low / 100, first + length * high / 100, _now_ms()))

    async def _draw_again_and_again(self) -> None:
        await self._screen.connected()
        while True:
            self._wanted.clear()
            began = time.monotonic()
            await self._draw(self._view)
            self._took_s = time.monotonic() - began
            try:
                async with asyncio.timeout(self._period_s()):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    def _period_s(self) -> float | None:
        """Return when to draw again by itself: as often as the picture can show a difference."""
        if not self._view.live or not self._view.tags:
            return None
        return max(min(max(self._view.span_s / _BUCKETS, 1.0), 30.0), _LEISURE * self._took_s)

    async def _draw(self, view: TrendView) -> None:
        now_ms = _now_ms()
        window = view.window_ms(now_ms)
        span = window[1] - window[0]
        trouble = ""
        lines: list[Any] = [[] for _ in view.tags]
        if view.tags:
            from_ns, to_ns = (window[0] - span) * 1_000_000, min(window[1] + span, now_ms) * 1_000_000
            count = max(round(_BUCKETS * (to_ns - from_ns) / (span * 1e6)), 1)
            try:
                found = await self._screen.desk.stored.buckets(view.tags, from_ns, to_ns, count)
            except StoreError as error:
                trouble = texts.NO_HISTORY.format(reason=error)
            else:
                lines = [points(b, gap_s(self._site, n)) for n, b in zip(view.tags, found, strict=True)]
                for name, line in zip(view.tags, lines, strict=True) if view.live else ():
                    value = self._screen.desk.live.good_number(name)
                    if line and value is not None:
                        line.append([now_ms, value])  # what is reported by exception holds until it changes
        if view is not self._view or self._chart.is_deleted:
            return
        self._window = window
        self._trouble.set_text(trouble)
        self._live.classes(*(("here",) if view.live else ()), remove="here")
        self._chart.options.clear()
        self._chart.options.update(options(self._site, view.tags, lines, window, dark=self._dark))
        self._chart.update()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
