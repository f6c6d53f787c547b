"""One connection to a device, from `open` to `close`: poll or follow, and write in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from control.signal import BAD, Columns
from drivers.api import DeviceTimeout, Disconnected, Driver
from drivers.calls import Calls
from drivers.pacing import Ticker
from drivers.states import State
from drivers.statistics import Statistics
from drivers.watch import Watch
from drivers.writer import Writer

RETRY_S = 0.5
"""A read without answer is tried again after this, or at its period where that is shorter."""


class Connection:
    """Holds a connection for as long as it lasts; the session makes it again and again."""

    def __init__(
        self,
        driver: Driver,
        *,
        calls: Calls,
        writer: Writer,
        watch: Watch,
        statistics: Statistics,
        deliver: Callable[[Columns], None],
        period_s: float | None,
        silence_s: float,
    ) -> None:
        """`period_s` is None when there is nothing to read; `silence_s` ends a subscription."""
        self._driver, self._calls, self._writer, self._watch = driver, calls, writer, watch
        self._statistics, self._deliver = statistics, deliver
        self._period_s, self._silence_s = period_s, silence_s
        self._end: Exception | None = None

    def end(self, reason: Exception) -> None:
        """Ask the connection to end; `hold` raises the reason, and what still arrives is dropped."""
        self._end = reason
        self._writer.wake.set()

    async def hold(self) -> None:
        """Connect and work until something ends it; always closed on return.

        Raises:
            DriverError: the device or the link failed, or `end` was called with this.
        """
        self._end = None
        try:
            await self._calls.open()
            self._statistics.connects += 1
            self._check()
            self._writer.open()
            await (self._follow() if self._driver.subscribes else self._poll())
        finally:
            self._writer.close()
            await self._calls.close()

    async def sleep(self, until: float | None) -> None:
        """Wait until the deadline, or until the writer is woken."""
        try:
            async with asyncio.timeout_at(until):
                await self._writer.wake.wait()
        except TimeoutError:
            return

    async def _poll(self) -> None:
        """Read on absolute deadlines; writes go first."""
        loop = asyncio.get_running_loop()
        ticker = None if self._period_s is None else Ticker(self._period_s, loop.time())
        again: float | None = None
        while True:
            self._writer.wake.clear()
            await self._writer.serve()
            self._check()
            due = None if ticker is None else ticker.next if again is None else min(again, ticker.next)
            if ticker is not None and due is not None and (self._driver.more_due or due <= loop.time()):
                again = None if await self._read() else loop.time() + RETRY_S
                if not self._driver.more_due and ticker.next <= loop.time():
                    self._statistics.periods_missed += ticker.advance(loop.time())
            else:
                await self.sleep(min((at for at in (due, self._writer.due) if at is not None), default=None))

    async def _read(self) -> bool:
        """Read once; return whether the device answered."""
        try:
            columns = await self._calls.call(self._driver.read(), 2)
        except DeviceTimeout as error:
            self._watch.trouble(str(error))
            return False
        self._statistics.reads += 1
        self._take(columns)
        return True

    async def _follow(self) -> None:
        """Take what the subscription brings, and write beside it."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(), name=f"{self._watch.device} subscription")
                group.create_task(self._write_on(), name=f"{self._watch.device} writes")
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _pump(self) -> None:
        stream = self._driver.subscribe()
        while True:
            try:
                async with asyncio.timeout(self._silence_s):
                    columns = await anext(stream)
            except TimeoutError:
                raise Disconnected(f"the subscription was silent for {self._silence_s:g} s") from None
            except StopAsyncIteration:
                raise Disconnected("the subscription ended") from None
            self._take(columns)

    async def _write_on(self) -> None:
        while True:
            self._writer.wake.clear()
            await self._writer.serve()
            self._check()
            await self.sleep(self._writer.due)

    def _take(self, columns: Columns) -> None:
        """Pass samples on, unless the connection has been given up meanwhile."""
        self._check()
        if len(columns) == 0 and not columns.texts:
            if self._driver.subscribes:  # a keep-alive: what was good still is
                has_tags = self._period_s is not None
                self._watch.answer(good=self._watch.state is State.CONNECTED or not has_tags)
                self._deliver(columns)
            return
        good = bool((columns.quality < BAD).any()) or any(text.quality < BAD for text in columns.texts)
        self._statistics.samples += len(columns) + len(columns.texts)
        self._watch.answer(good=good)
        self._deliver(columns)

    def _check(self) -> None:
        if self._end is not None:
            raise self._end
