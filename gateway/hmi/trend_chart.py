"""The chart of a trend: its points live in the browser, the server sends what is missing there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from gateway.hmi import texts

_CSS: Final = Path(__file__).with_name("trend.css").read_text(encoding="utf-8")
_ECHARTS: Final = ui.echart  # brings the library, which the component imports


class TrendChart(Element, component="trend_chart.js", esm={"cellgate-trend": "trend_js"}):
    """Draws traces, marks and cursors; emits `ready`, `turned`, `cursors` and `present`."""

    def __init__(self) -> None:
        """Make an empty chart."""
        super().__init__()
        ui.add_css(_CSS)
        self._props["words"] = texts.TREND_WORDS
        self._props["data-trend"] = True

    def load(self, picture: dict[str, Any]) -> None:
        """Show this instead of what is shown."""
        self.run_method("load", picture)

    def append(self, news: dict[str, Any]) -> None:
        """Add what was reported since."""
        self.run_method("append", news)

    def show(self, window_ms: tuple[float, float]) -> None:
        """Show another stretch of time of what is there already."""
        self.run_method("show", list(window_ms))

    def picture(self, kind: str, name: str) -> None:
        """Let the browser save a picture.

        Args:
            kind: `png` or `svg`.
            name: of the file.
        """
        self.run_method("picture", kind, name)
