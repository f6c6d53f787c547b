"""The trend page: any tags, live and back into history without a seam."""

from __future__ import annotations

from nicegui import ui

from gateway.hmi.frame import Screen
from gateway.hmi.trend_feed import TrendFeed
from gateway.hmi.trend_tools import TrendTools
from gateway.hmi.trend_view import TrendView


class TrendPage:
    """One trend in one browser; its address is what it shows."""

    def __init__(self, screen: Screen, view: TrendView) -> None:
        """Make the page."""
        self._screen = screen
        tools = ui.row().classes("w-full items-center hmi-card gap-1")
        with ui.element("section").classes("hmi-card w-full"):
            feed = TrendFeed(screen, view, self._changed)
        with tools:
            self._tools = TrendTools(screen, feed)
        feed.chart.on("dropped", lambda event: self._tools.add(str(event.args["tag"])))

    def _changed(self, view: TrendView) -> None:
        with self._screen.client:
            ui.navigate.history.replace(view.to_path())
        self._tools.refresh()
