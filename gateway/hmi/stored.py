"""History for the screens: the query layer, on a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from config.streams import Streams
from gateway.historian.api import EventFilter, StoreError
from gateway.historian.buckets import Buckets
from gateway.historian.points import StoredPoints
from gateway.historian.query import History, open_site_history
from gateway.last_values import last_values
from gateway.subscriber import LiveValue

Answer = TypeVar("Answer")


class Stored:
    """Asks the site's historians, one question at a time: browsers wait for each other."""

    def __init__(self, streams: Streams, data: Path) -> None:
        """Name the historians; they are opened with the first question."""
        self._streams, self._data = streams, data
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hmi-history")
        self._history: History | None = None

    async def buckets(self, tags: Sequence[str], from_ns: int, to_ns: int, count: int) -> list[Buckets]:
        """Return at most `count` buckets over a range, one result a tag.

        Raises:
            StoreError: the store cannot be reached.
        """
        return await self.ask(lambda history: history.buckets(tags, from_ns, to_ns, count))

    async def raw(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return every point of the tags in a range, by tag and time.

        Raises:
            StoreError: the store cannot be reached.
        """
        return await self.ask(lambda history: history.raw(tags, from_ns, to_ns))

    async def last(self, tags: Sequence[str]) -> dict[str, LiveValue]:
        """Return the newest stored value of each tag that has one.

        Raises:
            StoreError: the store cannot be reached.
        """
        return await self.ask(lambda history: last_values(history, tags))

    async def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return events by time.

        Raises:
            StoreError: the store cannot be reached.
        """
        return await self.ask(lambda history: history.events(which))

    async def ask(self, question: Callable[[History], Answer]) -> Answer:
        """Return the answer to a question that is put on the thread of history.

        Raises:
            StoreError: the store cannot be reached.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer(self, question: Callable[[History], Answer]) -> Answer:
        if self._history is None:
            self._history = open_site_history(self._streams, self._data)
        try:
            return question(self._history)
        except StoreError:
            self._close()  # the next question finds it as it is then
            raise

    def _close(self) -> None:
        if self._history is not None:
            self._history.close()
            self._history = None

    async def close(self) -> None:
        """Close the store; nothing can be asked any more."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()
