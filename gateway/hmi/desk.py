"""What every page works with: the plant, its history, who is logged in, and the way to command it."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, field
from typing import Any

from config.access import Role, User
from config.site import Site
from gateway.commands.message import Kind, Reply, make
from gateway.gxp.identity import why_not_allowed
from gateway.hmi import texts
from gateway.hmi.access_record import AccessRecord
from gateway.hmi.accounts import Account, Accounts
from gateway.hmi.groups import Groups
from gateway.hmi.live import Live
from gateway.hmi.looks import LooksBook
from gateway.hmi.sessions import Session, Sessions
from gateway.hmi.stored import Stored
from gateway.hmi.throttle import Throttle


class NotAllowed(Exception):
    """The browser's user may not do this; the message says why."""


class Presence(enum.Enum):
    """How a page stands with whoever it was made for."""

    HERE = enum.auto()
    LOCKED = enum.auto()
    GONE = enum.auto()
    """Logged out, or another user is logged in at this browser: the page is nobody's any more."""
    ELSEWHERE = enum.auto()
    """Their own, but what they may see has changed since the page was made."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page."""

    browser: str
    name: str | None
    """None: nobody is logged in, and viewing without login is allowed."""
    user: User | None
    units: frozenset[str] | None = None
    """Units that may be shown; None: every one."""
    history: bool = True
    """Whether the past may be looked at as well."""

    def sees(self, unit: str) -> bool:
        """Return whether a unit may be shown: clients see their own units alone."""
        return self.units is None or unit in self.units


@dataclass(frozen=True, slots=True)
class Desk:
    """Made once for all browsers."""

    site: Site
    live: Live
    stored: Stored
    accounts: Accounts
    sessions: Sessions
    record: AccessRecord
    groups: Groups
    looks: LooksBook
    throttle: Throttle = field(default_factory=Throttle)

    def viewer(self, browser: str) -> Viewer | None:
        """Return who looks, or None where a login is needed first."""
        found = self._logged_in(browser)
        if found is not None and not found[0].locked:
            name = found[0].user
            user = self.site.access.users[name]
            # What was made for others stands in the same history: a client has its own stream for that.
            return Viewer(browser, name, user, self._shown_to(user), history=user.client is None)
        return Viewer(browser, None, None) if self.site.hmi.view_without_login else None

    def locked_user(self, browser: str) -> str | None:
        """Return whose session is locked at a browser."""
        found = self._logged_in(browser)
        return found[0].user if found is not None and found[0].locked else None

    def presence(self, viewer: Viewer) -> Presence:
        """Return whether a page is still its viewer's."""
        found = self._logged_in(viewer.browser)
        if viewer.name is None:
            return Presence.HERE if found is None or found[0].locked else Presence.GONE
        if found is None or found[0].user != viewer.name:
            return Presence.GONE
        if found[0].locked:
            return Presence.LOCKED
        assert viewer.user is not None
        return Presence.HERE if self._shown_to(viewer.user) == viewer.units else Presence.ELSEWHERE

    def units(self, viewer: Viewer) -> list[str]:
        """Return the units that may be shown."""
        return [unit for unit in self.site.units if viewer.sees(unit)]

    def why_not(self, viewer: Viewer, kind: Kind, unit: str) -> str | None:
        """Return why the viewer may not send such a command, or None if they may."""
        if viewer.user is None:
            return texts.LOGIN_TO_ACT
        return why_not_allowed(viewer.user, kind, unit)

    async def command(self, viewer: Viewer, kind: Kind, target: str, **fields: Any) -> Reply:
        """Sign a command for the viewer, send it, and return its reply.

        Raises:
            NotAllowed: their session is locked or has ended, or they have no right.
            NoReply: the gateway did not answer in time.
            BrokerUnavailable: there is no broker; nothing was sent.
        """
        found = self._logged_in(viewer.browser)
        if found is None or viewer.user is None or self.presence(viewer) is not Presence.HERE:
            raise NotAllowed(texts.LOCKED)
        session, account = found
        self.sessions.seen(viewer.browser, time.time())
        reason = why_not_allowed(viewer.user, kind, self.site.unit_of(target))
        if reason is not None:
            raise NotAllowed(texts.NOT_ALLOWED.format(reason=reason))
        message = make(session.user, account.private_key, kind, target, **fields)
        return await self.live.subscriber.command(message)

    def _shown_to(self, user: User) -> frozenset[str] | None:
        """Return the units that a user may see now; None: all. A client's are those in its campaigns."""
        if user.role is not Role.CLIENT:
            return None
        client = self.site.streams.clients.get(user.client) if user.client is not None else None
        if client is None:
            return frozenset(user.units or ())
        context = self.live.subscriber.context
        return frozenset(
            unit
            for unit in self.site.units
            if (user.units is None or unit in user.units)
            and (client.units is None or unit in client.units)
            and context(unit).campaign in client.campaigns
        )

    def _logged_in(self, browser: str) -> tuple[Session, Account] | None:
        """Return the session and the login it began with, as long as both hold and the user is configured."""
        session = self.sessions.find(browser, time.time())
        if session is None or session.user not in self.site.access.users:
            return None
        account = self.accounts.find(session.user)
        return (session, account) if account is not None and account.proof == session.proof else None
