"""Writes that wait for their turn on a device, and the check that they arrived. No I/O."""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from control.signal import BAD, Columns
from drivers.api import Write, WriteResult


class Overflow(enum.StrEnum):
    """What a full queue does."""

    REFUSE_NEWEST = "refuse_newest"
    """The write that finds the queue full is refused, and its caller is told."""


@dataclass(frozen=True, slots=True)
class Order:
    """Writes that were asked for together, and the future that takes their results."""

    writes: tuple[Write, ...]
    done: asyncio.Future[list[WriteResult]]
    verify: bool = True
    """Read back what was written, where the device asks for it."""

    def finish(self, results: list[WriteResult]) -> None:
        """Hand the results to the caller, if it still waits."""
        if not self.done.done():
            self.done.set_result(results)

    def fail(self, reason: str) -> None:
        """Tell the caller that none of the writes is known to have arrived."""
        self.finish(refuse(self.writes, reason))


def refuse(writes: Sequence[Write], reason: str) -> list[WriteResult]:
    """Return the same refusal for each of the writes."""
    return [WriteResult(write.tag, reason) for write in writes]


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

    def put(
        self, writes: Sequence[Write], *, verify: bool = True
    ) -> asyncio.Future[list[WriteResult]] | None:
        """Queue the writes and return the future of their results; None when there is no room."""
        if self._size + len(writes) > self._limit:
            return None
        order = Order(tuple(writes), asyncio.get_running_loop().create_future(), verify)
        self._orders.append(order)
        self._size += len(writes)
        return order.done

    def take(self) -> Order:
        """Return the order that has waited longest."""
        order = self._orders.popleft()
        self._size -= len(order.writes)
        return order

    def fail_all(self, reason: str) -> None:
        """Answer every waiting order: what is late must not reach a device that comes back."""
        while self._orders:
            self.take().fail(reason)


@dataclass(frozen=True, slots=True)
class Verification:
    """A written order that is to be read back at `due` (monotonic)."""

    order: Order
    results: list[WriteResult]
    tags: tuple[int, ...]
    due: float


def compare(verification: Verification, seen: Columns) -> list[WriteResult]:
    """Return the results of an order, checked against what was read back."""
    values: dict[int, float | str | None] = {}
    for tag, value, quality in zip(seen.tag, seen.value, seen.quality, strict=True):
        values[int(tag)] = float(value) if quality < BAD else None
    for text in seen.texts:
        values[text.tag] = text.value if text.quality < BAD else None
    wanted = {write.tag: write.value for write in verification.order.writes}
    last = {result.tag: at for at, result in enumerate(verification.results) if result.error is None}
    checked = []
    for at, result in enumerate(verification.results):
        if result.tag not in verification.tags or last.get(result.tag) != at:
            checked.append(result)  # not to be read back, refused, or overwritten by a later one
            continue
        wrote = wanted[result.tag] if result.wrote is None else result.wrote
        got = values.get(result.tag)
        if got == wrote:
            checked.append(replace(result, verified=True))
        else:
            told = "nothing good" if got is None else repr(got)
            checked.append(replace(result, error=f"wrote {wrote!r}, read back {told}"))
    return checked
