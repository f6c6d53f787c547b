"""The HMI service: pages on a web server of its own, fed by one subscriber for all browsers."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nicegui
import uvicorn
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from nicegui import ui
from nicegui.storage import Storage

from config.site import Site
from gateway import supervisor
from gateway.hmi import pages, texts
from gateway.hmi.access_record import AccessRecord
from gateway.hmi.accounts import accounts_of, folder_of
from gateway.hmi.desk import Desk
from gateway.hmi.figures import register_figures
from gateway.hmi.groups import groups_of
from gateway.hmi.kept_files import KeptFiles
from gateway.hmi.live import Live
from gateway.hmi.looks import looks_of
from gateway.hmi.sessions import Sessions
from gateway.hmi.stored import Stored

_RECONNECT_S = 15.0
"""A page whose browser was away for less goes on as it was: tablets change their access point."""
_COLLECT: Final = (50_000, 20, 50)
_COMPRESSION: Final = 1
"""Of 9: a page is packed each time that it is made."""


@dataclass(frozen=True, slots=True)
class HmiOptions:
    """Where and how it serves."""

    host: str = "127.0.0.1"
    port: int = 8080


async def run_hmi(site: Site, data: Path, options: HmiOptions) -> None:
    """Serve until SIGTERM or SIGINT."""
    # A page is some thousands of objects at once: looking through all of them for what can go, again
    # and again while it is made, takes nearly as long as making it.
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    stored = Stored(site.streams, data)
    live, folder = Live(site, stored), folder_of(data)
    desk = Desk(
        site=site,
        live=live,
        stored=stored,
        accounts=accounts_of(data),
        sessions=Sessions(folder / "sessions.json", site.hmi.lock_after, site.hmi.sign_out_after),
        record=AccessRecord(data, site),
        groups=groups_of(data),
        looks=looks_of(data),
    )
    server = uvicorn.Server(
        uvicorn.Config(
            web_application(desk, folder),
            host=options.host,
            port=options.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
            ws="websockets-sansio",
        )
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    watchdog = asyncio.create_task(_tell(server), name="hmi watchdog")
    try:
        async with live.following():
            await server.serve()
    finally:
        watchdog.cancel()
        await asyncio.gather(watchdog, return_exceptions=True)
        await stored.close()


async def _tell(server: uvicorn.Server) -> None:
    """Tell systemd when the pages can be opened, and from then on that they still can."""
    while not server.started:
        await asyncio.sleep(0.05)
    supervisor.tell(supervisor.READY)
    await supervisor.stay_alive()


def web_application(desk: Desk, folder: Path) -> FastAPI:
    """Return the application with all pages."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # What browsers prefer is kept in our folder, not in the working directory.
    Storage.path = (folder / "preferences").resolve()
    pages.register(desk)
    application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    register_figures(application, desk)
    settings: dict[str, Any] = {
        "same_site": "strict",
        "max_age": 30 * 86400,
        "https_only": desk.site.hmi.behind_tls,
    }
    ui.run_with(
        application,
        title=desk.site.site.display_name or desk.site.site.name,
        favicon="◉",
        dark=False,
        language=texts.LANGUAGE,
        gzip_middleware_factory=lambda app: GZipMiddleware(app, compresslevel=_COMPRESSION),
        storage_secret=_secret(folder / "cookie.key"),
        session_middleware_kwargs=settings,
        tailwind=False,  # what it would find in the browser, each time a page is made, stands in base.css
        show_welcome_message=False,
        reconnect_timeout=_RECONNECT_S,
    )
    files = f"/_nicegui/{nicegui.__version__}/"
    application.add_middleware(KeptFiles, folder=files, changing=f"{files}dynamic_resources/")
    return application


def _secret(path: Path) -> str:
    """Return what browsers' cookies are signed with; made once, so that a restart keeps them."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii")
