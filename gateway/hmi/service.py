"""The HMI service: pages on a web server of its own, fed by one subscriber for all browsers."""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from config.site import Site
from gateway.hmi.accounts import accounts_of, folder_of
from gateway.hmi.desk import Desk
from gateway.hmi.live import Live
from gateway.hmi.sessions import Sessions
from gateway.hmi.stored import Stored


@dataclass(frozen=True, slots=True)
class HmiOptions:
    """Where and how it serves."""

    host: str = "127.0.0.1"
    port: int = 8080
    view_without_login: bool = False
    lock_after_s: float = 900.0


async def run_hmi(site: Site, data: Path, options: HmiOptions) -> None:
    """Serve until SIGTERM or SIGINT."""
    stored = Stored(site.streams.historians[0], data)
    live = Live(site, stored)
    desk = Desk(
        site=site,
        live=live,
        stored=stored,
        accounts=accounts_of(data),
        sessions=Sessions(options.lock_after_s),
        view_without_login=options.view_without_login,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            web_application(desk, folder_of(data)),
            host=options.host,
            port=options.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
            ws="websockets-sansio",
        )
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        async with live.following():
            await server.serve()
    finally:
        await stored.close()


def web_application(desk: Desk, folder: Path) -> FastAPI:
    """Return the application with all pages."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Read when NiceGUI is imported: what browsers prefer is kept in our folder, not in the working directory.
    os.environ["NICEGUI_STORAGE_PATH"] = str(folder / "preferences")
    from nicegui import ui

    from gateway.hmi import pages

    pages.register(desk)
    application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    settings: dict[str, Any] = {"same_site": "strict", "max_age": 30 * 86400}
    ui.run_with(
        application,
        title=desk.site.site.display_name or desk.site.site.name,
        favicon="◉",
        dark=False,
        storage_secret=_secret(folder / "cookie.key"),
        session_middleware_kwargs=settings,
        show_welcome_message=False,
    )
    return application


def _secret(path: Path) -> str:
    """Return what browsers' cookies are signed with; made once, so that a restart keeps them."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii")
