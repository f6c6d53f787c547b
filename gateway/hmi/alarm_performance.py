"""How well alarms are managed at a console: the measures of ISA-18.2 and EEMUA 191 against their targets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from nicegui import ui

from gateway.alarms.kpi import Performance, Source, measure
from gateway.alarms.record import read_record
from gateway.alarms.stored import consoles, read_events, recorded_from
from gateway.alarms.targets import PRIORITY_SPLIT, TARGETS, Verdict, is_enough
from gateway.historian.api import StoreError
from gateway.historian.query import History
from gateway.hmi import texts
from gateway.hmi.alarm_rows import title, unit_title, utc
from gateway.hmi.alarms import tabs
from gateway.hmi.frame import Screen

_LOOK_BACK_NS: Final = 8 * 86400 * 10**9
"""What stood at the start of a time was raised before it."""
SPANS_S: Final = {28800: "8 h", 86400: "1 d", 604800: "7 d", 2592000: "30 d"}
_MARKS: Final = {Verdict.GOOD: "", Verdict.MANAGEABLE: "verdict-manageable", Verdict.BAD: "verdict-bad"}


def of_units(units: Sequence[str], from_ns: int, to_ns: int) -> Callable[[History], Performance]:
    """Return the question that measures the alarms of some units; slow where there were many."""

    def ask(history: History) -> Performance:
        record = read_record(read_events(history, from_ns - _LOOK_BACK_NS, to_ns))
        return measure(record, units, recorded_from(history, from_ns, to_ns), to_ns)

    return ask


class PerformancePage:
    """The measures of one console over a time, in one browser."""

    def __init__(self, screen: Screen) -> None:
        """Make the page."""
        tabs(screen, "/alarms/performance")
        self._screen = screen
        site, seen = screen.desk.site, screen.desk.units(screen.viewer)
        found = {name: [u for u in units if u in seen] for name, units in consoles(site).items()}
        self._consoles = {name: units for name, units in found.items() if units}
        configured = site.alarm_management.consoles
        names = {
            name: (configured[name].display_name or name) if name in configured else texts.ALL
            for name in self._consoles
        }
        with ui.row().classes("items-center w-full hmi-card"):
            self._console = ui.select(names, label=texts.CONSOLE, value=next(iter(names), None))
            self._span = ui.select(SPANS_S, label=texts.SPAN, value=86400)
            for choice in (self._console, self._span):
                choice.props("dense outlined").style("min-width:11.25rem").on_value_change(self._measure)
            self._state = ui.label().classes("soft").props("role=status")
        self._body = ui.element("div").classes("performance w-full")
        ui.timer(0.05, self._measure, once=True)

    async def _measure(self) -> None:
        if self._console.value is None:
            return
        wanted = self._console.value, self._span.value
        now_ns = time.time_ns()
        question = of_units(self._consoles[wanted[0]], now_ns - wanted[1] * 10**9, now_ns)
        self._state.set_text(texts.MEASURING)
        try:
            performance = await self._screen.desk.stored.ask(question)
        except StoreError as error:
            self._state.set_text(texts.NO_HISTORY.format(reason=error))
            return
        if wanted != (self._console.value, self._span.value):
            return
        self._state.set_text(
            texts.ALARMS_CALLED.format(number=performance.count)
            + ("" if is_enough(performance) else f"; {texts.TOO_FEW_DAYS}")
        )
        self._body.clear()
        with self._body:
            self._show(performance)

    def _show(self, performance: Performance) -> None:
        with _card(texts.MEASURES):
            _measures(performance)
        with _card(texts.TOP_TEN):
            self._top(performance.top)
        with _card(texts.PRIORITIES_CALLED):
            _priorities(performance)
        with _card(texts.NUISANCES):
            self._nuisances(performance)

    def _top(self, sources: Sequence[Source]) -> None:
        site = self._screen.desk.site
        for source in sources:
            name = f"{unit_title(site, site.unit_of(source.name))} · {title(site, source.name)}"
            _bar(name, f"{source.count} · {source.share:.1%}", source.share / max(s.share for s in sources))
        if not sources:
            ui.label(texts.NO_ALARMS).classes("soft")

    def _nuisances(self, performance: Performance) -> None:
        site = self._screen.desk.site
        chattering = [
            f"{name} ({texts.INDEX.format(index=index)})" for name, index in performance.chattering.items()
        ]
        floods = [
            texts.FLOOD.format(begin=utc(f.begin_ns), end=utc(f.end_ns), number=f.count)
            for f in performance.floods
        ]
        silenced = [f"{texts.ALARM_CAUSES[how]}: {count}" for how, count in performance.silenced.items()]
        for heading, found in (
            (texts.CHATTERING, chattering), (texts.FLEETING, performance.fleeting),
            (texts.STALE_ALARMS, performance.stale), (texts.FLOODS, floods), (texts.SILENCED, silenced),
        ):  # fmt: skip
            ui.label(f"{heading}: {len(found) if heading != texts.SILENCED else ''}".rstrip(": ")).classes(
                "section"
            )
            for each in found:
                known = f" {title(site, each)}" if each in site.alarms else ""
                ui.label(f"{each}{known}").classes("told")


def _card(heading: str) -> ui.element:
    card = ui.element("section").classes("hmi-card min-w-0")
    with card:
        ui.label(heading).classes("section").props("role=heading aria-level=2")
    return card


def _measures(performance: Performance) -> None:
    rows = []
    for number, target in enumerate(TARGETS):
        verdict = target.judge(performance)
        value, good, most = (
            f"{v:{target.form}}" for v in (target.value(performance), target.good, target.manageable)
        )
        rows.append(
            {
                "id": number, "measure": target.name, "value": value,
                "good": good, "most": most, "verdict": texts.VERDICTS[verdict], "classes": _MARKS[verdict],
            }
        )  # fmt: skip
    columns = [
        {"name": name, "label": label, "field": name, "align": "left" if name == "measure" else "right"}
        for name, label in texts.MEASURE_COLUMNS.items()
    ]
    table = ui.table(columns=columns, rows=rows, row_key="id").classes("w-full").props("flat dense")
    table.add_slot(
        "body-cell-verdict",
        """<q-td :props="props"><span :class="props.row.classes">{{ props.value }}</span></q-td>""",
    )


def _priorities(performance: Performance) -> None:
    for priority, share in performance.priorities.items():
        aim = texts.ABOUT.format(share=f"{PRIORITY_SPLIT[priority]:.0%}")
        _bar(texts.PRIORITIES[priority], f"{share:.1%} ({aim})", share)


def _bar(name: str, figure: str, share: float) -> None:
    """Draw a share of a whole, in words and as a bar."""
    with ui.element("div").classes("bar-row"):
        ui.label(name).classes("name")
        ui.label(figure).classes("num")
        with ui.element("div").classes("bar"):
            ui.element("div").style(f"width:{min(max(share, 0.0), 1.0) * 100:.1f}%")
