"""Who is at a page: their menu, the lock that covers the page when nobody was there, another password."""

from __future__ import annotations

import time
from functools import partial
from urllib.parse import quote

from nicegui import Client, app, ui

from config.access import Role
from gateway.hmi import entry, texts
from gateway.hmi.desk import Desk, Presence, Viewer
from gateway.hmi.looks import Size, resize
from gateway.hmi.widgets import Refresher


def address_of(client: Client) -> str:
    """Return where a page's browser is, for the throttle and the record."""
    return str(client.ip or "?")


class WhoIsThere:
    """The menu of the page's user; watches whether the page is still theirs."""

    def __init__(self, desk: Desk, viewer: Viewer, refresher: Refresher) -> None:
        """Make the menu, and the lock, which is closed until it is needed."""
        self._desk, self._viewer, self._client = desk, viewer, ui.context.client
        self._address = address_of(self._client)
        self._leaving = False
        self._looks()
        if viewer.user is None:
            ui.link(texts.LOG_IN, f"/login?next={quote(self._here())}").classes("nav")
        else:
            self._menu()
        self._lock = self._make_lock()
        ui.on("hmi-activity", self._active)
        refresher.add(self._look)

    def _here(self) -> str:
        url = self._client.request.url
        return f"{url.path}?{url.query}" if url.query else str(url.path)

    def _looks(self) -> None:
        """Offer light and dark, and sizes: the page is drawn anew."""
        book = self._desk.looks

        def turn() -> None:
            book.turn(self._viewer.name, app.storage.user)
            ui.navigate.reload()

        def choose(size: Size) -> None:
            resize(app.storage.user, size)
            ui.navigate.reload()

        look = ui.button(icon="contrast", on_click=turn, color=None)
        look.props(f'flat dense aria-label="{texts.LIGHT_OR_DARK}"')
        with (
            ui.button(icon="format_size", color=None).props(f'flat dense aria-label="{texts.SIZE}"'),
            ui.menu(),
        ):
            for size, title in texts.SIZES.items():
                ui.menu_item(title, partial(choose, Size(size)))

    def _menu(self) -> None:
        assert self._viewer.user is not None
        assert self._viewer.name is not None
        menu = ui.button(self._viewer.name, icon="person", color=None).props("flat no-caps dense data-user")
        with menu, ui.menu():
            ui.label(texts.ROLE.format(role=self._viewer.user.role)).classes("soft q-px-md q-py-sm")
            ui.menu_item(texts.LOCK, self._lock_now)
            ui.menu_item(texts.CHANGE_PASSWORD, self._ask_for_password)
            ui.menu_item(texts.LOG_OUT, self._log_out)

    async def _lock_now(self) -> None:
        await entry.lock(self._desk, self._viewer, self._address)
        self._look()

    async def _log_out(self) -> None:
        self._leaving = True
        await entry.log_out(self._desk, self._viewer, self._address)
        ui.navigate.to("/login")

    def _active(self) -> None:
        self._desk.sessions.seen(self._viewer.browser, time.time())

    def _look(self) -> None:
        if self._leaving:
            return
        presence = self._desk.presence(self._viewer)
        hides = self._viewer.user is not None and self._viewer.user.role is Role.CLIENT
        if presence is Presence.GONE or (presence is Presence.LOCKED and hides):
            with self._client:
                self._leaving = True
                ui.navigate.to(f"/login?next={quote(self._here())}")
        elif presence is Presence.ELSEWHERE:
            with self._client:
                self._leaving = True
                ui.navigate.reload()
        elif (presence is Presence.LOCKED) is not self._lock.value:
            self._lock.set_value(presence is Presence.LOCKED)

    def _make_lock(self) -> ui.dialog:
        """Make what covers the page of a locked session: alarms and values stay in sight."""
        with (
            ui.dialog().props("persistent no-shake") as dialog,
            ui.card().classes("hmi-dialog"),
            ui.element("form").classes("column q-gutter-sm w-full") as form,
        ):
            ui.label(texts.LOCKED_FOR.format(user=self._viewer.name or "")).classes("font-bold")
            password = ui.input(texts.PASSWORD, password=True).props(
                "outlined autofocus autocomplete=current-password"
            )
            trouble = ui.label().classes("trouble").props("role=alert")
            with ui.row():
                ui.button(texts.UNLOCK).props("unelevated color=grey-8 no-caps type=submit")
                ui.button(texts.ANOTHER_USER, on_click=self._log_out, color=None).props(
                    "flat no-caps type=button"
                )

        async def unlock() -> None:
            given = password.value
            password.set_value("")
            wrong = await entry.log_in(
                self._desk, self._viewer.browser, self._address, self._viewer.name or "", given
            )
            trouble.set_text(wrong)
            self._look()

        form.on("submit.prevent", unlock)
        return dialog

    def _ask_for_password(self) -> None:
        with (
            self._client.content,
            ui.dialog() as dialog,
            ui.card().classes("hmi-dialog"),
            ui.element("form").classes("column q-gutter-sm w-full") as form,
        ):
            ui.label(texts.CHANGE_PASSWORD).classes("font-bold")
            old = ui.input(texts.OLD_PASSWORD, password=True)
            new = ui.input(texts.NEW_PASSWORD, password=True)
            again = ui.input(texts.NEW_PASSWORD_AGAIN, password=True)
            old.props("outlined autofocus autocomplete=current-password")
            for field in (new, again):
                field.props("outlined autocomplete=new-password")
            trouble = ui.label().classes("trouble").props("role=alert")
            with ui.row():
                ui.button(texts.CONFIRM).props("unelevated color=grey-8 no-caps type=submit")
                ui.button(texts.CANCEL, on_click=dialog.close, color=None).props("flat no-caps type=button")

        async def change() -> None:
            if new.value != again.value:
                trouble.set_text(texts.NOT_THE_SAME)
                return
            wrong = await entry.change_password(self._desk, self._viewer, self._address, old.value, new.value)
            trouble.set_text(wrong)
            if not wrong:
                dialog.close()
                ui.notify(texts.DONE.format(what=texts.CHANGE_PASSWORD), type="info")

        form.on("submit.prevent", change)
        dialog.on("hide", dialog.delete)
        dialog.open()
