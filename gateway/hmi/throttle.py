"""How long a login has to wait after failures: the longer, the more there were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 900.0
_FORGOTTEN_AFTER_S: Final = 3600.0
_MOST_KEYS: Final = 10_000
"""Beyond this the longest untouched are forgotten."""
FREE: Final = {"user at address": 5, "address": 20, "user": 50}
"""Failures before anybody waits. A user alone has the most: nobody shall lock out another from elsewhere."""


@dataclass(slots=True)
class _Failures:
    count: int = 0
    latest_s: float = 0.0


class Throttle:
    """Counts failures by user and address together, by address, and by user; each waits on its own."""

    def __init__(self) -> None:
        """Begin without failures."""
        self._failures: dict[tuple[str, ...], _Failures] = {}

    def wait_s(self, user: str, address: str, now_s: float) -> float:
        """Return how long the next attempt has to wait; 0 when it need not."""
        return max(0.0, *(self._wait_s(key, now_s) for key in _keys(user, address)))

    def failed(self, user: str, address: str, now_s: float) -> None:
        """Count a failure."""
        self._forget(now_s)
        for key in _keys(user, address):
            found = self._failures.pop(key, None) or _Failures()
            self._failures[key] = _Failures(found.count + 1, now_s)

    def succeeded(self, user: str, address: str) -> None:
        """Forget what this user failed here; elsewhere take back the attempt, which was counted before."""
        together, *others = _keys(user, address)
        self._failures.pop(together, None)
        for key in others:
            found = self._failures.get(key)
            if found is not None:
                found.count -= 1

    def _wait_s(self, key: tuple[str, ...], now_s: float) -> float:
        found = self._failures.get(key)
        if found is None or found.count < FREE[key[0]]:
            return 0.0
        beyond = min(found.count - FREE[key[0]], 30)
        return found.latest_s + min(_FIRST_WAIT_S * 2.0**beyond, _LONGEST_WAIT_S) - now_s

    def _forget(self, now_s: float) -> None:
        """Drop what is old; keys are in the order of their latest failure."""
        for key in list(self._failures):
            old = now_s - self._failures[key].latest_s > _FORGOTTEN_AFTER_S
            if not old and len(self._failures) <= _MOST_KEYS:
                return
            del self._failures[key]


def _keys(user: str, address: str) -> tuple[tuple[str, ...], ...]:
    return ("user at address", user, address), ("address", address), ("user", user)
