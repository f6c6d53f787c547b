"""Writes to one device: refused at the door or done in order, and read back where that is asked."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from config.devices import DeviceBase
from control.signal import Columns
from drivers.api import DeviceTimeout, Disconnected, Driver, Write, WriteResult
from drivers.calls import Calls
from drivers.statistics import Statistics
from drivers.watch import Watch
from drivers.writes import Order, Verification, WriteQueue, compare, refuse

WRITE_QUEUE_LIMIT = 256
LOOK_LIMIT = 16
"""Tags can be asked for ahead of the polls by so many at a time; the newest is refused then."""


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
        self._verifications: deque[Verification] = deque()
        self._looks: deque[tuple[tuple[int, ...], asyncio.Future[Columns]]] = deque()

    @property
    def due(self) -> float | None:
        """When the next verification is due (monotonic), if any."""
        return self._verifications[0].due if self._verifications else None

    async def submit(self, writes: Sequence[Write], *, verify: bool = True) -> list[WriteResult]:
        """Write, and verify where the device asks for it (not without `verify`); returns when it is done.

        A device that is not connected refuses at once: a write never waits for it to come back.
        """
        results = await self._admit(writes, verify)
        self._statistics.writes_refused += sum(result.error is not None for result in results)
        return results

    async def _admit(self, writes: Sequence[Write], verify: bool) -> list[WriteResult]:
        if not self.armed:
            return refuse(writes, "writes to this device are not armed")
        if self.disabled:
            return refuse(writes, "the device is disabled")
        if not self.is_open:
            return refuse(writes, "the device is not connected")
        done = self._queue.put(writes, verify=verify)
        if done is None:
            self._statistics.write_overflow += len(writes)
            return refuse(writes, "the device's write queue is full")
        self.wake.set()
        return await done

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
        """Do what waits now, then the verifications that are due.

        Raises:
            DriverError: the whole device; the writes under way have been answered.
        """
        for _ in range(len(self._queue)):
            await self._execute(self._queue.take())
        for _ in range(len(self._looks)):
            await self._look(*self._looks.popleft())
        while self._verifications and self._verifications[0].due <= time.monotonic():
            await self._verify(self._verifications.popleft())

    def open(self) -> None:
        """The device is connected: take writes."""
        self.is_open = True

    def close(self) -> None:
        """The connection is gone: answer everybody who waits."""
        self.is_open = False
        self._queue.fail_all("the device was disconnected")
        while self._verifications:
            self._unverified(self._verifications.popleft(), "the device was disconnected")
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
            return
        reason = "outcome unknown: stopped while writing"
        try:
            results = await self._calls.call(self._driver.write(order.writes), len(order.writes))
        except DeviceTimeout as error:
            reason = f"outcome unknown: {error}"
            self._watch.trouble(str(error))
            return
        except Exception as error:
            reason = f"outcome unknown: {error}"
            raise
        else:
            reason = ""
            self._statistics.writes += len(results)
            if not self._readable:  # nothing else can show that the device is alive
                self._watch.answer(good=True)
            self._settle(order, results)
        finally:
            if reason:
                order.fail(reason)

    def _settle(self, order: Order, results: list[WriteResult]) -> None:
        tags = tuple(
            result.tag for result in results if result.error is None and result.tag in self._readable
        )
        if self._device.verify_after is None or not tags or not order.verify:
            order.finish(results)
            return
        due = time.monotonic() + self._device.verify_after
        self._verifications.append(Verification(order, results, tags, due))

    async def _verify(self, verification: Verification) -> None:
        reason = "stopped"
        try:
            seen = await self._calls.call(self._driver.read_back(verification.tags), len(verification.tags))
        except DeviceTimeout as error:
            reason = str(error)
            self._watch.trouble(reason)
            return
        except Exception as error:
            reason = str(error)
            raise
        else:
            results = compare(verification, seen)
            self._statistics.writes_verified += sum(result.verified for result in results)
            self._statistics.writes_differing += sum(
                after.error is not None and before.error is None
                for before, after in zip(verification.results, results, strict=True)
            )
            verification.order.finish(results)
            reason = ""
        finally:
            if reason:
                self._unverified(verification, reason)

    def _unverified(self, verification: Verification, reason: str) -> None:
        told = f"written, but not verified: {reason}"
        verification.order.finish(
            [
                result if result.error is not None else replace(result, error=told)
                for result in verification.results
            ]
        )
