"""The faceplate of a loop: what it does now, why it may not, and the way to command it."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from nicegui import ui

from gateway.hmi import texts
from gateway.hmi.bars import Bar, bars
from gateway.hmi.frame import Screen
from gateway.hmi.limits import output_limits, set_point_limits
from gateway.hmi.loop_controls import LoopControls
from gateway.hmi.loop_guards import build_guards
from gateway.hmi.loop_profiles import build_profiles
from gateway.hmi.loop_report import build_report
from gateway.hmi.loop_trend import LoopTrend
from gateway.hmi.loop_tuning import build_tuning
from gateway.hmi.question import Question
from gateway.hmi.scales import range_of, scale_of
from gateway.hmi.widgets import AlarmMark, Indicator, ModeText, Refresher, ValueText, loop_title

Tab = Callable[[Screen, str, Refresher, Question], object]
_TABS: dict[str, Tab] = {
    texts.OPERATE: LoopControls,
    texts.TREND_OF_LOOP: LoopTrend,
    texts.GUARDS: build_guards,
    texts.TUNING: build_tuning,
    texts.PERFORMANCE: build_report,
    texts.PROFILES: build_profiles,
}


def show(screen: Screen, name: str) -> None:
    """Open the faceplate of a loop."""
    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("hmi-dialog faceplate"):
        refresher = Refresher()
        _head(screen, name, refresher, dialog.close)
        with ui.element("div").classes("faceplate-body"):
            with ui.element("div").classes("faceplate-bars"):
                _bars(screen, name, refresher)
            with ui.element("div").classes("faceplate-tabs"):
                _tabs(screen, name, refresher)
        refresher.start()
    dialog.props(f'aria-label="{loop_title(screen.desk.site, name)}"').on("hide", dialog.delete)
    dialog.open()


def _tabs(screen: Screen, name: str, refresher: Refresher) -> None:
    has_profiles = any(profile.loop == name for profile in screen.desk.site.profiles.values())
    titles = [title for title in _TABS if title != texts.PROFILES or has_profiles]
    with ui.tabs().props("dense no-caps align=left inline-label outside-arrows").classes("w-full") as tabs:
        for title in titles:
            ui.tab(title)
    question = Question(screen)
    with ui.tab_panels(tabs, value=texts.OPERATE, animated=False).classes("w-full panels"):
        for title in titles:
            with ui.tab_panel(title):
                _TABS[title](screen, name, refresher, question)


def _head(screen: Screen, name: str, refresher: Refresher, close: Callable[[], object]) -> None:
    live, loop = screen.desk.live, screen.desk.site.loops[name]
    with ui.row().classes("items-center w-full no-wrap"):
        ui.label(loop_title(screen.desk.site, name)).classes("text-lg font-bold")
        ui.label(name).classes("soft")
        AlarmMark(lambda: live.alarms.by_tag().get(loop.pv), refresher)
        ui.space()
        ModeText(live, name, refresher)
        ui.button(texts.CLOSE, on_click=close, color=None).props("flat no-caps").classes("big")


def _bars(screen: Screen, name: str, refresher: Refresher) -> None:
    """Draw PV, SP and OP with their limits, and write them below."""
    live, site = screen.desk.live, screen.desk.site
    loop = site.loops[name]
    drawing = ui.html(sanitize=False)
    scale = scale_of(site, loop.pv)
    low, high = (scale.low, scale.high) if scale is not None else range_of(site.tags[loop.pv])
    if not (isfinite(low) and isfinite(high)):
        low, high = set_point_limits(site, name)
    out_low, out_high = range_of(site.tags[loop.output])

    def refresh() -> None:
        pv, sp, op = (live.number(tag) for tag in (loop.pv, f"{name}.sp", f"{name}.op"))
        band = None if scale is None else (scale.band_low, scale.band_high)
        outer = () if scale is None else scale.outer
        drawn = [
            Bar(texts.PV, low, high, pv, band, outer, mark=sp),
            Bar(texts.SP, low, high, sp, set_point_limits(site, name)),
            Bar(texts.OP, out_low, out_high, op, output_limits(site, name)),
        ]
        drawing.set_content(bars(drawn))
        drawing.classes(*(() if live.holds(loop.pv) else ("old",)), remove="old")

    refresher.add(refresh)
    for label, tag in ((texts.PV, loop.pv), (texts.SP, f"{name}.sp"), (texts.OP, f"{name}.op")):
        with ui.row().classes("items-baseline w-full no-wrap gap-1 text-lg"):
            ui.label(label).classes("soft w-8")
            ValueText(live, tag, refresher)
    Indicator(live, loop.pv, refresher, f"{name}.sp")
