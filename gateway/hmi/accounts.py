"""Who may log in on the screens: a file with password hashes and each user's signing key.

Roles and units come from the configuration's access section; this file only proves who somebody is
and holds the private key that the gateway's configuration has the public half of.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without what looks alike on a screen."""
_GROUPS: Final = 4
SHORTEST: Final = 12
"""Characters of a password that a user chooses."""


class BadPassword(Exception):
    """A new password cannot be taken; the message is one of the three words below."""


TOO_SHORT, TOO_PLAIN, WRONG = "too_short", "too_plain", "wrong"


@dataclass(frozen=True, slots=True)
class Account:
    """A user's login."""

    password_hash: str
    private_key: str
    """Ed25519, base64; never leaves this machine."""
    disabled: bool = False

    @property
    def proof(self) -> str:
        """Return what changes with the password: sessions that began with another one end."""
        return hashlib.sha256(self.password_hash.encode()).hexdigest()[:32]


class Accounts:
    """The logins of one data folder. The file is small, and read anew when it has changed."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not exist yet."""
        self._path = path
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash("")  # an unknown user takes as long as a known one
        self._known: tuple[tuple[int, int, int], dict[str, Account]] | None = None

    def all(self) -> dict[str, Account]:
        """Return every login by its user."""
        return dict(sorted(self._read().items()))

    def add(self, name: str, private_key: str) -> str:
        """Add a login, or give one a new password and key; return the password, which is not kept."""
        password = _generated()
        with self._changing() as accounts:
            accounts[name] = Account(self._hasher.hash(password), private_key)
        return password

    def reset(self, name: str) -> str:
        """Give a login a new password, and enable it; return the password, which is not kept.

        Raises:
            KeyError: nobody of that name has a login.
        """
        password = _generated()
        with self._changing() as accounts:
            accounts[name] = replace(
                accounts[name], password_hash=self._hasher.hash(password), disabled=False
            )
        return password

    def disable(self, name: str) -> None:
        """Let nobody log in under a name any more; sessions end, and `reset` enables it again.

        Raises:
            KeyError: nobody of that name has a login.
        """
        with self._changing() as accounts:
            accounts[name] = replace(accounts[name], disabled=True)

    def find(self, name: str) -> Account | None:
        """Return a login that is enabled."""
        account = self._read().get(name)
        return None if account is None or account.disabled else account

    def log_in(self, name: str, password: str) -> Account | None:
        """Return the account where the password is right. Slow on purpose: not for an event loop."""
        account = self.find(name)
        known = account.password_hash if account else self._nobody
        try:
            self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return None
        return account

    def change(self, name: str, old: str, new: str) -> Account:
        """Give a user the password they chose, and return the changed login. Slow on purpose.

        Raises:
            BadPassword: the old one is wrong, or the new one too short or too plain.
        """
        if self.log_in(name, old) is None:
            raise BadPassword(WRONG)
        if len(new) < SHORTEST:
            raise BadPassword(TOO_SHORT)
        if new == old or name.lower() in new.lower() or len(set(new)) < SHORTEST // 2:
            raise BadPassword(TOO_PLAIN)
        with self._changing() as accounts:
            accounts[name] = replace(accounts[name], password_hash=self._hasher.hash(new))
            return accounts[name]

    def _read(self) -> dict[str, Account]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return {}
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._known is None or self._known[0] != version:
            read = orjson.loads(self._path.read_bytes())
            self._known = version, {name: Account(**fields) for name, fields in read.items()}
        return self._known[1]

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        """Yield the logins to change, and write them; others that would change them wait meanwhile."""
        with locked(self._path.parent):
            accounts = dict(self._read())
            yield accounts
            content = {name: asdict(account) for name, account in accounts.items()}
            write_private(self._path, orjson.dumps(content))


def _generated() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(_GROUPS))


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the HMI's folder alone among processes; it is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file that only its owner reads, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    fresh.replace(path)


def folder_of(data: Path) -> Path:
    """Return where the HMI keeps logins and preferences."""
    return data / "hmi"


def accounts_of(data: Path) -> Accounts:
    """Return the logins of a data folder."""
    return Accounts(folder_of(data) / "users.json")
