"""What one device should hold, what of it waits to be written or is on its way, and who waits for word."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Final

from drivers.api import WriteResult


class Keep(enum.Enum):
    """For how long a device should have a value."""

    ALWAYS = enum.auto()
    """Until another one is wanted: tried until it is taken, and written anew when the device comes back."""
    UNTIL_TAKEN = enum.auto()
    """Tried until the device takes it."""
    ONCE = enum.auto()
    """Written once, or not at all where the device is away: whoever wants it waits for the answer."""
    BEAT = enum.auto()
    """Likewise, and another value comes soon in any case."""


_TRIED_AGAIN: Final = frozenset({Keep.ALWAYS, Keep.UNTIL_TAKEN})


@dataclass(slots=True, eq=False)
class Expected:
    """A write of exactly this raw value to a tag, whose answer somebody waits for in another thread."""

    tag: int
    value: float
    answer: Future[WriteResult] = field(default_factory=Future)
    is_pending: bool = False
    """The engine has decided it; it waits to be written."""

    def tell(self, error: str) -> None:
        """Answer that it did not come to the device's answer."""
        self.finish(WriteResult(self.tag, error))

    def finish(self, result: WriteResult) -> None:
        """Answer, where anybody still waits."""
        with contextlib.suppress(InvalidStateError):
            self.answer.set_result(result)


@dataclass(frozen=True, slots=True)
class Batch:
    """Values that left together, and who waits for what becomes of them."""

    values: dict[int, float]
    expected: tuple[Expected, ...]

    def end(self) -> None:
        """Tell those who wait that nobody takes the answer any more."""
        for each in self.expected:
            each.tell("writes to this device have ended")


@dataclass(slots=True)
class DeviceOutputs:
    """The outputs of one device, by its session's numbers of the tags, as raw values."""

    wanted: dict[int, float] = field(default_factory=dict)
    """What is tried again when it fails, and written anew when the device comes back."""
    keep: dict[int, Keep] = field(default_factory=dict)
    """For how long each tag's last value is wanted."""
    pending: dict[int, float] = field(default_factory=dict)
    under_way: Counter[int] = field(default_factory=Counter)
    """Values of each tag that were handed to the session, which has not said yet what became of them."""
    refused: dict[int, str] = field(default_factory=dict)
    """Tags whose last write failed, and why."""
    told: set[int] = field(default_factory=set)
    """Those of them that were told of: a device that is away is told of as a whole."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    expected: list[Expected] = field(default_factory=list)
    superseded: int = 0
    written: int = 0
    failed: int = 0

    @property
    def on_their_way(self) -> set[int]:
        """Tags of which nobody knows yet that the device has what it should."""
        return {*self.pending, *self.under_way, *(self.refused.keys() & self.wanted.keys())}

    def forget(self) -> None:
        """Hold nothing any more: what the device does is no longer ours to say."""
        self.wanted, self.keep, self.pending, self.refused, self.told = {}, {}, {}, {}, set()
        for each in self.expected:
            each.tell("writes to this device have ended")

    def want(self, tag: int, value: float, keep: Keep) -> None:
        """Take a new value for a tag."""
        self.superseded += tag in self.pending
        self.pending[tag], self.keep[tag] = value, keep
        if keep in _TRIED_AGAIN:
            self.wanted[tag] = value
        else:
            self.wanted.pop(tag, None)
        for each in self.expected:
            if each.tag == tag and each.value == value:
                each.is_pending = True
            elif each.tag == tag and each.is_pending:
                each.tell("another value took its place before it was written")
        self.wake.set()

    def again(self) -> None:
        """Write everything anew: the device is back."""
        self.pending = {**self.wanted, **self.pending}
        self.wake.set()

    def away(self) -> None:
        """Forget what was to be written once: the device must not get it when it comes back."""
        self.pending = {tag: value for tag, value in self.pending.items() if tag in self.wanted}
        for each in self.expected:
            if each.is_pending and each.tag not in self.wanted:
                each.tell("the device is not connected: nothing was written")

    def take(self) -> Batch:
        """Take what is pending: it is under way until `returned`."""
        values, self.pending = self.pending, {}
        self.under_way.update(values.keys())
        left = [each for each in self.expected if each.is_pending and values.get(each.tag) == each.value]
        self.expected = [each for each in self.expected if each not in left]
        return Batch(values, tuple(left))

    def returned(self, batch: Batch, results: Iterable[WriteResult]) -> None:
        """Take what became of a batch: count, note what failed, and hand the answers to those who wait."""
        self.under_way -= Counter(batch.values.keys())
        for result in results:
            tag = result.tag
            self.written += result.error is None
            self.failed += result.error is not None
            if result.error is not None and self.keep.get(tag) is not Keep.ONCE:
                self.refused[tag] = result.error
            elif result.error is None:
                self.refused.pop(tag, None)
                if self.keep.get(tag) is Keep.UNTIL_TAKEN and self.wanted.get(tag) == batch.values[tag]:
                    del self.wanted[tag]
            for each in batch.expected:
                if each.tag == tag:
                    each.finish(result)

    def try_again(self) -> None:
        """Write once more what failed and is wanted still, where nothing newer is under way."""
        for tag in self.refused.keys() & self.wanted.keys():
            if not self.under_way[tag]:
                self.pending.setdefault(tag, self.wanted[tag])
        self.wake.set()

    def no_longer(self, expected: Expected) -> None:
        """Nobody waits for an answer any more; what has not left for it yet does not leave."""
        if expected not in self.expected:
            return
        self.expected.remove(expected)
        waits = expected.is_pending and self.pending.get(expected.tag) == expected.value
        if waits and expected.tag not in self.wanted:
            del self.pending[expected.tag]
