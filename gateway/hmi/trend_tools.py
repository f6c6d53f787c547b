"""The tools around a trend: tags, lengths of time, marks, groups, batches laid over one another, files."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from nicegui import ui

from config.tags import TagKind
from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.presence import address_of
from gateway.hmi.trend_batches import lay_over
from gateway.hmi.trend_export import described, wanted_of
from gateway.hmi.trend_feed import TrendFeed
from gateway.hmi.trend_groups import GroupMenu
from gateway.hmi.trend_view import MARKS, TrendView, parse
from gateway.hmi.widgets import draggable

_LISTED: Final = 80
_CHIP: Final = """
<q-chip dense removable :tabindex="props.tabindex" @remove="props.removeAtIndex(props.index)">
{{ props.opt.label.split(" ")[0] }}</q-chip>
"""


class TrendTools:
    """The tools of one trend in one browser."""

    def __init__(self, screen: Screen, feed: TrendFeed) -> None:
        """Make them, inside the present slot."""
        self._screen, self._feed, self._go = screen, feed, feed.show
        site = screen.desk.site
        self._names = [
            name
            for name, tag in site.tags.items()
            if tag.kind is not TagKind.TEXT and screen.viewer.sees(site.unit_of(name))
        ]
        self._tags()
        self._times()
        self._more()
        self.refresh()

    def _view(self) -> TrendView:
        return self._feed.view

    def refresh(self) -> None:
        """Show what the view is now."""
        view = self._view()
        self._chosen.set_value(list(view.tags))
        self._live.classes(*(("here",) if view.live else ()), remove="here")
        for kind, button in self._marks.items():
            shown = kind in view.marks
            button.classes(*(("here",) if shown else ()), remove="here")
            button.props(f"aria-pressed={'true' if shown else 'false'}")
        self._by_time.set_visibility(bool(view.over))

    def add(self, name: str) -> None:
        """Add a tag that was dropped or chosen."""
        view = self._view()
        if name not in self._names:
            ui.notify(texts.NO_SUCH_TAG.format(name=name[:80]))
        elif name not in view.tags and view.with_tags([*view.tags, name]).tags == view.tags:
            ui.notify(texts.ENOUGH_TAGS)
        else:
            self._go(view.with_tags([*view.tags, name]))

    def _tags(self) -> None:
        site = self._screen.desk.site
        titles = {}
        for name in self._names:
            tag = site.tags[name]
            title = tag.display_name or tag.description
            titles[name] = f"{name}  {title} [{tag.unit}]" if title else f"{name} [{tag.unit}]"
        self._chosen = ui.select(
            titles, value=list(self._view().tags), label=texts.TAGS, multiple=True, with_input=True
        )
        self._chosen.props(f'use-chips dense outlined aria-label="{texts.TAGS}"').classes("grow")
        self._chosen.style("min-width:16.25rem; flex-basis:20rem")
        self._chosen.add_slot("selected-item", _CHIP)
        self._chosen.on_value_change(lambda event: self._go(self._view().with_tags(event.value)))
        with self._button(texts.TAG_LIST, None, icon="list"), ui.menu().props("persistent no-focus") as menu:
            self._list(menu, titles)

    def _list(self, menu: ui.menu, titles: dict[str, str]) -> None:
        """Make the list of tags that can be dragged onto the chart, or tapped."""
        with ui.column().classes("hmi-card gap-1").style("width:min(30rem, 92vw)"):
            with ui.row().classes("w-full items-center no-wrap"):
                search = ui.input(texts.SEARCH).props("dense outlined clearable autofocus").classes("grow")
                ui.button(icon="close", on_click=menu.close, color=None).props(
                    f'flat dense aria-label="{texts.CLOSE}"'
                )
            ui.label(texts.DRAG_TAGS).classes("soft")
            with ui.element("div").classes("trend-side") as side:
                pass

        listed: list[str] = []

        def fill() -> None:
            words = (search.value or "").lower().split()
            found = [n for n, title in titles.items() if all(word in title.lower() for word in words)]
            if found == listed:  # whoever presses one presses what stays
                return
            listed[:] = found
            side.clear()
            with side:
                for name in found[:_LISTED]:
                    with ui.element("div").classes("trend-tag").props("tabindex=0 role=button") as row:
                        draggable(row, name)
                        ui.label(titles[name])
                    row.on("click", lambda name=name: self.add(name))
                    row.on("keydown.enter", lambda name=name: self.add(name))
                if len(found) > _LISTED:
                    ui.label(texts.MORE_TAGS.format(number=len(found) - _LISTED)).classes("soft")

        search.on_value_change(fill)
        menu.on("show", fill)

    def _times(self) -> None:
        with ui.row().classes("gap-0 items-center"):
            for span_s, label in texts.SPANS.items():
                self._button(label, lambda s=span_s: self._span(s))
        with ui.row().classes("gap-0 items-center"):
            self._button(
                texts.EARLIER, lambda: self._go(self._view().moved(-0.5, _now_ms())), icon="chevron_left"
            )
            self._button(
                texts.LATER, lambda: self._go(self._view().moved(0.5, _now_ms())), icon="chevron_right"
            )
            self._live = self._button(texts.LIVE, lambda: self._go(self._view().following()))

    def _span(self, span_s: float) -> None:
        """Keep the middle where somebody looks at history, the right edge where they follow."""
        view = self._view()
        if view.live:
            self._go(view.with_span(span_s))
            return
        start, end = view.window_ms(_now_ms())
        middle = (start + end) / 2
        self._go(view.turned(middle - span_s * 500, middle + span_s * 500, _now_ms()))

    def _more(self) -> None:
        with ui.row().classes("gap-0 items-center").props(f'role=group aria-label="{texts.MARKS}"'):
            self._marks = {
                kind: self._button(
                    texts.MARK_KINDS[kind], lambda kind=kind: self._go(self._view().without_mark(kind))
                )
                for kind in MARKS
            }
        with ui.row().classes("gap-0 items-center"):
            self._button(texts.LAY_OVER, self._lay_over, icon="stacked_line_chart")
            self._by_time = self._button(texts.BY_TIME, lambda: self._go(self._view().laid_over(())))
            with self._button(texts.GROUPS, None, icon="folder"), ui.menu() as menu:
                groups = GroupMenu(self._screen, self._view, self._open)
            menu.on("show", groups.refresh)
            with self._button(texts.EXPORT, None, icon="download"), ui.menu():
                ui.menu_item(texts.EXPORT_CSV, self._csv)
                ui.menu_item(texts.EXPORT_PNG, lambda: self._picture("png"))
                ui.menu_item(texts.EXPORT_SVG, lambda: self._picture("svg"))
            self._button(texts.COPY_LINK, self._link, icon="link")

    def _button(self, label: str, on_click: Any, icon: str = "") -> ui.button:
        button = ui.button("" if icon else label, icon=icon or None, on_click=on_click, color=None)
        button.props("flat dense no-caps").classes("tool").style("min-width:2.75rem; min-height:2.75rem")
        if icon:
            button.props(f'aria-label="{label}"').tooltip(label)
        return button

    def _open(self, address: str) -> None:
        query = {
            key: values[0]
            for key, values in parse_qs(urlsplit(address).query, keep_blank_values=True).items()
        }
        self._go(parse(query, frozenset(self._names)))

    async def _lay_over(self) -> None:
        await lay_over(self._screen, self._feed.data, self._view(), self._go)

    def _shown(self) -> dict[str, str]:
        """Return what is shown as the query of a file."""
        view = self._view()
        query = parse_qs(urlsplit(view.to_path()).query)
        start, end = view.window_ms(_now_ms())
        flat = {key: values[0] for key, values in query.items() if key in ("tags", "over")}
        return {**flat, "from": f"{start:.6f}", "to": f"{end:.6f}"}

    def _csv(self) -> None:
        ui.download(f"/trend.csv?{urlencode(self._shown())}", "trend.csv")

    async def _picture(self, kind: str) -> None:
        """Let the browser save a picture, once it is on record."""
        parts = wanted_of(self._shown(), frozenset(self._screen.desk.site.tags))
        if parts is None:
            return
        desk, user = self._screen.desk, self._screen.viewer.name
        address = address_of(self._screen.client)
        await asyncio.to_thread(lambda: desk.record.exported(user, kind, described(parts), address=address))
        self._feed.chart.picture(kind, f"trend-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.{kind}")

    def _link(self) -> None:
        """Copy an address that shows this very stretch of time, also where the trend is live."""
        view, now = self._view(), _now_ms()
        fixed = view.fixed(now)
        ui.run_javascript(f"navigator.clipboard?.writeText(location.origin + {fixed.to_path()!r})")
        ui.notify(texts.LINK_COPIED)


def _now_ms() -> float:
    return time.time_ns() / 1e6
