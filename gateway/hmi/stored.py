"""History for the screens: the query layer, off the event loop, two questions at a time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from config.streams import Historian
from gateway.historian.api import EventFilter
from gateway.historian.buckets import Buckets
from gateway.historian.points import NO_TEXT
from gateway.historian.query import History, open_history
from gateway.subscriber import LiveValue

Answer = TypeVar("Answer")
_AT_ONCE: Final = 2
"""Browsers wait for each other rather than for the machine."""


class Stored:
    """Asks the site's first historian. It is opened for each question: it may be made anew any time."""

    def __init__(self, historian: Historian, data: Path) -> None:
        """Name the historian; nothing is opened."""
        self._historian, self._data = historian, data
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def buckets(self, tags: Sequence[str], from_ns: int, to_ns: int, count: int) -> list[Buckets]:
        """Return at most `count` buckets over a range, one result a tag.

        Raises:
            StoreError: the store cannot be reached.
        """
        return await self._ask(lambda history: history.buckets(tags, from_ns, to_ns, count))

    async def last(self, tags: Sequence[str]) -> dict[str, LiveValue]:
        """Return the newest stored value of each tag that has one.

        Raises:
            StoreError: the store cannot be reached.
        """
        points = await self._ask(lambda history: history.last(tags))
        columns = (points.tag, points.value, points.text, points.quality, points.source_ns)
        found = {}
        for tag, number, text, quality, source_ns in zip(*(c.tolist() for c in columns), strict=True):
            value = points.texts[text] if text != NO_TEXT else None if math.isnan(number) else number
            found[tags[tag]] = LiveValue(value, quality, source_ns)
        return found

    async def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return events by time.

        Raises:
            StoreError: the store cannot be reached.
        """
        return await self._ask(lambda history: history.events(which))

    async def _ask(self, question: Callable[[History], Answer]) -> Answer:
        async with self._turn:
            return await asyncio.to_thread(self._answer, question)

    def _answer(self, question: Callable[[History], Answer]) -> Answer:
        history = open_history(self._historian, self._data)
        try:
            return question(history)
        finally:
            history.close()
