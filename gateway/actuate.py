"""From the engine to the drivers: outputs become writes, one task a device.

Policy where a device is slower than the engine: *latest wins*. A value that has not left yet is
replaced by the newer one of its tag and counted (`superseded`). What a loop or an interlock decides
stays wanted: where a device refused it or did not take it, it is tried again, and when a device comes
back it is written anew, because the device may have restarted with values of its own. What a person
wrote is written once.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import numpy.typing as npt

from config.site import Site
from control.signal import OUTPUT_COMMAND, OUTPUT_RESUMED, OUTPUT_WATCHDOG
from drivers.api import Write
from drivers.notices import Matter, News, Notice
from drivers.session import Session
from gateway.device_outputs import DeviceOutputs, Expected, Keep
from gateway.numbering import Numbering
from gateway.output_writer import OutputWriter

_log = logging.getLogger(__name__)
_DRAIN_LIMIT = 4096
_SETTLE_POLL_S = 0.02
_KEPT: Final = {OUTPUT_COMMAND: Keep.ONCE, OUTPUT_WATCHDOG: Keep.BEAT, OUTPUT_RESUMED: Keep.UNTIL_TAKEN}
"""How long a device should have an output, by the engine's reason; everything else always."""


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
            tell = functools.partial(self._tell, name)
            writer = OutputWriter(self._sessions[name], self.devices[name], tell)
            self.writers[name] = self._tasks.create_task(writer.run(), name=f"actuate {name}")

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
            keep = _KEPT.get(reason, Keep.ALWAYS)
            self.devices[device].want(session_tag, self._to_raw(tag, value), keep)

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
        if device in self.devices:
            self.devices[device].no_longer(expected)

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
