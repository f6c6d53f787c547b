"""The addresses of the pages, and who gets to see them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from nicegui import app, ui

from gateway.hmi import login, overview, texts, unit
from gateway.hmi.alarm_journal import JournalFilter, JournalPage
from gateway.hmi.alarm_performance import PerformancePage
from gateway.hmi.alarm_rows import AlarmFilter
from gateway.hmi.alarms import SilentPage, SummaryPage
from gateway.hmi.desk import Desk
from gateway.hmi.event_log import EventLog
from gateway.hmi.event_view import WHOLE_GATEWAY, EventView
from gateway.hmi.frame import HISTORY, Screen, frame
from gateway.hmi.health import HealthPage
from gateway.hmi.trend import TrendPage
from gateway.hmi.trend_export import csv_lines, described, wanted_of
from gateway.hmi.trend_view import parse

Builder = Callable[[Screen, Request], object]


def register(desk: Desk) -> None:
    """Register every page."""
    _page(desk, "/", lambda screen, _: overview.build(screen))
    _page(desk, "/unit/{name}", lambda screen, request: unit.build(screen, request.path_params["name"]))
    _page(
        desk, "/trend", lambda screen, request: TrendPage(screen, parse(request.query_params, _tags(screen)))
    )
    _register_csv(desk)
    _page(
        desk, "/alarms",
        lambda screen, request: SummaryPage(screen, AlarmFilter.parse(request.query_params.items())),
    )  # fmt: skip
    _page(desk, "/alarms/silent", lambda screen, _: SilentPage(screen))
    _page(
        desk, "/alarms/journal",
        lambda screen, request: JournalPage(screen, JournalFilter.parse(request.query_params)),
    )  # fmt: skip
    _page(desk, "/alarms/performance", lambda screen, _: PerformancePage(screen))
    _page(
        desk,
        "/events",
        lambda screen, request: EventLog(screen, EventView.parse(request.query_params, _units(screen))),
    )
    _page(desk, "/health", lambda screen, _: HealthPage(screen))

    @ui.page("/login")
    def login_page(request: Request) -> None:
        login.build(desk, _browser(), request.query_params.get("next", "/"))


def _register_csv(desk: Desk) -> None:
    @app.get("/trend.csv")
    async def trend_csv(request: Request) -> Response:
        viewer = desk.viewer(_browser())
        if viewer is None or not viewer.history:
            return Response(texts.LOGIN_TO_ACT, status_code=401)
        known = frozenset(n for n in desk.site.tags if viewer.sees(desk.site.unit_of(n)))
        wanted = wanted_of(request.query_params, known)
        if wanted is None:
            return Response(texts.NOTHING_TO_EXPORT, status_code=400)
        address = request.client.host if request.client is not None else "?"
        what = described(wanted)
        # On record before it leaves: where that cannot be written, nothing leaves.
        await asyncio.to_thread(lambda: desk.record.exported(viewer.name, "csv", what, address=address))
        headers = {"Content-Disposition": 'attachment; filename="trend.csv"'}
        lines = csv_lines(desk.site, desk.stored, wanted)
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _page(desk: Desk, path: str, build: Builder) -> None:
    def page(request: Request) -> Response | None:
        here = request.url.path
        viewer = desk.viewer(_browser())
        if viewer is None:
            wanted = f"{here}?{request.url.query}" if request.url.query else here
            return RedirectResponse(f"/login?next={quote(wanted)}")
        if here in HISTORY and not viewer.history:
            return RedirectResponse("/")
        frame(desk, viewer, here, lambda screen: build(screen, request))
        return None

    ui.page(path)(page)


def _browser() -> str:
    """Return the browser's identity, from its signed cookie."""
    return str(app.storage.browser["id"])


def _tags(screen: Screen) -> frozenset[str]:
    site = screen.desk.site
    return frozenset(name for name in site.tags if screen.viewer.sees(site.unit_of(name)))


def _units(screen: Screen) -> frozenset[str]:
    units = screen.desk.units(screen.viewer)
    all_seen = len(units) == len(screen.desk.site.units)
    return frozenset(units) | ({WHOLE_GATEWAY} if all_seen else set())
