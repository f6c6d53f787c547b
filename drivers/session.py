"""The host of one device: keeps it connected, polls or follows it, writes to it, says how it is.

What every driver would otherwise have to do again is done once, here and in the parts used here:

    session.py      attempts with back-off, enable and disable, marking the tags of a silent device
    connection.py   one connection: polls on deadlines or a subscription, writes ahead of polls
    writer.py       the queue of writes, refusals, read-back;  writes.py  its pure parts
    calls.py        a limit on every await
    watch.py        the state and its edges;  states.py  the table of states

Samples go to `deliver`, and empty columns as the keep-alive of a subscription: nothing changed, and
what was sent still holds. The state follows answers, never sockets. A device that has been silent
for `dead_after` gets its tags marked bad and its connection rebuilt, so that all are read anew.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from config.devices import DeviceBase
from config.tags import Access
from control.signal import BAD, COMM, CONFIG, OUT_OF_SERVICE, Columns
from drivers.api import (
    Argument,
    CallsMethods,
    DeviceRefused,
    Disconnected,
    Driver,
    DriverError,
    MethodResult,
    TagRef,
    Write,
    WriteResult,
)
from drivers.calls import SPARE_S, Calls
from drivers.connection import Connection
from drivers.marks import marks
from drivers.notices import Announces, News, Tells, plain
from drivers.pacing import Backoff, poll_period_s
from drivers.states import State, StateChange
from drivers.statistics import Statistics
from drivers.watch import Watch
from drivers.writer import Writer
from drivers.writes import Order

_log = logging.getLogger(__name__)

METHOD_REQUESTS: Final = 5
"""A call of a method may take so many timeouts: its arguments are looked up before."""


class _DisabledError(Exception):
    """The device was disabled while it was connected."""


class Session:
    """Runs one device. `run` is a supervised task; everything else may be called at any time."""

    def __init__(
        self,
        name: str,
        device: DeviceBase,
        driver: Driver,
        refs: Sequence[TagRef],
        deliver: Callable[[Columns], None],
        *,
        changed: Callable[[StateChange], None] | None = None,
        announced: Callable[[str, News], None] | None = None,
        utc_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Plan the device's tags; `run` connects.

        `changed` is told of every change of state, `announced` of what the device tells besides values.
        """
        self.name = name
        if announced is not None and isinstance(driver, Announces):
            driver.announce = functools.partial(announced, name)
        self._driver, self._device = driver, device
        self.statistics = Statistics()
        self.unreadable = dict(driver.plan(refs))
        """Tags that cannot be read, index to reason."""
        self._deliver, self._utc_ns = deliver, utc_ns
        readable = [ref for ref in refs if ref.tag.access is not Access.WRITE]
        self._live = [ref for ref in readable if ref.index not in self.unreadable]
        self._hopeless = [ref for ref in readable if ref.index in self.unreadable]
        period_s = poll_period_s(device.period, self._live)
        self._silence_s = device.dead_after if driver.subscribes else max(device.dead_after, 2 * period_s)
        self._backoff = Backoff(device.reconnect_min, device.reconnect_max)
        self._disabled = False
        calls = Calls(driver, device.timeout, self.statistics)
        self._watch = Watch(
            name,
            self._silence_s,
            device.dead_after,
            frames=driver.last_frames,
            dead=self._on_dead,
            changed=changed,
            utc_ns=utc_ns,
        )
        self._writer = Writer(
            device,
            driver,
            calls=calls,
            watch=self._watch,
            statistics=self.statistics,
            readable=frozenset(ref.index for ref in self._live if ref.name != device.watchdog),
        )
        self._connection = Connection(
            driver,
            calls=calls,
            writer=self._writer,
            watch=self._watch,
            statistics=self.statistics,
            deliver=deliver,
            period_s=period_s if self._live else None,
            silence_s=self._silence_s,
        )

    @property
    def state(self) -> State:
        """How the device is."""
        return self._watch.state

    @property
    def connected(self) -> bool:
        """Whether a connection is open, so that writes are taken; says nothing about samples."""
        return self._writer.is_open and not self._disabled

    @property
    def reason(self) -> str:
        """Why it is so; empty when all is well."""
        return self._watch.reason

    @property
    def age_s(self) -> float | None:
        """Seconds since the last good sample (or keep-alive of good data); None before the first."""
        return self._watch.age_s

    @property
    def facts(self) -> Mapping[str, float | str | None]:
        """What the driver knows of its device now, for the gateway's health."""
        told = self._driver.facts if isinstance(self._driver, Tells) else {}
        return {name: plain(fact) for name, fact in told.items()}

    async def write(self, writes: Sequence[Write], *, verify: bool = True) -> list[WriteResult]:
        """Write ahead of the next poll; returns when the outcome is known.

        Without `verify` nothing is read back: what the device resets by itself would differ.

        What cannot be written comes back as a result with an error; a device that is not
        connected refuses at once.
        """
        return await self._writer.submit(writes, verify=verify).done

    def begin_write(self, writes: Sequence[Write]) -> Order:
        """Write as `write`, without waiting: the device's answer comes before what is read back."""
        return self._writer.submit(writes)

    @property
    def write_within_s(self) -> float:
        """How long a write may take to be answered: behind a poll that gets no answer, and read back."""
        return 2 * self._device.timeout + (self._device.verify_after or 0.0) + SPARE_S

    async def look(self, tags: Sequence[int]) -> Columns:
        """Read tags now, ahead of the polls, whatever their periods.

        Raises:
            DriverError: the device is not connected or did not answer.
        """
        return await self._writer.look(tags)

    @property
    def armed(self) -> bool:
        """Whether writes to the device are taken, as far as people go."""
        return self._writer.armed

    def arm(self, armed: bool) -> None:
        """Take writes, or refuse every one."""
        self._writer.armed = armed

    async def call_method(self, method: str, arguments: Sequence[Argument]) -> MethodResult:
        """Call a method of the device; what is refused, or fails, is in the result."""
        if not isinstance(self._driver, CallsMethods):
            return MethodResult("devices of this kind have no methods")
        if not self.armed:
            return MethodResult("writes to this device are not armed")
        if not self.connected:
            return MethodResult("the device is not connected")
        try:
            async with asyncio.timeout(METHOD_REQUESTS * self._device.timeout):
                return await self._driver.call(method, arguments)
        except (DriverError, TimeoutError) as error:
            return MethodResult(f"outcome unknown: {error or 'no answer in time'}")

    def disable(self) -> None:
        """Take the device out of service: disconnect, and mark its tags."""
        if not self._disabled:
            self._disabled = self._writer.disabled = True
            self._watch.disable()
            self._connection.end(_DisabledError())
            self._mark_out_of_service()

    def enable(self) -> None:
        """Put the device back into service."""
        if self._disabled:
            self._disabled = self._writer.disabled = False
            self._watch.enable()
            self._mark(self._hopeless, BAD | CONFIG)
            self._writer.wake.set()

    async def run(self) -> None:
        """Run the device until cancelled."""
        self._watch.start()
        if self._disabled:
            self._watch.disable()
            self._mark_out_of_service()
        else:
            self._mark(self._hopeless, BAD | CONFIG)
        try:
            while True:
                self._writer.wake.clear()
                if self._disabled:
                    await self._connection.sleep(None)
                    continue
                delay_s = await self._attempt()
                if not self._disabled:
                    self._writer.wake.clear()
                    await self._connection.sleep(asyncio.get_running_loop().time() + delay_s)
        finally:
            self._watch.stop()

    async def _attempt(self) -> float:
        """Hold one connection for as long as it lasts; return the delay to the next attempt."""
        self.statistics.attempts += 1
        began = time.monotonic()
        try:
            await self._connection.hold()
        except _DisabledError:
            return 0.0
        except DriverError as error:
            self._failed(str(error), began)
            if isinstance(error, DeviceRefused):
                self._backoff.exhaust()
        except Exception as error:  # noqa: BLE001 - the boundary: no driver may end its supervisor
            self.statistics.unexpected += 1
            if self.state in (State.CONNECTING, State.CONNECTED):
                _log.exception("driver failed: device=%s", self.name)
            self._failed(f"{type(error).__name__}: {error}", began)
        return self._backoff.next_delay_s()

    def _failed(self, reason: str, began: float) -> None:
        self.statistics.failures += 1
        if self._watch.last_good > began:
            self._backoff.reset()
        self._watch.trouble(reason)

    def _on_dead(self) -> None:
        """Mark the tags, and have every one read anew on a fresh connection."""
        if self._writer.is_open and self._live:
            self._connection.end(Disconnected(f"silent for longer than {self._silence_s:g} s"))
        self._mark(self._live, BAD | COMM)

    def _mark_out_of_service(self) -> None:
        self._mark([*self._live, *self._hopeless], BAD | OUT_OF_SERVICE)

    def _mark(self, refs: Sequence[TagRef], quality: int) -> None:
        """Deliver a sample without value for each of the tags, stamped now."""
        if refs:
            self._deliver(marks(refs, quality, self._utc_ns()))
