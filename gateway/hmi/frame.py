"""What is around every page: navigation, the alarm banner, whether values are live, who is logged in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from nicegui import Client, app, ui

from gateway.commands.message import Kind
from gateway.hmi import texts
from gateway.hmi.banner import Banner
from gateway.hmi.desk import Desk, NotAllowed, Viewer
from gateway.hmi.live import Link
from gateway.hmi.looks import POINTER, Looks, Size
from gateway.hmi.presence import WhoIsThere
from gateway.hmi.style import CSS, SCRIPT, WALL
from gateway.hmi.widgets import Refresher
from gateway.stream.mqtt_options import BrokerUnavailable
from gateway.subscriber import NoReply

HISTORY: Final = frozenset({"/trend", "/events", "/alarms/journal", "/alarms/performance"})
"""Pages that look back: those who see the present alone do not have them."""
_UNITS_APART: Final = 6
"""More units than this share one menu."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One page in one browser."""

    desk: Desk
    viewer: Viewer
    refresher: Refresher
    client: Client
    looks: Looks

    async def connected(self) -> None:
        """Wait until the browser is there."""
        await self.client.connected()

    async def command(self, what: str, kind: Kind, target: str, **fields: Any) -> bool:
        """Send a command for the viewer and tell them what became of it; return whether it was done."""
        try:
            reply = await self.desk.command(self.viewer, kind, target, **fields)
        except NotAllowed as error:
            self._tell(str(error), "negative")
        except (NoReply, BrokerUnavailable):
            self._tell(texts.NO_ANSWER, "negative")
        else:
            if reply.accepted:
                # A page of alarms may be done in part: then the reason names the rest.
                self._tell(f"{texts.DONE.format(what=what)} {reply.reason}".strip(), "info")
                return True
            self._tell(texts.REFUSED.format(reason=reply.reason), "negative")
        return False

    def _tell(self, text: str, kind: Literal["negative", "info"]) -> None:
        """Show a text for a while; the dialog that asked may be closed by now, so it belongs to the page."""
        with self.client:
            ui.notify(text, type=kind, timeout=10_000 if kind == "negative" else 3_000)


def frame(desk: Desk, viewer: Viewer, here: str, build: Callable[[Screen], object]) -> None:
    """Make a page: head, then what `build` makes, then the timer that keeps it fresh."""
    desk.sessions.seen(viewer.browser, time.time())
    client = ui.context.client
    looks = desk.looks.here(viewer.name, app.storage.user, client.request.cookies.get(POINTER, ""))
    screen = Screen(desk, viewer, Refresher(), client, looks)
    dress(screen.looks)
    with ui.header(wrap=True).classes("hmi-head items-center"):
        _navigation(screen, here)
        with ui.element("div").classes("hmi-status"):
            Banner(desk, viewer, screen.refresher)
            _link(screen)
            WhoIsThere(desk, viewer, screen.refresher)
    with ui.element("div").classes("hmi-main"):
        build(screen)
    screen.refresher.start()


def dress(looks: Looks) -> None:
    """Give the page its looks, and what it does by itself."""
    ui.add_css(
        f"html {{ font-size:{100 * looks.size.scale:g}%; }}\n{CSS}{WALL if looks.size is Size.WALL else ''}"
    )
    ui.add_body_html(f"<script>{SCRIPT}\nhmi.clock({time.time_ns() // 1_000_000});</script>")
    ui.colors(primary="#5b646c", info="#4d555d", negative="#8f1d8f")
    ui.dark_mode(value=looks.dark)


def _navigation(screen: Screen, here: str) -> None:
    site = screen.desk.site
    ui.label(site.site.display_name or site.site.name).classes("text-lg font-bold px-1").props(
        "role=heading aria-level=1"
    )
    units = [(site.units[u].display_name or u, f"/unit/{u}") for u in screen.desk.units(screen.viewer)]
    with ui.element("nav").classes("row").props(f'aria-label="{texts.PAGES}"'):
        _page(texts.OVERVIEW, "/", here)
        if len(units) > _UNITS_APART:
            shown = next((title for title, path in units if path == here), texts.UNITS)
            with ui.button(shown, color=None).props("flat no-caps icon-right=expand_more"), ui.menu():
                for title, path in units:
                    ui.menu_item(title, lambda path=path: ui.navigate.to(path))
        else:
            for title, path in units:
                _page(title, path, here)
        for title, path in (
            (texts.TRENDS, "/trend"), (texts.ALARMS, "/alarms"),
            (texts.EVENTS, "/events"), (texts.HEALTH, "/health"),
        ):  # fmt: skip
            if screen.viewer.history or path not in HISTORY:
                _page(title, path, here)


def _page(title: str, path: str, here: str) -> None:
    link = ui.link(title, path).classes("nav")
    if path == here or (path != "/" and here.startswith(f"{path}/")):
        link.classes("here").props("aria-current=page")


def _link(screen: Screen) -> None:
    label = ui.label().props("data-link role=status")
    clock = ui.label().classes("soft num")

    def refresh() -> None:
        link = screen.desk.live.link
        label.set_text(texts.LINK[link])
        label.classes(*(("link-live",) if link is Link.LIVE else ("link-bad",)), remove="link-live link-bad")
        clock.set_text(time.strftime("%H:%M:%S UTC", time.gmtime()))

    screen.refresher.add(refresh)
