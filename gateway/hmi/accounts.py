"""Who may log in on the screens: a file with password hashes and each user's signing key.

Roles and units come from the configuration's access section; this file only proves who somebody is
and holds the private key that the gateway's configuration has the public half of.
"""

from __future__ import annotations

import os
import secrets
from collections import defaultdict, deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without what looks alike on a screen."""
_GROUPS: Final = 4
_FAILURES: Final = 5
_WITHIN_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Account:
    """A user's login."""

    password_hash: str
    private_key: str
    """Ed25519, base64; never leaves this machine."""


class Accounts:
    """The logins of one data folder. The file is read anew for each login: it is small, and may change."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not exist yet."""
        self._path = path
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash("")  # an unknown user takes as long as a known one

    def names(self) -> list[str]:
        """Return who has a login."""
        return sorted(self._read())

    def add(self, name: str, private_key: str) -> str:
        """Add a login, or give an existing one a new password; return the password, which is not kept."""
        password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(_GROUPS))
        accounts = {**self._read(), name: Account(self._hasher.hash(password), private_key)}
        self._write(accounts)
        return password

    def log_in(self, name: str, password: str) -> Account | None:
        """Return the account where the password is right. Slow on purpose: not for an event loop."""
        account = self._read().get(name)
        known = account.password_hash if account else self._nobody
        try:
            self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return None
        return account

    def _read(self) -> dict[str, Account]:
        if not self._path.exists():
            return {}
        return {name: Account(**fields) for name, fields in orjson.loads(self._path.read_bytes()).items()}

    def _write(self, accounts: dict[str, Account]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        content = orjson.dumps({name: asdict(account) for name, account in accounts.items()})
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def folder_of(data: Path) -> Path:
    """Return where the HMI keeps logins and preferences."""
    return data / "hmi"


def accounts_of(data: Path) -> Accounts:
    """Return the logins of a data folder."""
    return Accounts(folder_of(data) / "users.json")


class Throttle:
    """Refuses further attempts after five failures in five minutes, by user name and by address."""

    def __init__(self) -> None:
        """Begin without failures."""
        self._failures: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_FAILURES))

    def wait_s(self, keys: tuple[str, ...], now_s: float) -> float:
        """Return how long the next attempt has to wait; 0 when it need not."""
        waits = [0.0]
        for key in keys:
            failures = self._failures.get(key)
            if failures is not None and len(failures) == _FAILURES:
                waits.append(failures[0] + _WITHIN_S - now_s)
        return max(waits)

    def failed(self, keys: tuple[str, ...], now_s: float) -> None:
        """Count a failure."""
        for stale in [
            key for key, times in self._failures.items() if not times or times[-1] < now_s - _WITHIN_S
        ]:
            del self._failures[stale]
        for key in keys:
            self._failures[key].append(now_s)

    def succeeded(self, keys: tuple[str, ...]) -> None:
        """Take back the latest attempt: it was counted before it was known to be right."""
        for key in keys:
            if self._failures.get(key):
                self._failures[key].pop()
