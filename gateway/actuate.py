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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy.typing as npt

from config.site import Site
from control.signal import OUTPUT_WATCHDOG
from drivers.api import Write, WriteResult
from drivers.session import Session

_log = logging.getLogger(__name__)
_RETRY_S = 0.5
_DRAIN_LIMIT = 4096


class Outbox(Protocol):
    """The engine's ring of outputs."""

    def pop(self, limit: int) -> npt.NDArray[Any]:
        """Take up to `limit` rows, oldest first."""
        ...


@dataclass(slots=True)
class DeviceOutputs:
    """What one device should hold, and what of it is still to be written."""

    wanted: dict[int, float] = field(default_factory=dict)
    pending: dict[int, float] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    """Tags whose last write failed, and why."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    superseded: int = 0
    written: int = 0
    failed: int = 0

    def want(self, tag: int, value: float, *, keep: bool) -> None:
        """Take a new value for a tag; `keep` it for when the device comes back."""
        self.superseded += tag in self.pending
        self.pending[tag] = value
        if keep:
            self.wanted[tag] = value
        self.wake.set()

    def again(self) -> None:
        """Write everything anew: the device is back."""
        self.pending = {**self.wanted, **self.pending}
        self.wake.set()


class Actuation:
    """Takes the engine's outputs to the devices."""

    def __init__(
        self,
        site: Site,
        outbox: Outbox,
        sessions: Mapping[str, Session],
        to_raw: Callable[[int, float], float],
        *,
        poll_period_s: float,
    ) -> None:
        """Wire it; `to_raw(tag, value)` turns an engineering value into the device's own."""
        self._outbox, self._sessions, self._to_raw = outbox, sessions, to_raw
        self._poll_period_s = poll_period_s
        self._names = list(site.tags)
        self._device_of = [tag.device for tag in site.tags.values()]
        self._armed = {name: device.writes_armed for name, device in site.devices.items()}
        self.devices = {name: DeviceOutputs() for name in site.devices}
        self.writers: list[asyncio.Task[None]] = []

    async def run(self, tasks: asyncio.TaskGroup) -> None:
        """Poll the outbox for ever; the writers are tasks of the group."""
        self.writers = [
            tasks.create_task(self._write(name), name=f"actuate {name}") for name in self._sessions
        ]
        while True:
            self.collect()
            await asyncio.sleep(self._poll_period_s)

    def collect(self) -> None:
        """Move what the engine decided to the devices' writers."""
        rows = self._outbox.pop(_DRAIN_LIMIT)
        for tag, value, reason in zip(
            rows["tag"].tolist(), rows["value"].tolist(), rows["reason"].tolist(), strict=True
        ):
            device = self._device_of[tag]
            if device is None or not self._armed[device] or not math.isfinite(value):
                continue
            self.devices[device].want(tag, self._to_raw(tag, value), keep=reason != OUTPUT_WATCHDOG)

    def device_restored(self, device: str) -> None:
        """Write every output of a device anew."""
        self.devices[device].again()

    async def drain(self, within_s: float) -> bool:
        """Write what is pending, for at most a time; return whether everything left."""
        self.collect()
        try:
            async with asyncio.timeout(within_s):
                while any(
                    self._reachable(name) and outputs.pending for name, outputs in self.devices.items()
                ):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            return False
        return not any(outputs.pending for outputs in self.devices.values())

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
            sending, outputs.pending = outputs.pending, {}
            results = await session.write([Write(tag, value) for tag, value in sending.items()])
            if self._settle(name, sending, results):
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
                if outputs.refused.pop(result.tag, None) is not None:
                    _log.info("write works again: tag=%s", self._names[result.tag])
                continue
            if outputs.refused.get(result.tag) != result.error:
                _log.error("write failed: tag=%s why=%s", self._names[result.tag], result.error)
            outputs.refused[result.tag] = result.error
            if result.tag in outputs.wanted:
                outputs.pending.setdefault(result.tag, sent[result.tag])
        return bool(failed)
