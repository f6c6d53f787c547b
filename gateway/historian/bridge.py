"""From MQTT to the hot table: what arrives is on disk, with its watermark, before it is acknowledged.

Messages are committed in batches, by one thread off the loop; then the broker hears that they are
taken care of, and the gateways hear how far the record is complete. Killed at any point, the historian
gets again what it had not acknowledged, and knows what of it it has.

What waits for its commit is bounded. Beyond the bound the newest messages are acknowledged and dropped
(`shed`): they are gaps then, and gaps are asked for again, from the gateway's journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from config.streams import Historian
from gateway.historian.hot import Committed
from gateway.historian.hot_thread import HotThread
from gateway.historian.incoming import Arrival, Unfit, examine
from gateway.historian.points import Source
from gateway.stream import topics
from gateway.stream.mqtt import Inbound

_log = logging.getLogger(__name__)

_COMMIT_AT: Final = 16
"""Messages that are committed without waiting: brokers keep as few as 20 on their way (mosquitto)."""
_WAITING_BYTES: Final = 64 << 20
_RETRY_S: Final = 1.0


@dataclass(slots=True)
class BridgeCounters:
    """What happened since the start."""

    messages: int = 0
    points: int = 0
    duplicates: int = 0
    quarantined: int = 0
    given_up: int = 0
    shed: int = 0
    commits: int = 0


class Bridge:
    """Takes, commits and acknowledges."""

    def __init__(
        self, config: Historian, hot: HotThread, announce: Callable[[dict[Source, int]], None]
    ) -> None:
        """Describe it: `take` is given what arrives; `announce` hears of watermarks once they are on disk."""
        self._config, self._hot, self._announce = config, hot, announce
        self._waiting: list[tuple[Arrival, Inbound]] = []
        self._waiting_bytes = 0
        self._since_s = 0.0
        self._some, self._enough = asyncio.Event(), asyncio.Event()
        self._ending = False
        self._shed: dict[Source, int] = {}
        self.counters = BridgeCounters()
        self.trouble = ""
        """Why nothing is committed now; empty when all is well."""

    async def run(self) -> None:
        """Commit what arrives, soon when it is little, at once when it is much, until `end` is called."""
        while not self._ending:
            await self._some.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._since_s + self._config.commit_period - time.monotonic()):
                    await self._enough.wait()
            if not await self.commit() and not self._ending:
                await asyncio.sleep(_RETRY_S)
        await self.commit()

    def end(self) -> None:
        """Have `run` commit what waits and return."""
        self._ending = True
        self._some.set()
        self._enough.set()

    async def commit(self) -> bool:
        """Commit and acknowledge what waits; False when it cannot be done now, and it goes on waiting."""
        batch, shed = self._waiting[:], self._shed
        try:
            done = await self._hot.commit([arrival for arrival, _ in batch], shed)
        except sqlite3.Error as error:
            self._report(f"the hot table takes nothing: {error}")
            return False
        if done is None:
            self._report(f"the hot table has reached its limit of {self._config.max_bytes} bytes")
            return False
        self._report("")
        if self._shed is shed:
            self._shed = {}
        self._forget(len(batch))
        for _, inbound in batch:
            inbound.acknowledge()
        self._count(done)
        self._announce(done.watermarks)
        return True

    def take(self, message: Inbound) -> None:
        """Take a message, to be committed soon and acknowledged then."""
        if self._waiting_bytes > _WAITING_BYTES:
            self._drop(message)
            return
        if not self._waiting:
            self._since_s = time.monotonic()
        self._waiting.append((Arrival(message.topic, message.payload, time.time_ns()), message))
        self._waiting_bytes += len(message.payload)
        self._some.set()
        if len(self._waiting) >= _COMMIT_AT:
            self._enough.set()

    def _drop(self, message: Inbound) -> None:
        """Take a message that there is no room for as a gap."""
        self.counters.shed += 1
        examined = examine(message.topic, message.payload)
        if not isinstance(examined, Unfit):
            known = self._shed.get(examined.source, 0)
            self._shed = {**self._shed, examined.source: max(known, examined.sequence)}
        message.acknowledge()

    def _forget(self, count: int) -> None:
        """Drop what is committed from what waits; more may have come meanwhile."""
        del self._waiting[:count]
        self._waiting_bytes = sum(len(arrival.payload) for arrival, _ in self._waiting)
        self._since_s = time.monotonic()
        if not self._waiting:
            self._some.clear()
        if len(self._waiting) < _COMMIT_AT:
            self._enough.clear()

    def _count(self, done: Committed) -> None:
        counters = self.counters
        counters.commits += 1
        counters.messages += done.messages
        counters.points += done.points
        counters.duplicates += done.duplicates
        counters.quarantined += done.quarantined
        counters.given_up += done.given_up

    def _report(self, trouble: str) -> None:
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble:
            _log.error("%s", trouble)
        else:
            _log.info("the hot table takes messages again")


def patterns(site: str, partitions: list[int] | None) -> list[str]:
    """Return what a historian of these partitions (none: of all) subscribes to."""
    shares: list[int | str] = [topics.ANY] if partitions is None else [*partitions]
    kinds = (topics.Telemetry, topics.UnitEvent, topics.GatewayEvent)
    return [kind.pattern(site=site, partition=share) for share in shares for kind in kinds]
