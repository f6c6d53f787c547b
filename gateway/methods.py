"""Methods of devices, called from the stream's loop and carried out on the drivers'."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from drivers.api import Argument, MethodResult
from drivers.session import Session


class DeviceMethods:
    """The way from a command to a device's method."""

    def __init__(self, sessions: Mapping[str, Session], loop: asyncio.AbstractEventLoop) -> None:
        """`loop` is the sessions' own."""
        self._sessions, self._loop = sessions, loop

    async def call(self, device: str, method: str, arguments: Sequence[Argument]) -> MethodResult:
        """Call a method; what is refused, or fails, is in the result."""
        session = self._sessions.get(device)
        if session is None:
            return MethodResult(f"there is no device {device!r}")
        calling = asyncio.run_coroutine_threadsafe(session.call_method(method, arguments), self._loop)
        return await asyncio.wrap_future(calling)
