"""The right to write to one device: the lock on this machine and the lease in the device, taken and kept.

Taken when writes are armed, given back when they are disarmed. While it is missing nothing leaves for the
device: `changed` is told at once when it is lost, before anything else happens.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

from config.device_base import DeviceBase, DeviceLease
from control.signal import BAD
from drivers.api import DriverError, Write
from drivers.session import Session
from gateway.devices.lease import NOBODY, Claimable, LeaseWatch, Seen, counted
from gateway.devices.lock import DeviceLock

_log = logging.getLogger(__name__)
_RETRY_S: Final = 1.0
_SETTLE_S: Final = (0.3, 0.6)
"""A claim is read again after a random time between these."""
_CLAIM_SPARE_S: Final = 3.0


class Claim:
    """The right to write to one device. Everything runs on the drivers' loop."""

    def __init__(
        self,
        name: str,
        device: DeviceBase,
        gateway: str,
        *,
        session: Callable[[], Session],
        tag: Callable[[str], int],
        wanted: Callable[[], bool],
        settled: Callable[[], Awaitable[bool]],
        changed: Callable[[bool, str], None],
    ) -> None:
        """Prepare; `run` takes and keeps it.

        Args:
            name: of the device.
            device: its configuration.
            gateway: name of this gateway.
            session: of the device.
            tag: the session's number of a tag, by its name.
            wanted: whether writes to the device are armed.
            settled: waits, for a while, until what is still to be written has left.
            changed: told when the right is taken (True) or lost, and why.
        """
        self.name, self.lease = name, device.lease
        self._session, self._tag, self._wanted, self._changed = session, tag, wanted, changed
        self._settled = settled
        self._lock = DeviceLock(device, gateway)
        self._watch = None if self.lease is None else LeaseWatch(self.lease.number, self.lease.expires_after)
        self._renewed_s = 0.0
        self._asked_until_s = 0.0
        self._wake, self._told = asyncio.Event(), asyncio.Event()
        self.held = False
        self.why = "writes have not been armed"
        """Why it is not held; empty while it is."""
        self.refused = False
        """True: it is another gateway's, as far as is known."""

    def begin(self) -> None:
        """Take the lock before anything runs: without a lease the device may be written from the start."""
        self._take_lock()
        if self._lock.held and self.lease is None:
            self.held, self.why = True, ""

    def drop(self) -> None:
        """Let go of the lock at once: another claim on the same device begins."""
        self._lock.release()

    async def obtain(self) -> str | None:
        """Take the right, for writes that are armed next; return who has it instead.

        None as well for a device that cannot be asked now: nothing is written to it before it could be.
        """
        if self.held:
            return None
        self.refused = False
        limit_s = _CLAIM_SPARE_S
        if self.lease is not None:
            limit_s += self.lease.expires_after + 3 * self.lease.period
        self._asked_until_s = time.monotonic() + limit_s + _CLAIM_SPARE_S
        try:
            async with asyncio.timeout(limit_s):
                while not self.held and not self.refused and self._can_be_asked():
                    self._told.clear()
                    self._wake.set()
                    await self._told.wait()
        except TimeoutError:
            self.refused = True
        if self.refused:
            self._asked_until_s = 0.0
        return self.why if self.refused else None

    async def run(self) -> None:
        """Take, keep and give back the right for ever."""
        try:
            while True:
                if self._wanted() or time.monotonic() < self._asked_until_s:
                    await self._pursue()
                elif self._lock.held:
                    await self._settled()
                    await self.give_back()
                self._told.set()
                self._wake.clear()
                period_s = _RETRY_S if self.lease is None else self.lease.period
                try:
                    async with asyncio.timeout(period_s):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            self._lock.release()

    async def give_back(self) -> None:
        """Let other gateways have the device."""
        lease, held = self.lease, self.held
        self.refused = False
        self._lose("writes are not armed")
        if held and lease is not None:
            seen = await self._look(lease)
            if seen is not None and seen.owner == lease.number:
                await self._write(lease, NOBODY, seen.counter)
        self._lock.release()

    def _can_be_asked(self) -> bool:
        return self.lease is None or self._session().connected

    def _take_lock(self) -> None:
        try:
            holder = self._lock.take()
        except OSError as error:
            holder = f"nobody can tell whom: the lock cannot be made ({error})"
        self.refused = holder is not None
        if holder is not None:
            self._lose(f"{self.name} is written to by {holder}")

    async def _pursue(self) -> None:
        if not self._lock.held:
            self._take_lock()
        if not self._lock.held:
            return
        if self.lease is None:
            self._hold()
        elif self.held:
            await self._renew(self.lease)
        else:
            await self._claim(self.lease)

    async def _claim(self, lease: DeviceLease) -> None:
        assert self._watch is not None
        seen = await self._look(lease)
        if seen is None:
            self.why = f"the lease of {self.name} cannot be read"
            return
        claimable = self._watch.look(seen, time.monotonic())
        if claimable is not Claimable.YES:
            self.refused = claimable is Claimable.HELD
            lives = "its counter moves" if self.refused else "whether that one lives is being watched"
            self.why = f"{self.name} is held by gateway number {seen.owner}: {lives}"
            return
        if not await self._write(lease, lease.number, counted(seen.counter)):
            self.why = f"the lease of {self.name} cannot be written"
            return
        await asyncio.sleep(random.uniform(*_SETTLE_S))
        seen = await self._look(lease)
        if seen is not None and seen.owner == lease.number:
            self._renewed_s = time.monotonic()
            self._hold()
        elif seen is not None:
            self._watch.look(seen, time.monotonic())
            self.refused, self.why = True, f"{self.name} was taken by gateway number {seen.owner} meanwhile"

    async def _renew(self, lease: DeviceLease) -> None:
        seen = await self._look(lease)
        if seen is not None and seen.owner != lease.number:
            self._lose(f"gateway number {seen.owner} has taken the lease of {self.name}")
        elif seen is not None and await self._write(lease, None, counted(seen.counter)):
            self._renewed_s = time.monotonic()
        elif time.monotonic() - self._renewed_s > lease.expires_after - lease.period:
            self._lose(f"the lease of {self.name} could not be renewed in time")

    async def _look(self, lease: DeviceLease) -> Seen | None:
        tags = [self._tag(lease.owner), self._tag(lease.counter)]
        try:
            columns = await self._session().look(tags)
        except DriverError:
            return None
        rows = zip(columns.tag.tolist(), columns.value.tolist(), columns.quality.tolist(), strict=True)
        values = {tag: value for tag, value, quality in rows if quality < BAD}
        if not all(tag in values for tag in tags):
            return None
        return Seen(int(values[tags[0]]), int(values[tags[1]]))

    async def _write(self, lease: DeviceLease, owner: int | None, counter: int) -> bool:
        writes = [Write(self._tag(lease.counter), counter)]
        if owner is not None:
            writes.append(Write(self._tag(lease.owner), owner))
        results = await self._session().write(writes)
        return all(result.error is None for result in results)

    def _hold(self) -> None:
        if not self.held:
            self.held, self.why, self.refused = True, "", False
            self._changed(True, "")

    def _lose(self, why: str) -> None:
        self.why = why
        if self._watch is not None:
            self._watch.forget()
        if self.held:
            self.held = False
            self._changed(False, why)
