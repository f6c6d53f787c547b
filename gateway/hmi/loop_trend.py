"""The last minutes of a loop: PV, set-point and output, live; it moves and zooms as any trend does."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.question import Question
from gateway.hmi.trend_feed import TrendFeed
from gateway.hmi.trend_view import TrendView
from gateway.hmi.widgets import Refresher

_SPAN_S: Final = 600.0


class LoopTrend:
    """The tab of a loop."""

    def __init__(self, screen: Screen, name: str, _refresher: Refresher, _question: Question) -> None:
        """Make it."""
        view = TrendView((screen.desk.site.loops[name].pv, f"{name}.sp", f"{name}.op"), _SPAN_S)
        with ui.element("div").classes("w-full trend-small").props("data-loop-trend"):
            TrendFeed(screen, view, self._moved)
        self._link = ui.link(texts.OPEN_TREND, view.to_path()).classes("nav")

    def _moved(self, view: TrendView) -> None:
        """Let the link lead to what is shown here."""
        self._link.props(f'href="{view.to_path()}"')
