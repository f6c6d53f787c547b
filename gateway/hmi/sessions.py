"""Who is logged in at which browser, and until when. Kept in a file: a restart of the screens ends none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson

from gateway.hmi.accounts import write_private

_KEPT_EVERY_S: Final = 30.0
"""Activity is written down this often at most."""


@dataclass(slots=True)
class Session:
    """A login at a browser. Times are of the wall clock, in s: they outlive the process."""

    user: str
    proof: str
    """Of the login that began it, see `Account.proof`."""
    opened_s: float
    seen_s: float
    locked: bool = False


class Sessions:
    """The logins by browser.

    Without activity for `lock_after_s` a session is locked: its user's password opens it again. It ends
    `sign_out_after_s` after its login. Signing keys are no part of it.
    """

    def __init__(self, path: Path, lock_after_s: float, sign_out_after_s: float) -> None:
        """Go on with the sessions of the file, if there is one."""
        self._path = path
        self._lock_after_s, self._sign_out_after_s = lock_after_s, sign_out_after_s
        self._kept_s = 0.0
        self._sessions: dict[str, Session] = {}
        if path.exists():
            kept = orjson.loads(path.read_bytes())
            self._sessions = {browser: Session(**fields) for browser, fields in kept.items()}

    def open(self, browser: str, user: str, proof: str, now_s: float) -> None:
        """Log a user in; whoever was logged in at this browser is not any more."""
        for other in list(self._sessions):
            self.find(other, now_s)
        self._sessions[browser] = Session(user, proof, now_s, now_s)
        self._keep(now_s)

    def find(self, browser: str, now_s: float) -> Session | None:
        """Return who is logged in, locked or not; looking is no activity."""
        session = self._sessions.get(browser)
        if session is None:
            return None
        if now_s - session.opened_s > self._sign_out_after_s:
            del self._sessions[browser]
            return None
        session.locked = session.locked or now_s - session.seen_s > self._lock_after_s
        return session

    def seen(self, browser: str, now_s: float) -> None:
        """Note that the user did something."""
        session = self.find(browser, now_s)
        if session is not None and not session.locked:
            session.seen_s = now_s
            if now_s - self._kept_s > _KEPT_EVERY_S:
                self._keep(now_s)

    def lock(self, browser: str, now_s: float) -> None:
        """Lock a session."""
        session = self.find(browser, now_s)
        if session is not None:
            session.locked = True
            self._keep(now_s)

    def unlock(self, browser: str, proof: str, now_s: float) -> None:
        """Open a locked session again; the password was right."""
        session = self.find(browser, now_s)
        if session is not None:
            session.locked, session.seen_s, session.proof = False, now_s, proof
            self._keep(now_s)

    def close(self, browser: str, now_s: float) -> None:
        """Log out."""
        if self._sessions.pop(browser, None) is not None:
            self._keep(now_s)

    def _keep(self, now_s: float) -> None:
        """Write the file; only after a power failure may it be older."""
        self._kept_s = now_s
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = {browser: asdict(session) for browser, session in self._sessions.items()}
        write_private(self._path, orjson.dumps(content), durable=False)
