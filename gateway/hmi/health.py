"""The health page: devices, scans, the way from report to store, services and clocks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from nicegui import ui

from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.health_figures import (
    clock_figures,
    device_rows,
    histogram,
    scan_figures,
    service_figures,
    stream_figures,
)

_DEVICES_EVERY_S: Final = 2.0
"""Their tags are counted by quality: that is some work."""


class HealthPage:
    """Health in one browser."""

    def __init__(self, screen: Screen) -> None:
        """Make the page."""
        self._live = screen.desk.live
        self._counted_s = float("-inf")
        with ui.element("section").classes("hmi-card w-full"):
            ui.label(texts.DEVICES).classes("section")
            columns = [
                {"name": name, "label": label, "field": name, "align": "left"}
                for name, label in texts.DEVICE_COLUMNS.items()
            ]
            self._devices = ui.table(columns=columns, rows=[], row_key="name").classes("w-full")
            self._devices.props("flat dense")
        with ui.element("div").classes("tiles"):
            self._scan, self._lateness, self._duration = (
                _Card(texts.ENGINE),
                _Histogram(texts.LATENESS),
                _Histogram(texts.DURATION),
            )
            self._stream, self._services, self._clocks = map(
                _Card, (texts.STREAM, texts.SERVICES, texts.CLOCKS)
            )
        screen.refresher.add(self._refresh)

    def _refresh(self) -> None:
        live, now_s = self._live, time.monotonic()
        subscriber, site = live.subscriber, live.site
        health = subscriber.gateway
        if now_s - self._counted_s >= _DEVICES_EVERY_S:
            self._counted_s = now_s
            rows = device_rows(site, health, live.show, live.latencies.of)
            if rows != self._devices.rows:
                self._devices.rows = rows
        self._scan.fill(scan_figures(health))
        self._lateness.fill(histogram(health, "lateness"))
        self._duration.fill(histogram(health, "duration"))
        self._stream.fill(stream_figures(site, health))
        self._services.fill(service_figures(subscriber, live.link, time.time_ns()))
        self._clocks.fill(clock_figures(site, health, subscriber.health_latency_s))


class _Card:
    """Figures by name, made anew only when there are others."""

    def __init__(self, title: str) -> None:
        with ui.element("section").classes("hmi-card min-w-0"):
            ui.label(title).classes("section")
            self._rows = ui.column().classes("w-full gap-0")
        self._labels: dict[str, ui.label] = {}

    def fill(self, figures: Mapping[str, str]) -> None:
        if list(figures) != list(self._labels):
            self._rows.clear()
            with self._rows:
                self._labels = {name: self._row(name) for name in figures}
        for name, text in figures.items():
            if self._labels[name].text != text:
                self._labels[name].set_text(text)

    @staticmethod
    def _row(name: str) -> ui.label:
        with ui.element("div").classes("value-row w-full"):
            ui.label(name).classes("name").style("white-space:normal")
            return ui.label().classes("num").style("max-width:none; white-space:normal; text-align:right")


class _Histogram:
    """Classes as bars, with their numbers."""

    def __init__(self, title: str) -> None:
        with ui.element("section").classes("hmi-card min-w-0"):
            ui.label(title).classes("section")
            self._html = ui.html(sanitize=False).classes("w-full")

    def fill(self, classes: Sequence[tuple[str, int, float]]) -> None:
        rows = "".join(
            f'<tr><th scope="row">{title}</th>'
            f'<td class="histogram-bar"><div style="width:{share:.1%}"></div></td>'
            f'<td class="num">{count:,}</td></tr>'
            for title, count, share in classes
        )
        self._html.set_content(f'<table class="histogram">{rows}</table>')
