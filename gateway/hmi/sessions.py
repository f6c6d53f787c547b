"""Who is logged in at which browser, and until when. In memory: after a restart everybody logs in again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Session:
    """A login."""

    user: str
    private_key: str
    last_seen_s: float


class Sessions:
    """The logins by browser. Without activity for `idle_s` a session is locked: it ends."""

    def __init__(self, idle_s: float) -> None:
        """Begin with nobody."""
        self._idle_s = idle_s
        self._sessions: dict[str, Session] = {}

    def open(self, browser: str, user: str, private_key: str, now_s: float) -> None:
        """Log a user in; whoever was logged in at this browser is not any more."""
        self._sessions[browser] = Session(user, private_key, now_s)

    def find(self, browser: str, now_s: float) -> Session | None:
        """Return who is logged in; looking is no activity."""
        session = self._sessions.get(browser)
        if session is not None and now_s - session.last_seen_s > self._idle_s:
            del self._sessions[browser]
            return None
        return session

    def seen(self, browser: str, now_s: float) -> None:
        """Note that the user did something."""
        session = self.find(browser, now_s)
        if session is not None:
            session.last_seen_s = now_s

    def close(self, browser: str) -> None:
        """Log out."""
        self._sessions.pop(browser, None)
