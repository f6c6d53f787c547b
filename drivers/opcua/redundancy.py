"""Redundant servers: which of the set is spoken to (Part 4, 6.6.2, fail-over by the client).

One server is spoken to at a time. It stays the one while it is healthy; otherwise the others are
tried in the configured order, and where none is healthy the one with the highest service level.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from drivers.api import DeviceRefused, DriverError
from drivers.opcua.connection import Connection
from drivers.opcua.vigil import HEALTHY, Sight

BETTER_S: Final = 300.0
"""How long a server that is not well is kept before the others are tried again."""

Opened = tuple[Connection, Sight]


class RedundantSet:
    """The endpoints of one device, in the order in which they are tried."""

    def __init__(self, endpoints: Sequence[str]) -> None:
        """The first is the preferred one."""
        self._endpoints = list(endpoints)
        self._at = 0
        self._accepted = HEALTHY
        self._again_at = float("inf")

    @property
    def current(self) -> str:
        """The endpoint that is, or was last, spoken to."""
        return self._endpoints[self._at]

    async def connect(self, attempt: Callable[[str], Awaitable[Opened]], now: float) -> Opened:
        """Connect to the first that is healthy, else to the best there is.

        Raises:
            DriverError: none can be spoken to; the text says why of each.
        """
        errors: list[tuple[str, DriverError]] = []
        best: tuple[int, Opened] | None = None
        try:
            for at in self._in_turn():
                try:
                    opened = await attempt(self._endpoints[at])
                except DriverError as error:
                    errors.append((self._endpoints[at], error))
                    continue
                if best is not None:
                    worse = best[1] if opened[1].rank > best[1][1].rank else opened
                    await worse[0].close()
                if best is None or opened[1].rank > best[1][1].rank:
                    best = at, opened
                if opened[1].is_well:
                    break
        except BaseException:
            if best is not None:
                await best[1][0].close()
            raise
        if best is None:
            raise _all_failed(errors)
        self._at, opened = best
        self._accepted = opened[1].rank
        self._again_at = float("inf") if opened[1].is_well else now + BETTER_S
        return opened

    def _in_turn(self) -> list[int]:
        count = len(self._endpoints)
        return [(self._at + step) % count for step in range(count)]

    def should_change(self, sight: Sight, now: float) -> bool:
        """Return whether another server of the set is to be tried; the next attempt begins with it."""
        if len(self._endpoints) == 1 or sight.is_well:
            return False
        if sight.rank >= min(self._accepted, HEALTHY) and now < self._again_at:
            return False
        self._at = (self._at + 1) % len(self._endpoints)
        return True


def _all_failed(errors: Sequence[tuple[str, DriverError]]) -> DriverError:
    if len(errors) == 1:
        return errors[0][1]
    text = "; ".join(f"{endpoint}: {error}" for endpoint, error in errors)
    last = errors[-1][1]
    if all(isinstance(error, DeviceRefused) for _, error in errors) and isinstance(last, DeviceRefused):
        return DeviceRefused(text, last.code)
    return next(type(error)(text) for _, error in errors if not isinstance(error, DeviceRefused))
