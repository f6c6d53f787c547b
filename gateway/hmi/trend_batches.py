"""The dialog in which batches or phases are chosen, to be laid over one another."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from nicegui import ui

from gateway.historian.api import StoreError
from gateway.hmi import texts
from gateway.hmi.contexts import Stretch, batches, phases
from gateway.hmi.frame import Screen
from gateway.hmi.trend_data import TrendData
from gateway.hmi.trend_view import TrendView

_BACK_NS: Final = 60 * 86_400 * 10**9


async def lay_over(screen: Screen, data: TrendData, view: TrendView, go: Callable[[TrendView], None]) -> None:
    """Let somebody choose batches or phases of any units; `go` shows the view with what they chose."""
    now_ns = time.time_ns()
    units = screen.desk.units(screen.viewer)
    try:
        events = await data.contexts(units, now_ns - _BACK_NS, now_ns)
    except StoreError as error:
        ui.notify(texts.NO_HISTORY.format(reason=error), type="negative")
        return
    levels = {"batch": batches(events), "phase": [each for each in phases(events) if each.phase]}
    with ui.dialog() as dialog, ui.card().classes("hmi-dialog").style("width:53.75rem"):
        ui.label(texts.LAY_OVER_TITLE).classes("section")
        level = ui.toggle(texts.LEVELS, value="batch").props("dense no-caps unelevated")
        search = ui.input(texts.SEARCH).props("dense outlined clearable")
        table = _table()
        table.bind_filter_from(search, "value", lambda text: text or "")
        with ui.row():
            lay = ui.button(texts.LAY_OVER, color=None).props("no-caps")
            ui.button(texts.CANCEL, on_click=dialog.close, color=None).props("flat no-caps")

    def fill() -> None:
        table.rows = _rows(levels[level.value], now_ns)
        chosen = set(map(str, view.over))
        table.selected = [row for row in table.rows if row["id"] in chosen]

    def done() -> None:
        chosen = {row["id"] for row in table.selected}
        runs = [stretch.run(now_ns) for stretch in levels[level.value]]
        dialog.close()
        go(view.laid_over(run for run in runs if str(run) in chosen))

    level.on_value_change(fill)
    lay.on_click(done)
    fill()
    dialog.on("hide", dialog.delete)
    dialog.open()


def _table() -> ui.table:
    columns = [
        {"name": name, "label": label, "field": name, "align": "left", "sortable": True}
        for name, label in texts.BATCH_COLUMNS.items()
    ]
    table = ui.table(columns=columns, rows=[], row_key="id", selection="multiple", pagination=10)
    return table.props("flat dense").classes("w-full")


def _rows(stretches: Sequence[Stretch], now_ns: int) -> list[dict[str, str]]:
    """Return a line for each batch or phase, the newest first."""
    return [
        {
            "id": str(stretch.run(now_ns)),
            "unit": stretch.unit,
            "campaign": stretch.campaign,
            "batch": stretch.batch,
            "phase": stretch.phase,
            "start": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(stretch.start_ns // 10**9)),
            "length": _length(stretch),
        }
        for stretch in sorted(stretches, key=lambda each: each.start_ns, reverse=True)
    ]


def _length(stretch: Stretch) -> str:
    if stretch.end_ns is None:
        return texts.GOES_ON
    minutes, seconds = divmod(round((stretch.end_ns - stretch.start_ns) / 1e9), 60)
    return f"{minutes // 60:d}:{minutes % 60:02d}:{seconds:02d}"
