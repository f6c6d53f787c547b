"""Calls to a driver, each with a limit: no await of a session is without one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from drivers.api import DeviceTimeout, Disconnected, Driver
from drivers.statistics import Statistics

_T = TypeVar("_T")

TIMEOUTS_BEFORE_REBUILD = 3
OPEN_LIMIT_S = 30.0
"""Backstop for `open`: the driver limits each of its requests itself."""
CLOSE_LIMIT_S = 0.5
"""A driver that cannot say good-bye within this is left behind."""
SPARE_S = 1.0
"""What a call may take beyond its requests' own timeouts before it counts as hung."""


class Calls:
    """Limits the calls to one driver, and ends a connection that only times out."""

    def __init__(self, driver: Driver, timeout_s: float, statistics: Statistics) -> None:
        """`timeout_s` is what the driver gives each of its requests."""
        self._driver, self._timeout_s, self._statistics = driver, timeout_s, statistics
        self._timed_out = 0

    async def open(self) -> None:
        """Connect.

        Raises:
            DriverError: the device cannot be reached or refuses, or the driver hung.
        """
        self._timed_out = 0
        await self._limited(self._driver.open(), OPEN_LIMIT_S)

    async def close(self) -> None:
        """Disconnect, or leave behind a driver that hangs."""
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._driver.close()
        except TimeoutError:
            self._statistics.hung += 1

    async def call(self, call: Awaitable[_T], requests: int) -> _T:
        """Await a call that makes so many requests one after another.

        Raises:
            DeviceTimeout: no answer; the connection can be kept.
            DriverError: the whole device; the connection is to be given up.
        """
        try:
            result = await self._limited(call, requests * self._timeout_s + SPARE_S)
        except DeviceTimeout as error:
            self._statistics.timeouts += 1
            self._timed_out += 1
            if self._timed_out >= TIMEOUTS_BEFORE_REBUILD:
                raise Disconnected(f"{error} ({self._timed_out} times)") from error
            raise
        self._timed_out = 0
        return result

    async def _limited(self, call: Awaitable[_T], limit_s: float) -> _T:
        try:
            async with asyncio.timeout(limit_s):
                return await call
        except TimeoutError:
            self._statistics.hung += 1
            raise Disconnected(f"the driver did not come back within {limit_s:g} s") from None
