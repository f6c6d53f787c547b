"""Who may have a command carried out: is it theirs, is it of now, and have they the right to it."""

from __future__ import annotations

import time
from typing import Any, Final

from config.access import User
from config.site import Site
from gateway.commands.alarms import why_not_by_class
from gateway.commands.message import CommandMessage
from gateway.commands.rows import Refused
from gateway.gxp import identity

_AHEAD_NS: Final = 5_000_000_000
"""A sender's clock may be so far ahead."""


class Admission:
    """Judges the senders of commands by a site's access section."""

    def __init__(self, site: Site) -> None:
        """Take the effective configuration."""
        self._site = site

    def authenticated(
        self, command: CommandMessage, raw: dict[str, Any] | None, user: User | None, *, retained: bool
    ) -> User:
        """Return the user who sent a command, now and by their own hand.

        Args:
            command: what was sent.
            raw: the object as it was signed; None where the way that it came by vouches for it.
            user: who is named in it, if there is such a one.
            retained: the broker had kept it.

        Raises:
            identity.NotAuthentic: unknown user, wrong signature, or not of now.
        """
        now_ns = time.time_ns()
        oldest_ns = now_ns - int(self._site.access.max_command_age * 1e9)
        if user is None:
            raise identity.NotAuthentic(f"there is no user {command.user!r}")
        if raw is not None:
            identity.verify(raw, user.public_key)
        if retained:
            raise identity.NotAuthentic("a retained message is not a command: it is older than it looks")
        if command.issued_ns > now_ns + _AHEAD_NS:
            raise identity.NotAuthentic("issued in the future: the sender's clock is ahead of the gateway's")
        if command.expires_ns < now_ns or command.issued_ns < oldest_ns:
            raise identity.NotAuthentic("the command has expired")
        return user

    def authorise(self, command: CommandMessage, user: User, unit: str) -> None:
        """Let a user pass who has the right to a command.

        Raises:
            Refused: by role, unit, or the class of the alarm.
        """
        why_not = identity.why_not_allowed(user, command.kind, unit)
        if why_not is not None:
            raise Refused(f"{command.user}: {why_not}")
        by_class = why_not_by_class(self._site, user, command)
        if by_class is not None:
            raise Refused(f"{command.user}: {by_class}")
