"""What is around every page: navigation, the alarm banner, whether values are live, who is logged in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from nicegui import Client, app, ui

from gateway.commands.message import Kind
from gateway.hmi import texts
from gateway.hmi.alarm_book import RANK, AlarmLine, counts
from gateway.hmi.desk import Desk, NotAllowed, Viewer
from gateway.hmi.live import Link
from gateway.hmi.style import CSS
from gateway.hmi.widgets import Refresher, alarm_classes
from gateway.stream.mqtt_options import BrokerUnavailable
from gateway.subscriber import NoReply

DARK = "dark"


@dataclass(frozen=True, slots=True)
class Screen:
    """One page in one browser."""

    desk: Desk
    viewer: Viewer
    refresher: Refresher
    client: Client

    async def connected(self) -> None:
        """Wait until the browser is there."""
        await self.client.connected()

    async def command(self, what: str, kind: Kind, target: str, **fields: Any) -> bool:
        """Send a command for the viewer and tell them what became of it; return whether it was done."""
        try:
            reply = await self.desk.command(self.viewer.browser, kind, target, **fields)
        except NotAllowed as error:
            self._tell(str(error), "negative")
        except (NoReply, BrokerUnavailable):
            self._tell(texts.NO_ANSWER, "negative")
        else:
            if reply.accepted:
                self._tell(texts.DONE.format(what=what), "info")
                return True
            self._tell(texts.REFUSED.format(reason=reply.reason), "negative")
        return False

    def _tell(self, text: str, kind: Literal["negative", "info"]) -> None:
        """Show a text for a while; the dialog that asked may be closed by now, so it belongs to the page."""
        with self.client:
            ui.notify(text, type=kind, timeout=10_000 if kind == "negative" else 3_000)


def frame(desk: Desk, viewer: Viewer, here: str, build: Callable[[Screen], object]) -> None:
    """Make a page: head, then what `build` makes, then the timer that keeps it fresh."""
    desk.sessions.seen(viewer.browser, time.monotonic())
    screen = Screen(desk, viewer, Refresher(), ui.context.client)
    dress()
    with ui.header(wrap=True).classes("hmi-head items-center"):
        _navigation(screen, here)
        _banner(screen)
        _link(screen)
        _who(screen)
    build(screen)
    screen.refresher.start()


def dress() -> ui.dark_mode:
    """Give the page its looks."""
    ui.add_css(CSS)
    ui.colors(primary="#5b646c", info="#4d555d", negative="#8f1d8f")
    return ui.dark_mode(value=bool(app.storage.user.get(DARK, False)))


def _navigation(screen: Screen, here: str) -> None:
    site = screen.desk.site
    ui.label(site.site.display_name or site.site.name).classes("text-lg font-bold px-1")
    pages = [(texts.OVERVIEW, "/")]
    pages += [(site.units[u].display_name or u, f"/unit/{u}") for u in screen.desk.units(screen.viewer)]
    pages += [(texts.TRENDS, "/trend"), (texts.ALARMS, "/alarms"), (texts.EVENTS, "/events")]
    pages += [(texts.HEALTH, "/health")]
    with ui.row().classes("gap-0").props("role=navigation"):
        for title, path in pages:
            ui.link(title, path).classes("nav" + (" here" if path == here else ""))


def _banner(screen: Screen) -> None:
    """Show the most urgent alarm, and how many there are."""
    with ui.element("div").classes("banner").on("click", lambda: ui.navigate.to("/alarms")):
        mark = ui.label().classes("alarm-box")
        text = ui.label().classes("text")
        number = ui.label().classes("soft whitespace-nowrap")
    units = screen.desk.units(screen.viewer)
    book = screen.desk.live.alarms
    shown = -1

    def refresh() -> None:
        nonlocal shown
        if shown == book.version:
            return
        shown = book.version
        lines = book.lines(units)
        active, unacknowledged = counts(lines)
        mark.classes(remove="p-critical p-high p-medium p-low acked fresh")
        number.set_text(texts.ALARM_COUNTS.format(active=active, unacknowledged=unacknowledged))
        mark.set_text(str(RANK[lines[0].priority] + 1) if lines else "")
        text.set_text(describe(lines[0]) if lines else texts.NO_ALARMS)
        if lines:
            mark.classes(alarm_classes(lines[0]))

    screen.refresher.add(refresh)


def describe(line: AlarmLine) -> str:
    """Return an alarm in one line."""
    when = time.strftime("%H:%M:%S", time.gmtime(line.onset_ns / 1e9))
    return f"{when} {line.name} {texts.ALARM_TYPES[line.type]}: {texts.ALARM_STATES[line.state]}"


def _link(screen: Screen) -> None:
    label = ui.label().props("data-link")
    clock = ui.label().classes("soft num")

    def refresh() -> None:
        link = screen.desk.live.link
        label.set_text(texts.LINK[link])
        label.classes(*(("link-live",) if link is Link.LIVE else ("link-bad",)), remove="link-live link-bad")
        clock.set_text(time.strftime("%H:%M:%S UTC", time.gmtime()))

    screen.refresher.add(refresh)


def _who(screen: Screen) -> None:
    viewer = screen.viewer

    def lock() -> None:
        screen.desk.sessions.close(viewer.browser)
        ui.navigate.to("/login")

    def turn() -> None:
        app.storage.user[DARK] = not app.storage.user.get(DARK, False)
        ui.navigate.reload()

    ui.button(icon="contrast", on_click=turn, color=None).props(f'flat dense aria-label="{texts.DARK}"')
    if viewer.user is None:
        ui.link(texts.LOG_IN, "/login").classes("nav")
        return
    ui.label(f"{viewer.name} ({viewer.user.role})").classes("soft")
    ui.button(texts.LOG_OUT, icon="lock", on_click=lock, color=None).props("flat dense no-caps")
