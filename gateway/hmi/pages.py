"""The addresses of the pages, and who gets to see them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app, ui

from gateway.hmi import login, overview, texts, unit
from gateway.hmi.alarms import AlarmsPage
from gateway.hmi.desk import Desk
from gateway.hmi.event_table import EventTable
from gateway.hmi.frame import Screen, frame
from gateway.hmi.health import HealthPage
from gateway.hmi.trend import TrendPage
from gateway.hmi.trend_view import parse

Builder = Callable[[Screen, Request], object]


def register(desk: Desk) -> None:
    """Register every page."""
    _page(desk, "/", lambda screen, _: overview.build(screen))
    _page(desk, "/unit/{name}", lambda screen, request: unit.build(screen, request.path_params["name"]))
    _page(
        desk, "/trend", lambda screen, request: TrendPage(screen, parse(request.query_params, _tags(screen)))
    )
    _page(desk, "/alarms", lambda screen, _: AlarmsPage(screen))
    _page(desk, "/events", lambda screen, _: _events(screen))
    _page(desk, "/health", lambda screen, _: HealthPage(screen))

    @ui.page("/login")
    def login_page(request: Request) -> None:
        address = request.client.host if request.client else "?"
        login.build(desk, _browser(), address, request.query_params.get("next", "/"))


def _page(desk: Desk, path: str, build: Builder) -> None:
    def page(request: Request) -> Response | None:
        here = request.url.path
        viewer = desk.viewer(_browser())
        if viewer is None:
            wanted = f"{here}?{request.url.query}" if request.url.query else here
            return RedirectResponse(f"/login?next={quote(wanted)}")
        frame(desk, viewer, here, lambda screen: build(screen, request))
        return None

    ui.page(path)(page)


def _browser() -> str:
    """Return the browser's identity, from its signed cookie."""
    return str(app.storage.browser["id"])


def _tags(screen: Screen) -> frozenset[str]:
    site = screen.desk.site
    return frozenset(name for name in site.tags if screen.viewer.sees(site.unit_of(name)))


def _events(screen: Screen) -> None:
    with ui.element("section").classes("hmi-card w-full"):
        EventTable(screen, texts.EVENTS)
