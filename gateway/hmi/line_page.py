"""The page of a filling line: state, speed, counters, effectiveness so far, weights, rejects, stops."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, Final

from nicegui import app, ui

from config.screens import FillingLineScreen
from gateway.historian.api import EventFilter, StoreError
from gateway.hmi import plate, texts
from gateway.hmi.alarm_rows import utc
from gateway.hmi.contexts import present_batch
from gateway.hmi.frame import Screen
from gateway.hmi.line_charts import histogram_options, pareto_options, run_options
from gateway.hmi.line_history import LineHistory, line_history, weighings
from gateway.hmi.machine_card import MachineCard
from gateway.hmi.marks import TYPES
from gateway.hmi.redraw import keep_drawn
from gateway.hmi.shown import age
from gateway.hmi.trend_data import CONTEXTS_BACK_NS
from gateway.hmi.widgets import Indicator, value_row
from gateway.packml.effectiveness import Effectiveness
from gateway.packml.intervals import Stop
from gateway.packml.states import state_name
from gateway.packml.weights import Capability, Limits, capability, histogram, pareto

_PERIOD_S: Final = 5.0
_MOST_STOPS: Final = 8
_SPAN_AT_FIRST: Final = "28800"


class LinePage:
    """One line in one browser."""

    def __init__(self, screen: Screen, unit: str, page: FillingLineScreen) -> None:
        """Make the page; what comes from the store follows."""
        self._screen, self._page = screen, page
        self._site, self._live = screen.desk.site, screen.desk.live
        chosen = app.storage.user.get(f"span:{unit}")
        self._span = chosen if chosen in texts.LINE_SPANS else _SPAN_AT_FIRST
        self._unit = unit
        self._looks = screen.looks
        with ui.element("div").classes("beside"):
            MachineCard(screen, unit, page)
            self._numbers_card()
        with ui.element("div").classes("tiles three-cards"):
            self._effectiveness_card()
            self._pareto = self._chart_card(texts.REJECTS, "rejects")
            self._stops_card()
        if page.weights is not None:
            self._weights_cards()
        keep_drawn(screen, self._figures, self._draw, _PERIOD_S)

    def _numbers_card(self) -> None:
        """Show speed and counters."""
        page, refresher = self._page, self._screen.refresher
        with ui.element("section").classes("hmi-card min-w-0"):
            ui.label(texts.SPEED_AND_COUNTERS).classes("section")
            for name in (page.speed, page.speed_set):
                if name is not None:
                    self._row(name, spark=name == page.speed)
            Indicator(self._live, page.speed, refresher, page.speed_set)
            counters = page.counters
            for name in (
                counters.consumed,
                counters.processed,
                counters.defective,
                *counters.others.values(),
            ):
                self._row(name)

    def _row(self, name: str, *, spark: bool = False) -> None:
        row = ui.element("div").props("tabindex=0 role=button").classes("touch")
        opened = partial(plate.show, self._screen, name)
        row.on("click", opened).on("keydown.enter", opened)
        with row:
            value_row(self._live, name, self._screen.refresher, spark=spark)

    def _effectiveness_card(self) -> None:
        with ui.element("section").classes("hmi-card min-w-0"):
            with ui.row().classes("items-center w-full"):
                ui.label(texts.OEE).classes("section")
                ui.space()
                spans = ui.toggle(texts.LINE_SPANS, value=self._span, on_change=self._choose_span)
                spans.props("unelevated no-caps toggle-color=grey-8")
            self._trouble = ui.label().classes("trouble").props("role=alert")
            self._figures = ui.html(sanitize=False).classes("w-full").props("data-oee")
            self._told = ui.label().classes("soft")

    async def _choose_span(self, event: Any) -> None:
        self._span = event.value
        app.storage.user[f"span:{self._unit}"] = event.value
        await self._draw()

    async def _begin_ns(self, now_ns: int) -> int | None:
        """Return from when on is shown; None for a batch of which nobody knows when it began.

        Raises:
            StoreError: the store cannot be reached.
        """
        if self._span != texts.THIS_BATCH:
            return now_ns - int(float(self._span) * 1e9)
        batch = self._live.subscriber.context(self._unit).batch
        if not batch:
            return None
        which = EventFilter(now_ns - CONTEXTS_BACK_NS, now_ns, TYPES["phases"], frozenset({self._unit}))
        found = present_batch(await self._screen.desk.stored.events(which), batch)
        return None if found is None else found.start_ns

    def _stops_card(self) -> None:
        with ui.element("section").classes("hmi-card min-w-0"):
            ui.label(texts.STOPS).classes("section")
            self._stops = ui.element("div").classes("figures four").props("data-stops")
            self._no_stops = ui.label(texts.NO_STOPS).classes("soft")

    def _chart_card(self, title: str, name: str) -> ui.echart:
        with ui.element("section").classes("hmi-card min-w-0"):
            ui.label(title).classes("section")
            return ui.echart({}).classes("w-full").style("height:15rem").props(f'data-chart="{name}"')

    def _weights_cards(self) -> None:
        page = self._page
        assert page.weights is not None
        with ui.element("div").classes("beside even"):
            self._histogram = self._chart_card(texts.WEIGHTS, "histogram")
            self._run = self._chart_card(texts.RUN_CHART, "run")
        with ui.element("section").classes("hmi-card w-full"):
            self._capability = ui.label().classes("font-bold").props("data-capability")
            with ui.element("div").classes("values"):
                for name in (page.weights.mean, page.weights.deviation, *page.weights.needles):
                    if name is not None:
                        value_row(self._live, name, self._screen.refresher)

    async def _draw(self) -> None:
        now_ns = time.time_ns()
        stored, weights = self._screen.desk.stored, self._page.weights
        try:
            begin_ns = await self._begin_ns(now_ns)
            found = (
                None
                if begin_ns is None
                else await line_history(stored, self._site, self._page, begin_ns, now_ns)
            )
            points = [] if weights is None else await weighings(stored, weights.last, now_ns)
        except StoreError as error:
            self._trouble.set_text(texts.NO_HISTORY.format(reason=error))
            return
        if self._figures.is_deleted:
            return
        self._trouble.set_text("")
        if found is not None and begin_ns is not None:
            self._show_history(found, begin_ns, now_ns)
        else:
            self._show_nothing()
        if weights is not None:
            self._show_weights(points, self._limits())

    def _show_nothing(self) -> None:
        """Leave no figure of another time in sight."""
        self._figures.set_content("")
        self._told.set_text(texts.NO_BATCH_NOW)
        _fill(self._pareto, {})
        self._stops.clear()
        self._no_stops.set_visibility(False)

    def _show_history(self, found: LineHistory, begin_ns: int, now_ns: int) -> None:
        self._figures.set_content(effectiveness_bars(found.figures))
        since = ""
        if self._span == texts.THIS_BATCH:
            batch = self._live.subscriber.context(self._unit).batch
            since = texts.BATCH_SINCE.format(batch=batch, since=utc(begin_ns))
        self._told.set_text(since + effectiveness_text(found.figures))
        unit = self._site.tags[self._page.counters.processed].unit
        _fill(self._pareto, pareto_options(pareto(found.rejects), unit, looks=self._looks))
        self._no_stops.set_visibility(not found.stops)
        self._stops.clear()
        speed = self._site.speed_of_tag(self._page.state)
        with self._stops:
            for stop in reversed(found.stops[-_MOST_STOPS:]):
                for text in self._stop(stop, now_ns, speed):
                    ui.label(text)

    def _stop(self, stop: Stop, now_ns: int, speed: float) -> tuple[str, str, str, str]:
        began = time.strftime("%H:%M:%S", time.gmtime(stop.start_ns / 1e9))
        reason = self._page.stop_reasons.get(stop.reason, "" if not stop.reason else str(stop.reason))
        lasts = texts.LASTS if now_ns - stop.end_ns < 1e9 else ""
        return began, state_name(stop.state) or texts.NO_VALUE, reason, age(stop.duration_s * speed) + lasts

    def _show_weights(self, points: list[tuple[float, float]], limits: Limits | None) -> None:
        import numpy as np

        assert self._page.weights is not None
        unit = self._site.tags[self._page.weights.last].unit
        weights = np.array([weight for _, weight in points])
        _fill(self._histogram, histogram_options(histogram(weights, limits), limits, unit, looks=self._looks))
        _fill(self._run, run_options(points, limits, unit, looks=self._looks))
        self._capability.set_text(capability_text(capability(weights, limits), limits, unit))

    def _limits(self) -> Limits | None:
        assert self._page.weights is not None
        target = self._live.number(self._page.weights.target)
        tolerance = self._live.number(self._page.weights.tolerance)
        return None if target is None or tolerance is None else Limits.around(target, tolerance)


def _fill(chart: ui.echart, options: dict[str, Any]) -> None:
    chart.options.clear()
    chart.options.update(options)
    chart.update()


def effectiveness_bars(figures: Effectiveness) -> str:
    """Return A, P, Q and OEE as bars from 0 to 100 %."""
    rows = (
        (texts.AVAILABILITY, figures.availability),
        (texts.PERFORMANCE_OF_LINE, figures.performance),
        (texts.QUALITY, figures.quality),
        (texts.OEE_SHORT, figures.oee),
    )
    parts = ['<div class="oee">']
    for title, share in rows:
        text = texts.NO_VALUE if share is None else f"{100.0 * share:.1f} %"
        width = 0.0 if share is None else min(max(share, 0.0), 1.0) * 100.0
        parts.append(
            f'<span>{title}</span><span class="oee-bar"><i style="width:{width:.1f}%"></i></span>'
            f'<b class="num">{text}</b>'
        )
    return "".join(parts) + "</div>"


def effectiveness_text(figures: Effectiveness) -> str:
    """Return what the figures were made of, in a line."""
    text = texts.OEE_OF.format(
        good=f"{figures.good:.0f}", total=f"{figures.total:.0f}",
        run=age(figures.run_s), planned=age(figures.planned_s),
    )  # fmt: skip
    if figures.unknown_s > 0.0:
        text += texts.OEE_UNKNOWN.format(time=age(figures.unknown_s))
    if figures.performance is not None and figures.performance > 1.005:
        text += texts.OEE_TOO_FAST
    return text


def capability_text(found: Capability, limits: Limits | None, unit: str) -> str:
    """Return how the weights lie within their limits, in a line."""
    if found.mean is None:
        return texts.NO_WEIGHTS
    parts = [texts.WEIGHED.format(count=found.count, mean=found.mean, unit=unit)]
    if found.deviation is not None:
        parts.append(texts.DEVIATION.format(deviation=found.deviation, unit=unit))
    if limits is not None:
        parts.append(texts.WEIGHT_LIMITS.format(low=limits.low, high=limits.high, unit=unit))
    if found.cpk is not None:
        parts.append(texts.CPK.format(cpk=found.cpk, outside=found.outside))
    return ", ".join(parts)
