"""The health page: devices, engine, the way from report to store, and the services."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.shown import age


class HealthPage:
    """Health in one browser."""

    def __init__(self, screen: Screen) -> None:
        """Make the page."""
        self._live = screen.desk.live
        with ui.element("section").classes("hmi-card w-full"):
            ui.label(texts.DEVICES).classes("section")
            columns = [
                {"name": name, "label": label, "field": name, "align": "left"}
                for name, label in texts.DEVICE_COLUMNS.items()
            ]
            self._devices = ui.table(columns=columns, rows=[], row_key="name").classes("w-full")
            self._devices.props("flat dense")
        with ui.element("div").classes("tiles"):
            self._cards = {title: _Card(title) for title in (texts.ENGINE, texts.STREAM, texts.SERVICES)}
        screen.refresher.add(self._refresh)

    def _refresh(self) -> None:
        health = self._live.subscriber.gateway
        rows = device_rows(health, {n: d.display_name for n, d in self._live.site.devices.items()})
        if rows != self._devices.rows:
            self._devices.rows = rows
        self._cards[texts.ENGINE].fill(
            {
                **health.get("engine", {}),
                **{f"loop lag {k}, ms": v for k, v in health.get("loop_lag_ms", {}).items()},
            }
        )
        journal, forward = health.get("journal", {}), health.get("forward", {})
        stream = {f"journal {k}": journal[k] for k in ("points", "events", "bytes", "lost") if k in journal}
        stream |= {f"forward {k}": v for k, v in forward.items() if isinstance(v, int | float)}
        self._cards[texts.STREAM].fill(stream)
        self._cards[texts.SERVICES].fill(self._services(health))

    def _services(self, health: Mapping[str, Any]) -> dict[str, Any]:
        subscriber = self._live.subscriber
        found: dict[str, Any] = {
            "broker": "connected" if subscriber.client.connected else "LOST",
            "gateway": texts.LINK[self._live.link],
            "configuration": health.get("config", texts.NO_VALUE),
            "messages not understood": subscriber.malformed,
        }
        for name, historian in subscriber.historians.items():
            heard = age((time.time_ns() - historian.get("time_ns", 0)) / 1e9)
            well = "well" if historian.get("well") else "NOT WELL"
            found[f"{name}"] = f"{well if historian.get('online') else 'OFFLINE'}, heard {heard} ago"
            found[f"{name}: points stored"] = historian.get("points_stored", 0)
            found[f"{name}: waiting for store"] = historian.get("hot", {}).get("waiting_for_store", 0)
        return found


def device_rows(health: Mapping[str, Any], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a line for each device."""
    devices: Mapping[str, Mapping[str, Any]] = health.get("acquisition", {}).get("devices", {})
    return [
        {
            "name": f"{titles.get(name) or ''} ({name})",
            "state": str(device["state"]),
            "age": texts.NO_VALUE if device["age_s"] is None else f"{device['age_s']:.1f} s",
            "samples": f"{device['samples']:,}",
            "written": f"{device['written']:,}",
            "failed": device["write_failures"],
            "reason": device["reason"] or "",
        }
        for name, device in devices.items()
    ]


class _Card:
    """Figures by name, made anew only when there are others."""

    def __init__(self, title: str) -> None:
        with ui.element("section").classes("hmi-card min-w-0"):
            ui.label(title).classes("section")
            self._rows = ui.column().classes("w-full gap-0")
        self._labels: dict[str, ui.label] = {}

    def fill(self, figures: Mapping[str, Any]) -> None:
        if list(figures) != list(self._labels):
            self._rows.clear()
            with self._rows:
                self._labels = {name: self._row(name) for name in figures}
        for name, value in figures.items():
            text = f"{value:,}" if isinstance(value, int | float) else str(value)
            if self._labels[name].text != text:
                self._labels[name].set_text(text)

    @staticmethod
    def _row(name: str) -> ui.label:
        with ui.element("div").classes("value-row w-full"):
            ui.label(name.replace("_", " ")).classes("name")
            return ui.label().classes("num").style("max-width:none")
