"""Who came, went, was refused, and took data away, in an append-only trail of its own.

Commands are in the gateway's audit trail; this one is the screens', made the same way
(`gateway.gxp.audit`), so that `cellgate audit --screens` shows and proves it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

from config.site import Site
from gateway.gxp.audit import AuditEntry, AuditTrail
from gateway.hmi.accounts import folder_of, locked
from gateway.version import VERSION

Act = Literal[
    "log_in", "log_out", "lock", "unlock", "change_password", "add_login", "reset_password", "disable_login",
    "export",
]  # fmt: skip


def path_of(data: Path) -> Path:
    """Return where the trail of a data folder is."""
    return folder_of(data) / "audit.sqlite"


class AccessRecord:
    """Writes the trail: the screens do, and the command line that makes logins."""

    def __init__(self, data: Path, site: Site) -> None:
        """Name the data folder; nothing is made before the first entry."""
        self._path, self._site = path_of(data), site
        self.counts: Counter[tuple[Act, str]] = Counter()
        """Entries of this process, by what was done and what became of it."""

    def append(
        self, act: Act, user: str, outcome: str = "done", *, address: str = "", by: str | None = None
    ) -> None:
        """Add an entry about a login or a session. Touches the disk: not for an event loop.

        Args:
            act: what was done.
            user: whose login or session it is.
            outcome: `done`, or `refused: ` and why.
            address: where the browser is.
            by: who did it, where it was not the user.
        """
        self._add(act, by or user, target=user, outcome=outcome, detail=address)

    def exported(self, user: str | None, kind: str, what: str, *, address: str) -> None:
        """Add an entry about data that somebody took away. Touches the disk: not for an event loop.

        Args:
            user: who; None is somebody who looks without a login.
            kind: `csv`, `png` or `svg`.
            what: tags and time, as people read them.
            address: where the browser is.
        """
        self._add("export", user or "nobody", target=f"trend.{kind}", new=what, detail=address)

    def _add(self, act: Act, who: str, *, outcome: str = "done", **fields: str) -> None:
        known = self._site.access.users.get(who)
        entry = AuditEntry(who=who, role=known.role if known else "", action=act, outcome=outcome, **fields)
        with locked(self._path.parent):
            trail = AuditTrail(self._path, gateway="hmi", software=VERSION, config=self._site.fingerprint)
            try:
                trail.append(entry)
            finally:
                trail.close()
        self.counts[act, outcome.partition(":")[0]] += 1
