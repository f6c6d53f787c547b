"""Writes to one device: refused at the door or done in order, and read back where that is asked."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence

from config.devices import DeviceBase
from control.signal import Columns
from drivers.api import DeviceTimeout, Disconnected, Driver, Write, WriteResult
from drivers.calls import Calls
from drivers.read_back import Verifications
from drivers.statistics import Statistics
from drivers.watch import Watch
from drivers.writes import Order, WriteQueue

WRITE_QUEUE_LIMIT = 256
LOOK_LIMIT = 16
"""Tags can be asked for ahead of the polls by so many at a time; the newest is refused then."""
READ_BACK_AT_ONCE = 8
"""Of what is to be read back so many tags are read in one call: a write waits for one call at most."""


class Writer:
    """The writing half of a session. `submit` may be called by anybody, `serve` by the session."""

    def __init__(
        self,
        device: DeviceBase,
        driver: Driver,
        *,
        calls: Calls,
        watch: Watch,
        statistics: Statistics,
        readable: frozenset[int],
    ) -> None:
        """`readable` are the tags that can be read back."""
        self.disabled = self.is_open = False
        self.armed = device.writes_armed
        """False: every write is refused."""
        self.wake = asyncio.Event()
        """Set when there is something to serve."""
        self._device, self._driver, self._calls, self._watch = device, driver, calls, watch
        self._statistics, self._readable = statistics, readable
        self._queue = WriteQueue(WRITE_QUEUE_LIMIT)
        self._verifications = Verifications(statistics)
        self._looks: deque[tuple[tuple[int, ...], asyncio.Future[Columns]]] = deque()

    @property
    def due(self) -> float | None:
        """When the next verification is due (monotonic), if any."""
        return self._verifications.due

    def submit(self, writes: Sequence[Write], *, verify: bool = True) -> Order:
        """Have something written, and verified where the device asks for it (not without `verify`).

        A device that is not connected refuses at once: a write never waits for it to come back.
        """
        order = Order(tuple(writes), verify)
        order.done.add_done_callback(self._count)
        why = self._refusal()
        if not why and not self._queue.put(order):
            self._statistics.write_overflow += len(writes)
            why = "the device's write queue is full"
        if why:
            order.fail(why)
        else:
            self.wake.set()
        return order

    def _refusal(self) -> str:
        if not self.armed:
            return "writes to this device are not armed"
        if self.disabled:
            return "the device is disabled"
        return "" if self.is_open else "the device is not connected"

    def _count(self, done: asyncio.Future[list[WriteResult]]) -> None:
        if not done.cancelled():
            self._statistics.writes_refused += sum(result.error is not None for result in done.result())

    async def look(self, tags: Sequence[int]) -> Columns:
        """Read tags now, ahead of the polls, whatever their periods.

        Raises:
            DriverError: the device is not connected, did not answer, or too many ask at a time.
        """
        if not self.is_open or len(self._looks) >= LOOK_LIMIT:
            why = "too many ask at a time" if self.is_open else "the device is not connected"
            raise Disconnected(why)
        seen: asyncio.Future[Columns] = asyncio.get_running_loop().create_future()
        self._looks.append((tuple(tags), seen))
        self.wake.set()
        return await seen

    async def serve(self) -> None:
        """Do what waits now, then what is to be read; a write that comes meanwhile goes before the next call.

        Raises:
            DriverError: the whole device; the writes under way have been answered.
        """
        await self._execute_waiting()
        for _ in range(len(self._looks)):
            await self._look(*self._looks.popleft())
            await self._execute_waiting()
        now = time.monotonic()
        while self.due is not None and self.due <= now:
            await self._verify_next()
            await self._execute_waiting()

    async def _execute_waiting(self) -> None:
        for _ in range(len(self._queue)):
            await self._execute(self._queue.take())

    def open(self) -> None:
        """The device is connected: take writes."""
        self.is_open = True

    def close(self) -> None:
        """The connection is gone: answer everybody who waits."""
        self.is_open = False
        self._queue.fail_all("the device was disconnected")
        self._verifications.give_up_all("the device was disconnected")
        while self._looks:
            _, seen = self._looks.popleft()
            if not seen.done():
                seen.set_exception(Disconnected("the device was disconnected"))

    async def _look(self, tags: tuple[int, ...], seen: asyncio.Future[Columns]) -> None:
        failure: Exception = Disconnected("stopped")
        if seen.done():
            return
        try:
            columns = await self._calls.call(self._driver.read_back(tags), len(tags))
        except DeviceTimeout as error:
            failure = error
            self._watch.trouble(str(error))
        except Exception as error:
            failure = Disconnected(str(error))
            raise
        else:
            if not seen.done():
                seen.set_result(columns)
        finally:
            if not seen.done():
                seen.set_exception(failure)

    async def _execute(self, order: Order) -> None:
        if order.done.cancelled():
            order.move_on()
            return
        reason = "stopped while writing"
        try:
            results = await self._calls.call(self._driver.write(order.writes), len(order.writes))
        except DeviceTimeout as error:
            reason = str(error)
            self._watch.trouble(reason)
            return
        except Exception as error:
            reason = str(error)
            raise
        else:
            reason = ""
            self._statistics.writes += len(results)
            if not self._readable:  # nothing else can show that the device is alive
                self._watch.answer(good=True)
            self._settle(order, results)
        finally:
            if reason:
                order.lose(reason)

    def _settle(self, order: Order, results: list[WriteResult]) -> None:
        tags = tuple(
            result.tag for result in results if result.error is None and result.tag in self._readable
        )
        if self._device.verify_after is None or not tags or not order.verify:
            order.finish(results)
            return
        due = time.monotonic() + self._device.verify_after
        self._verifications.add(order, results, tags, due)
        order.move_on()

    async def _verify_next(self) -> None:
        tags, reason = self._verifications.next(READ_BACK_AT_ONCE), "stopped"
        try:
            seen = await self._calls.call(self._driver.read_back(tags), len(tags))
        except DeviceTimeout as error:
            reason = str(error)
            self._watch.trouble(reason)
        except Exception as error:
            reason = str(error)
            raise
        else:
            reason = ""
            self._verifications.judge(tags, seen)
        finally:
            if reason:
                self._verifications.give_up_next(reason)
