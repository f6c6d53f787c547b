"""What every page works with: the plant, its history, who is logged in, and the way to command it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from config.access import Role, User
from config.site import Site
from gateway.commands.message import Kind, Reply, make
from gateway.gxp.identity import why_not_allowed
from gateway.hmi import texts
from gateway.hmi.accounts import Accounts, Throttle
from gateway.hmi.live import Live
from gateway.hmi.sessions import Session, Sessions
from gateway.hmi.stored import Stored


class NotAllowed(Exception):
    """The browser's user may not do this; the message says why."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page."""

    browser: str
    name: str | None
    """None: nobody is logged in, and viewing without login is allowed."""
    user: User | None

    def sees(self, unit: str) -> bool:
        """Return whether a unit may be shown: clients see their own units alone."""
        if self.user is None or self.user.role is not Role.CLIENT:
            return True
        return self.user.units is not None and unit in self.user.units


@dataclass(frozen=True, slots=True)
class Desk:
    """Made once for all browsers."""

    site: Site
    live: Live
    stored: Stored
    accounts: Accounts
    sessions: Sessions
    view_without_login: bool
    throttle: Throttle = field(default_factory=Throttle)

    def viewer(self, browser: str) -> Viewer | None:
        """Return who looks, or None where a login is needed first."""
        session = self._session(browser)
        if session is not None:
            return Viewer(browser, session.user, self.site.access.users[session.user])
        return Viewer(browser, None, None) if self.view_without_login else None

    def units(self, viewer: Viewer) -> list[str]:
        """Return the units that may be shown."""
        return [unit for unit in self.site.units if viewer.sees(unit)]

    def why_not(self, viewer: Viewer, kind: Kind, unit: str) -> str | None:
        """Return why the viewer may not send such a command, or None if they may."""
        if viewer.user is None:
            return texts.LOGIN_TO_ACT
        return why_not_allowed(viewer.user, kind, unit)

    async def command(self, browser: str, kind: Kind, target: str, **fields: Any) -> Reply:
        """Sign a command for the browser's user, send it, and return its reply.

        Raises:
            NotAllowed: nobody is logged in (any more), or they have no right.
            NoReply: the gateway did not answer in time.
            BrokerUnavailable: there is no broker; nothing was sent.
        """
        session = self._session(browser)
        if session is None:
            raise NotAllowed(texts.LOCKED)
        self.sessions.seen(browser, time.monotonic())
        user = self.site.access.users[session.user]
        reason = why_not_allowed(user, kind, self.site.unit_of(target))
        if reason is not None:
            raise NotAllowed(texts.NOT_ALLOWED.format(reason=reason))
        message = make(session.user, session.private_key, kind, target, **fields)
        return await self.live.subscriber.command(message)

    def _session(self, browser: str) -> Session | None:
        """Return the login, unless the configuration has no such user."""
        session = self.sessions.find(browser, time.monotonic())
        return session if session is not None and session.user in self.site.access.users else None
