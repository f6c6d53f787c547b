"""The menu of a user's saved groups of tags."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from gateway.hmi import texts
from gateway.hmi.frame import Screen
from gateway.hmi.groups import TooMany
from gateway.hmi.trend_view import TrendView


class GroupMenu:
    """Opens, saves and forgets groups, inside the present slot."""

    def __init__(self, screen: Screen, view: Callable[[], TrendView], open_it: Callable[[str], None]) -> None:
        """Make the menu's content.

        Args:
            screen: the page.
            view: tells what is shown: that is saved.
            open_it: shows the trend of an address.
        """
        self._screen, self._view, self._open = screen, view, open_it
        self._listed: dict[str, str] = {}
        with ui.column().classes("hmi-card gap-1").style("width:min(23.75rem, 92vw)"):
            self._list()
            if screen.viewer.name is not None:
                self._saving()

    def refresh(self) -> None:
        """List the groups anew where they are others than before: whoever presses one presses what stays."""
        if self._groups() != self._listed:
            self._list.refresh()

    def _groups(self) -> dict[str, str]:
        user = self._screen.viewer.name
        return {} if user is None else dict(self._screen.desk.groups.of(user))

    @ui.refreshable_method
    def _list(self) -> None:
        if self._screen.viewer.name is None:
            ui.label(texts.LOGIN_FOR_GROUPS)
            return
        self._listed = self._groups()
        for name, address in self._listed.items():
            with ui.row().classes("w-full items-center no-wrap"):
                open_it = ui.button(name, on_click=lambda a=address: self._open(a), color=None)
                open_it.props("flat dense no-caps align=left").classes("grow").style("min-height:2.75rem")
                forget = ui.button(icon="delete", on_click=lambda n=name: self._forget(n), color=None)
                forget.props(f'flat dense aria-label="{texts.FORGET_GROUP.format(name=name)}"')

    def _saving(self) -> None:
        with ui.row().classes("w-full items-center no-wrap"):
            entry = ui.input(texts.GROUP_NAME).props("dense outlined maxlength=60").classes("grow")
            save = ui.button(texts.SAVE_GROUP, on_click=lambda: self._save(entry.value or ""), color=None)
            save.props("flat dense no-caps")

    def _save(self, name: str) -> None:
        view, user = self._view(), self._screen.viewer.name
        if user is None:
            return
        kept = TrendView(view.tags, view.span_s if not view.over else TrendView().span_s, marks=view.marks)
        try:
            self._screen.desk.groups.save(user, name, kept.to_path())
        except TooMany as error:
            ui.notify(str(error), type="negative")
        self.refresh()

    def _forget(self, name: str) -> None:
        if self._screen.viewer.name is not None:
            self._screen.desk.groups.remove(self._screen.viewer.name, name)
        self.refresh()
