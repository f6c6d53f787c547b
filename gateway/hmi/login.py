"""The login page."""

from __future__ import annotations

import asyncio
import logging
import time

from nicegui import app, ui

from gateway.hmi import texts
from gateway.hmi.desk import Desk
from gateway.hmi.frame import dress

_log = logging.getLogger(__name__)


def build(desk: Desk, browser: str, address: str, target: str) -> None:
    """Make the page.

    Args:
        desk: what every page works with.
        browser: the browser's identity, from its signed cookie.
        address: where the browser is, for the throttle.
        target: path to go to afterwards.
    """
    dress()
    site = desk.site.site
    with ui.column().classes("absolute-center hmi-card items-stretch").style("width:min(380px, 94vw)"):
        ui.label(site.display_name or site.name).classes("text-xl font-bold")
        name = ui.input(texts.USER).props("autofocus autocomplete=username outlined")
        password = ui.input(texts.PASSWORD, password=True).props("autocomplete=current-password outlined")
        trouble = ui.label().classes("font-bold").style("color:var(--bad)").props("role=alert")

        async def log_in() -> None:
            wrong = await _try(desk, browser, address, name.value.strip(), password.value)
            password.set_value("")
            trouble.set_text(wrong)
            if not wrong:
                ui.navigate.to(local_path(target))

        password.on("keydown.enter", log_in)
        ui.button(texts.LOG_IN, on_click=log_in).props("unelevated color=grey-8 no-caps")
        ui.label(texts.LOGIN_HELP).classes("soft text-xs")
        if desk.view_without_login:
            ui.link(texts.OVERVIEW, "/").classes("soft")


async def _try(desk: Desk, browser: str, address: str, name: str, password: str) -> str:
    """Log in; return what is wrong, or an empty text."""
    keys = (name, f"address {address}")
    wait_s = desk.throttle.wait_s(keys, time.monotonic())
    if wait_s > 0:
        return texts.TOO_MANY.format(seconds=wait_s)
    # Counted before it is known: attempts at the same time must not all get through.
    desk.throttle.failed(keys, time.monotonic())
    account = await asyncio.to_thread(desk.accounts.log_in, name, password)
    if account is None:
        _log.warning("login refused", extra={"user": name, "address": address})
        return texts.WRONG_LOGIN
    if name not in desk.site.access.users:
        return texts.NOT_IN_CONFIG
    desk.throttle.succeeded(keys)
    desk.sessions.open(browser, name, account.private_key, time.monotonic())
    app.storage.user["name"] = name
    _log.info("logged in", extra={"user": name, "address": address})
    return ""


def local_path(target: str) -> str:
    """Return a path of this site: never another host's."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
