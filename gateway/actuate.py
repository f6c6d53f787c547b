"""From the engine to the drivers: outputs become writes, one task a device.

Policy where a device is slower than the engine: *latest wins*. A value that has not left yet is
replaced by the newer one of its tag and counted (`superseded`); an output that a device refused or
did not take stays wanted and is tried again. When a device comes back, every output that it should
hold is written anew, because it may have restarted with values of its own.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy.typing as npt

from config.site import Site
from control.signal import OUTPUT_WATCHDOG
from drivers.api import Write, WriteResult
from drivers.notices import Matter, News, Notice
from drivers.session import Session
from gateway.device_outputs import DeviceOutputs, Expected
from gateway.numbering import Numbering

_log = logging.getLogger(__name__)
_RETRY_S = 0.5
_DRAIN_LIMIT = 4096
_SETTLE_POLL_S = 0.02


class Outbox(Protocol):
    """The engine's ring of outputs."""

    def pop(self, limit: int) -> npt.NDArray[Any]:
        """Take up to `limit` rows, oldest first."""
        ...


class Actuation:
    """Takes the engine's outputs to the devices."""

    def __init__(
        self,
        site: Site,
        outbox: Outbox,
        sessions: Mapping[str, Session],
        to_raw: Callable[[int, float], float],
        *,
        numbering: Mapping[str, Numbering],
        poll_period_s: float,
        announced: Callable[[str, News], None] = lambda *_: None,
    ) -> None:
        """Wire it.

        Args:
            site: the effective configuration.
            outbox: the engine's outputs.
            sessions: of every device, by name.
            to_raw: turns an engineering value of a tag into the device's own.
            numbering: of every device's tags; writes go by the session's numbers.
            poll_period_s: how often the outbox is looked into.
            announced: told once when the writes of a tag begin to fail, and when they work again.
        """
        self._outbox, self._sessions, self._to_raw = outbox, sessions, to_raw
        self._numbering, self._poll_period_s = numbering, poll_period_s
        self._announced = announced
        self._know(site)
        self.devices = {name: DeviceOutputs() for name in site.devices}
        self.writers: dict[str, asyncio.Task[None]] = {}
        self._withheld: set[str] = set()

    async def run(self, tasks: asyncio.TaskGroup) -> None:
        """Poll the outbox for ever; the writers are tasks of the group."""
        self._tasks = tasks
        self._begin_writers(self._sessions)
        while True:
            self.collect()
            await asyncio.sleep(self._poll_period_s)

    def change(
        self, site: Site, outbox: Outbox, to_raw: Callable[[int, float], float], over: Iterable[str]
    ) -> None:
        """Go on under another configuration; call `collect` before, for what the old engine decided.

        Args:
            site: the other configuration.
            outbox: the outputs of the engine that goes on.
            to_raw: as at the beginning, for the tags of the other configuration.
            over: devices whose sessions ended or were renewed.
        """
        for name in over:
            self.writers.pop(name).cancel()
            self.devices.pop(name).forget()
            self._withheld.discard(name)
        begun = [name for name in site.devices if name not in self.devices]
        self.devices.update({name: DeviceOutputs() for name in begun})
        self._outbox, self._to_raw = outbox, to_raw
        self._know(site)
        self._begin_writers(begun)

    def _know(self, site: Site) -> None:
        self._names, self._index = list(site.tags), site.tag_index
        self._device_of = [tag.device for tag in site.tags.values()]

    def _begin_writers(self, names: Iterable[str]) -> None:
        for name in names:
            self.writers[name] = self._tasks.create_task(self._write(name), name=f"actuate {name}")

    def collect(self) -> None:
        """Move what the engine decided to the devices' writers."""
        while len(rows := self._outbox.pop(_DRAIN_LIMIT)):
            self._distribute(rows)

    def _distribute(self, rows: npt.NDArray[Any]) -> None:
        for tag, value, reason in zip(
            rows["tag"].tolist(), rows["value"].tolist(), rows["reason"].tolist(), strict=True
        ):
            device = self._device_of[tag]
            if device is None or device in self._withheld or not math.isfinite(value):
                continue
            session_tag = self._numbering[device].session(tag)
            keep = reason != OUTPUT_WATCHDOG
            self.devices[device].want(session_tag, self._to_raw(tag, value), keep=keep)

    async def write_once(self, device: str, values: Sequence[tuple[str, float]]) -> str | None:
        """Write tags of a device in order, ahead of its polls, and never again; for what is no output.

        Args:
            device: that they belong to.
            values: full names and values in the units of the tags.

        Returns:
            Why one of them was not written, as far as is known; None when the device took all.
        """
        if device not in self._sessions:
            return f"there is no device {device!r}"
        if device in self._withheld:
            return f"writes to {device!r} are withheld: another gateway may write to it"
        numbering, number_of = self._numbering[device], self._index
        writes = [
            Write(numbering.session(number_of[name]), self._to_raw(number_of[name], value))
            for name, value in values
        ]
        results = await self._sessions[device].write(writes, verify=False)
        return next((result.error for result in results if result.error is not None), None)

    def withhold(self, device: str, withheld: bool) -> None:
        """Let nothing more leave for a device, or let it again; what waited is forgotten."""
        if withheld:
            self._withheld.add(device)
            self.devices[device].forget()
        else:
            self._withheld.discard(device)

    def device_of(self, tag: str) -> str:
        """Return the device that a tag is written to."""
        device = self._device_of[self._index[tag]]
        assert device is not None, "a tag without a device is no output"
        return device

    def session_of(self, device: str) -> Session:
        """Return the session of a device."""
        return self._sessions[device]

    def expect(self, tag: str, value: float) -> Expected:
        """Begin to wait for the answer to a value of a tag; `drop` ends it."""
        index, device = self._index[tag], self.device_of(tag)
        expected = Expected(self._numbering[device].session(index), self._to_raw(index, value))
        self.devices[device].expected.append(expected)
        return expected

    def drop(self, device: str, expected: Expected) -> None:
        """Wait for an answer no longer."""
        if device in self.devices and expected in self.devices[device].expected:
            self.devices[device].expected.remove(expected)

    async def settle(self, device: str, within_s: float) -> bool:
        """Write what is pending for a device, for at most a time; return whether everything left."""
        outputs, deadline = self.devices[device], time.monotonic() + within_s
        while True:
            self.collect()
            if not outputs.on_their_way:
                return True
            if time.monotonic() > deadline or not self._reachable(device):
                return False
            await asyncio.sleep(_SETTLE_POLL_S)

    def device_restored(self, device: str) -> None:
        """Write every output of a device anew."""
        self.devices[device].again()

    async def drain(self, within_s: float) -> dict[str, list[str]]:
        """Write what is pending, for at most a time; return the tags, by device, that did not get there.

        A device that is not connected is not waited for.
        """
        deadline = time.monotonic() + within_s
        while True:
            self.collect()
            late = {name: outputs.on_their_way for name, outputs in self.devices.items()}
            busy = any(self._reachable(name) and tags for name, tags in late.items())
            if not busy or time.monotonic() > deadline:
                return {name: self._named(name, tags) for name, tags in late.items() if tags}
            await asyncio.sleep(_SETTLE_POLL_S)

    def _named(self, device: str, tags: Iterable[int]) -> list[str]:
        numbering = self._numbering[device]
        return [self._names[numbering.tag(tag)] for tag in sorted(tags)]

    def failing(self, device: str) -> dict[str, str]:
        """Return the tags of a device whose last write failed, and why; any thread may ask."""
        numbering = self._numbering[device]
        refused = self.devices[device].refused.copy()
        return {self._names[numbering.tag(tag)]: why for tag, why in refused.items()}

    def _tell(self, device: str, tag: int, what: Matter, why: str) -> None:
        """Tell that the writes of a tag fail, or work again; only at the edges."""
        name = self._names[self._numbering[device].tag(tag)]
        _log.log(logging.ERROR if why else logging.INFO, "%s: tag=%s why=%s", what, name, why)
        self._announced(device, Notice(what, f"{name}: {why}" if why else name, time.time_ns()))

    def _reachable(self, name: str) -> bool:
        return self._sessions[name].connected

    async def _write(self, name: str) -> None:
        outputs, session = self.devices[name], self._sessions[name]
        while True:
            await outputs.wake.wait()
            outputs.wake.clear()
            if not session.connected:
                await asyncio.sleep(_RETRY_S)
                if outputs.pending:
                    outputs.wake.set()
                continue
            sending = outputs.take()
            results = await session.write([Write(tag, value) for tag, value in sending.items()])
            failed = self._settle(name, sending, results)
            outputs.returned(results)
            if failed:
                await asyncio.sleep(_RETRY_S)
                outputs.wake.set()

    def _settle(self, name: str, sent: dict[int, float], results: list[WriteResult]) -> bool:
        """Count results; put failed outputs back unless there is a newer value. True if any failed."""
        outputs = self.devices[name]
        failed = [result for result in results if result.error is not None]
        outputs.written += len(results) - len(failed)
        outputs.failed += len(failed)
        for result in results:
            if result.error is None:
                if outputs.refused.pop(result.tag, None) is not None and result.tag in outputs.told:
                    outputs.told.discard(result.tag)
                    self._tell(name, result.tag, Matter.WRITE_WORKS, "")
                continue
            if result.tag not in outputs.told and self._reachable(name):
                outputs.told.add(result.tag)
                self._tell(name, result.tag, Matter.WRITE_FAILED, result.error)
            outputs.refused[result.tag] = result.error
            if result.tag in outputs.wanted:
                outputs.pending.setdefault(result.tag, sent[result.tag])
        return bool(failed)
