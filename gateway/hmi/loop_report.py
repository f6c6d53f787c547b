"""How well a loop does: the figures of its last report."""

from __future__ import annotations

from typing import Any, Final

from nicegui import background_tasks, ui

from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.question import Question
from gateway.hmi.shown import age
from gateway.hmi.widgets import Refresher

_PERCENT: Final = ("service_percent", "normal_percent", "saturated_percent", "variability_percent")
_IN_PV: Final = ("mean_error", "mean_absolute_error")


def build_report(screen: Screen, name: str, refresher: Refresher, _: Question) -> None:
    """Make the tab of a loop."""
    site, latest = screen.desk.site, screen.desk.live.latest
    unit = site.tags[site.loops[name].pv].unit
    told = ui.label().classes("soft")
    with ui.element("div").classes("figures"):
        shown = {key: _line(title) for key, title in texts.FIGURES.items()}
    seen: dict[str, Any] | None = {}

    def refresh() -> None:
        nonlocal seen
        report = latest.of("loop_performance", name)
        if report is seen:
            return
        seen = report
        if report is None:
            told.set_text(texts.NO_REPORT.format(every=age(site.gateway.loop_report)))
            return
        told.set_text(texts.REPORTED.format(time=report["time"][:19], span=age(report["duration_s"])))
        for key, number in shown.items():
            number.set_text(figure(key, report[key], unit))

    refresher.add(refresh)
    background_tasks.create(latest.look_back("loop_performance", site.unit_of(name)), name="loop report")


def _line(title: str) -> ui.label:
    ui.label(title)
    return ui.label().classes("num")


def figure(key: str, value: float | bool | None, unit: str) -> str:
    """Return a figure of a report as people read it."""
    if value is None:
        return texts.NO_VALUE
    if isinstance(value, bool):
        return texts.YES if value else texts.NO
    suffix = "%" if key in _PERCENT else unit if key in _IN_PV else ""
    return f"{value:.3g} {suffix}".rstrip()
