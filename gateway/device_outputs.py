"""What one device should hold, what of it waits to be written or is on its way, and who waits for word."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import Iterable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field

from drivers.api import WriteResult


class Stage(enum.Enum):
    """How far an expected write has come."""

    DECIDED = enum.auto()
    """The engine is asked for it."""
    PENDING = enum.auto()
    SENT = enum.auto()


@dataclass(slots=True, eq=False)
class Expected:
    """A write of exactly this raw value to a tag, whose answer somebody waits for in another thread."""

    tag: int
    value: float
    answer: Future[WriteResult] = field(default_factory=Future)
    stage: Stage = Stage.DECIDED

    def tell(self, error: str) -> None:
        """Answer that it did not come to the device's answer."""
        self.finish(WriteResult(self.tag, error))

    def finish(self, result: WriteResult) -> None:
        """Answer, where anybody still waits."""
        with contextlib.suppress(InvalidStateError):
            self.answer.set_result(result)


@dataclass(slots=True)
class DeviceOutputs:
    """The outputs of one device, by its session's numbers of the tags, as raw values."""

    wanted: dict[int, float] = field(default_factory=dict)
    pending: dict[int, float] = field(default_factory=dict)
    sending: dict[int, float] = field(default_factory=dict)
    """Handed to the session, which has not said yet what became of them."""
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
        return self.pending.keys() | self.sending.keys()

    def forget(self) -> None:
        """Hold nothing any more: what the device does is no longer ours to say."""
        self.wanted, self.pending, self.refused, self.told = {}, {}, {}, set()
        for each in self.expected:
            each.tell("writes to this device have ended")

    def want(self, tag: int, value: float, *, keep: bool) -> None:
        """Take a new value for a tag; `keep` it for when the device comes back."""
        self.superseded += tag in self.pending
        self.pending[tag] = value
        if keep:
            self.wanted[tag] = value
        for each in self._expected_of(tag):
            if each.value == value and each.stage is Stage.DECIDED:
                each.stage = Stage.PENDING
            elif each.value != value and each.stage is Stage.PENDING:
                each.tell("another value took its place before it was written")
        self.wake.set()

    def again(self) -> None:
        """Write everything anew: the device is back."""
        self.pending = {**self.wanted, **self.pending}
        self.wake.set()

    def take(self) -> dict[int, float]:
        """Take what is pending: it is on its way until `returned`."""
        self.sending, self.pending = self.pending, {}
        for each in self.expected:
            if each.stage is Stage.PENDING and self.sending.get(each.tag) == each.value:
                each.stage = Stage.SENT
        return self.sending

    def returned(self, results: Iterable[WriteResult]) -> None:
        """Nothing is on its way any more: hand the answers to those who wait."""
        self.sending = {}
        for result in results:
            for each in self._expected_of(result.tag):
                if each.stage is Stage.SENT:
                    each.finish(result)

    def _expected_of(self, tag: int) -> list[Expected]:
        return [each for each in self.expected if each.tag == tag]
