"""An actuation with a device that takes writes, or does not, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import numpy as np

from config.site import Site
from control.rings import Rows
from control.signal import OUTPUT, OUTPUT_LOOP
from drivers.api import Write, WriteResult
from drivers.notices import News, Notice
from drivers.session import Session
from drivers.writes import Order
from gateway.actuate import Actuation
from gateway.numbering import Numbering


class Device:
    """A session that takes writes, or does not."""

    def __init__(self) -> None:
        self.connected, self.refuses = True, ""
        self.verifies, self.verified, self.write_within_s = False, True, 5.0
        self.gate = asyncio.Event()
        """Set: writes come to their end."""
        self.gate.set()
        self.read_back = asyncio.Event()
        """Set: what was written is read back."""
        self.read_back.set()
        self._orders: set[asyncio.Task[None]] = set()
        self.taken: list[tuple[int, float]] = []

    async def write(self, writes: Sequence[Write], *, verify: bool = True) -> list[WriteResult]:
        self.verified = verify
        return await self.begin_write(writes).done

    def begin_write(self, writes: Sequence[Write]) -> Order:
        order = Order(tuple(writes))
        self._orders.add(task := asyncio.create_task(self._carry_out(order)))
        task.add_done_callback(self._orders.discard)
        return order

    async def _carry_out(self, order: Order) -> None:
        await self.gate.wait()
        await self.answer(order)

    async def answer(self, order: Order) -> None:
        """Answer an order, and have it read back once the other gate is open."""
        if self.refuses:
            order.fail(self.refuses)
            return
        self.taken += [(write.tag, float(write.value)) for write in order.writes]
        order.move_on()
        await self.read_back.wait()
        order.finish([WriteResult(write.tag, verified=self.verifies) for write in order.writes])


class Outbox:
    """The engine's outputs, as a test pushes them."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, int, int, int]] = []

    def push(self, tag: int, value: float, reason: int = OUTPUT_LOOP) -> None:
        self.rows.append((value, 0, tag, reason))

    def pop(self, _limit: int) -> Rows:
        rows, self.rows = np.array(self.rows, OUTPUT), []
        return rows


class Rig:
    def __init__(self) -> None:
        tags = {
            name: {"device": "d", "address": {"address": n}, "access": "write"}
            for n, name in enumerate(("a", "b", "beat"))
        }
        site = Site.model_validate(
            {
                "site": {"name": "s"},
                "gateway": {"name": "g"},
                "devices": {"d": {"driver": "modbus", "host": "h", "writes_armed": True}},
                "units": {"u": {"area": "a", "cell": "c", "tags": tags}},
            }
        )
        self.device, self.outbox, self.told = Device(), Outbox(), cast("list[Notice]", [])
        self.actuation = Actuation(
            site,
            self.outbox,
            {"d": cast("Session", self.device)},
            lambda _, value: value,
            numbering={"d": Numbering()},
            poll_period_s=0.005,
            announced=self._hear,
        )

    def _hear(self, _device: str, news: News) -> None:
        assert isinstance(news, Notice)
        self.told.append(news)

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(10.0):
            while not condition():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running() -> AsyncIterator[Rig]:
    rig = Rig()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(rig.actuation.run(tasks))
        yield rig
        for writer in (task, *rig.actuation.writers.values()):
            writer.cancel()
