"""The login page."""

from __future__ import annotations

from typing import Final

from nicegui import app, ui
from nicegui.events import GenericEventArguments

from gateway.hmi import entry, texts
from gateway.hmi.desk import Desk
from gateway.hmi.frame import dress
from gateway.hmi.presence import address_of

_TOGETHER: Final = """(submitted) => {
  const given = new FormData(submitted.target);
  emit(given.get("user"), given.get("password"));
}"""
"""What was entered comes with the submission: as events of their own, in a page that is still connecting, the
three may arrive in any order."""


def build(desk: Desk, browser: str, target: str) -> None:
    """Make the page.

    Args:
        desk: what every page works with.
        browser: the browser's identity, from its signed cookie.
        target: path to go to afterwards.
    """
    dress(desk.looks.here(desk.locked_user(browser), app.storage.user))
    client = ui.context.client
    site = desk.site.site
    locked = desk.locked_user(browser)
    with (
        ui.element("div").classes("absolute-center hmi-card").style("width:min(23.75rem, 94vw)"),
        ui.element("form").classes("column q-gutter-sm").props("novalidate") as form,
    ):
        ui.label(site.display_name or site.name).classes("text-xl font-bold").props(
            "role=heading aria-level=1"
        )
        if locked is not None:
            ui.label(texts.LOCKED_FOR.format(user=locked)).classes("soft")
        name = ui.input(texts.USER, value=locked or "").props("name=user autocomplete=username outlined")
        password = ui.input(texts.PASSWORD, password=True).props(
            "name=password autocomplete=current-password outlined"
        )
        (name if locked is None else password).props("autofocus")
        trouble = ui.label().classes("trouble").props("role=alert")
        ui.button(texts.LOG_IN).props("unelevated color=grey-8 no-caps type=submit")
        ui.label(texts.LOGIN_HELP).classes("soft text-xs")
        if desk.site.hmi.view_without_login:
            ui.link(texts.VIEW_WITHOUT_LOGIN, "/").classes("soft")

    async def log_in(event: GenericEventArguments) -> None:
        user, given = map(str, event.args)
        password.set_value("")
        wrong = await entry.log_in(desk, browser, address_of(client), user.strip(), given)
        trouble.set_text(wrong)
        if not wrong:
            ui.navigate.to(local_path(target))

    form.on("submit.prevent", log_in, js_handler=_TOGETHER)


def local_path(target: str) -> str:
    """Return a path of this site: never another host's."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
