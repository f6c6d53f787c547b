"""Writes that wait for their turn on a device. No I/O."""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from dataclasses import dataclass, field

from drivers.api import Holds, Write, WriteResult


class Overflow(enum.StrEnum):
    """What a full queue does."""

    REFUSE_NEWEST = "refuse_newest"
    """The write that finds the queue full is refused, and its caller is told."""


def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def _results() -> asyncio.Future[list[WriteResult]]:
    return asyncio.get_running_loop().create_future()


@dataclass(frozen=True, slots=True)
class Order:
    """Writes that were asked for together, and what becomes of them."""

    writes: tuple[Write, ...]
    verify: bool = True
    """Read back what was written, where the device asks for it."""
    answered: asyncio.Future[None] = field(default_factory=_future)
    """Done once the device has answered, or will not be asked: the next order need not wait for more."""
    done: asyncio.Future[list[WriteResult]] = field(default_factory=_results)
    """The results, read back where that is asked; cancelled, it is not written any more."""

    def finish(self, results: list[WriteResult]) -> None:
        """Hand the results to the caller, if it still waits."""
        self.move_on()
        if not self.done.done():
            self.done.set_result(results)

    def move_on(self) -> None:
        """The device has answered."""
        if not self.answered.done():
            self.answered.set_result(None)

    def fail(self, reason: str) -> None:
        """Tell the caller that none of the writes has left."""
        self.finish([WriteResult(write.tag, reason) for write in self.writes])

    def lose(self, reason: str) -> None:
        """Tell the caller that nobody knows which of the writes have arrived."""
        told, holds = f"outcome unknown: {reason}", Holds.NOBODY_KNOWS
        self.finish([WriteResult(write.tag, told, holds=holds) for write in self.writes])


class WriteQueue:
    """Orders in the sequence they were asked for, bounded by the number of writes in them."""

    overflow = Overflow.REFUSE_NEWEST

    def __init__(self, limit: int) -> None:
        """Take at most `limit` writes."""
        self._limit = limit
        self._orders: deque[Order] = deque()
        self._size = 0

    def __len__(self) -> int:
        """Return how many orders wait."""
        return len(self._orders)

    def put(self, order: Order) -> bool:
        """Queue an order; False when there is no room."""
        if self._size + len(order.writes) > self._limit:
            return False
        self._orders.append(order)
        self._size += len(order.writes)
        return True

    def take(self) -> Order:
        """Return the order that has waited longest."""
        order = self._orders.popleft()
        self._size -= len(order.writes)
        return order

    def fail_all(self, reason: str) -> None:
        """Answer every waiting order: what is late must not reach a device that comes back."""
        while self._orders:
            self.take().fail(reason)
