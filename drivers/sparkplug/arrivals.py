"""Samples of an edge node that have arrived: those that wait for the host, the last of each tag, echoes."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from control.signal import HISTORY, Columns, Text
from drivers.sparkplug.view import Sample

_LIMIT: Final = 10_000
"""Messages whose samples may wait for the host."""


class Arrivals:
    """What came and was not taken yet. When too much waits all of it goes: a rebirth brings the present."""

    def __init__(self) -> None:
        """Nothing has come."""
        self._waiting: deque[list[Sample]] = deque()
        self._echoes: dict[int, asyncio.Event] = {}
        self.last: dict[int, Sample] = {}
        """By tag, what was heard last."""
        self.overflows = 0

    def clear(self) -> None:
        """Forget everything: another connection begins."""
        self._waiting.clear()
        self.last.clear()

    def put(self, samples: list[Sample]) -> bool:
        """Keep samples; False: so much waited that it had to go, and the present is to be asked for."""
        for sample in samples:
            if not sample.quality & HISTORY:
                self.last[sample.tag] = sample
                if sample.tag in self._echoes:
                    self._echoes[sample.tag].set()
        if not samples:
            return True
        has_room = len(self._waiting) < _LIMIT
        if not has_room:
            self._waiting.clear()
            self.overflows += 1
        self._waiting.append(samples)
        return has_room

    def take(self) -> Iterator[list[Sample]]:
        """Hand over what waits, message by message."""
        while self._waiting:
            yield self._waiting.popleft()

    @contextlib.contextmanager
    def echo(self, tag: int) -> Iterator[asyncio.Event]:
        """Have an event set by each sample of a tag."""
        event = self._echoes[tag] = asyncio.Event()
        try:
            yield event
        finally:
            self._echoes.pop(tag, None)

    def wake(self) -> None:
        """Let everybody who waits for an echo look at the connection."""
        for event in self._echoes.values():
            event.set()


def columns(samples: Sequence[Sample]) -> Columns:
    """Return samples as columns; what is no double goes as texts."""
    numbers = [sample for sample in samples if sample.value is None or isinstance(sample.value, float)]
    texts = tuple(
        Text(sample.tag, sample.value, sample.source_ns, sample.quality, sample.status)
        for sample in samples
        if isinstance(sample.value, int | str)
    )
    return Columns(
        tag=np.array([sample.tag for sample in numbers], np.int32),
        value=np.array([np.nan if s.value is None else s.value for s in numbers], np.float64),
        quality=np.array([sample.quality for sample in numbers], np.uint32),
        source_ns=np.array([sample.source_ns for sample in numbers], np.int64),
        status=np.array([sample.status for sample in numbers], np.uint32),
        texts=texts,
    )
