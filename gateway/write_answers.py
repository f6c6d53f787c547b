"""Writes that somebody waits for, and what devices say to them: from the stream's loop to the drivers'."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from drivers.api import Holds, WriteResult
from gateway.actuate import Actuation
from gateway.commands.rows import Refused
from gateway.device_outputs import Expected


class WriteAnswer:
    """The answer that one write will get."""

    def __init__(self, expected: Expected, within_s: float, drop: Callable[[], None]) -> None:
        """`drop` ends the waiting; it may be called from any thread."""
        self._expected, self._within_s, self.drop = expected, within_s, drop

    async def come(self) -> WriteResult:
        """Wait for it; an answer that does not come in time is an error in the result."""
        try:
            async with asyncio.timeout(self._within_s):
                return await asyncio.wrap_future(self._expected.answer)
        except TimeoutError:
            why = f"no answer within {self._within_s:g} s: it may still arrive, look at what the device has"
            return WriteResult(self._expected.tag, why, holds=Holds.NOBODY_KNOWS)
        finally:
            self.drop()


class WriteAnswers:
    """The way from a command that writes to what its device answers."""

    def __init__(self, actuation: Actuation, loop: asyncio.AbstractEventLoop) -> None:
        """`loop` is the actuation's own."""
        self._actuation, self._loop = actuation, loop

    async def expect(self, tag: str, value: float) -> WriteAnswer:
        """Begin to wait for a device's answer to a value; only then is the engine to be asked for it.

        Args:
            tag: full name.
            value: in the tag's unit.

        Raises:
            Refused: the device is not connected.
        """
        beginning = asyncio.run_coroutine_threadsafe(self._begin(tag, value), self._loop)
        return await asyncio.wrap_future(beginning)

    async def write_once(self, device: str, values: Sequence[tuple[str, float]]) -> str | None:
        """Write tags in order, once, past the engine; return why not all were written, or None."""
        writing = asyncio.run_coroutine_threadsafe(self._actuation.write_once(device, values), self._loop)
        return await asyncio.wrap_future(writing)

    async def _begin(self, tag: str, value: float) -> WriteAnswer:
        device = self._actuation.device_of(tag)
        session = self._actuation.session_of(device)
        if not session.connected:
            raise Refused(f"device {device!r} is not connected: nothing was written")
        expected = self._actuation.expect(tag, value)

        def drop() -> None:
            self._loop.call_soon_threadsafe(self._actuation.drop, device, expected)

        return WriteAnswer(expected, session.write_within_s, drop)
