"""The hot table, called from a loop: one thread of its own does the work, and the loop goes on."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from gateway.historian.hot import Committed, HotTable
from gateway.historian.incoming import Arrival
from gateway.historian.notes import What
from gateway.historian.points import Source
from gateway.historian.spans import Span

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class HotThread:
    """An open hot table and its thread; calls are carried out one after the other."""

    def __init__(self, executor: ThreadPoolExecutor, table: HotTable, max_bytes: int) -> None:
        """Use `open`."""
        self._executor, self._table, self._max_bytes = executor, table, max_bytes

    @classmethod
    async def open(
        cls, path: Path, historian: str, config: str, max_bytes: int, *, grouped: bool = False
    ) -> HotThread:
        """Open or make the table; `grouped`: for a member of a group.

        Raises:
            sqlite3.Error: it cannot be opened.
        """
        executor = ThreadPoolExecutor(1, thread_name_prefix="hot-table")
        loop = asyncio.get_running_loop()
        try:
            opened = functools.partial(HotTable, path, historian, config, grouped=grouped)
            table = await loop.run_in_executor(executor, opened)
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(executor, table, max_bytes)

    async def commit(self, batch: Sequence[Arrival], heard_of: dict[Source, int]) -> Committed | None:
        """Store a batch; None when there is no room. `heard_of`: messages that exist and were not taken.

        Raises:
            sqlite3.Error: nothing was stored.
        """
        return await self._run(self._commit, batch, heard_of)

    async def gaps(self) -> dict[Source, list[Span]]:
        """Return what is missing of each gateway's newest epoch."""
        return await self._run(self._table.gaps)

    async def watermarks(self) -> dict[Source, int]:
        """Return the watermark of each gateway's newest epoch, by partition."""
        return await self._run(self._table.watermarks)

    async def adopt(self, source: Source, upto: int) -> bool:
        """Count everything up to a sequence as stored by another member; False when it was already.

        Raises:
            sqlite3.Error: it was not recorded.
        """
        return await self._run(self._table.adopt, source, upto)

    async def settled(self) -> dict[Source, int]:
        """Return the watermarks of the newest epochs, less what still waits for the store.

        Raises:
            sqlite3.Error: the table cannot be read.
        """
        return await self._run(self._table.settled)

    async def give_up(self, source: Source, span: Span, reason: str) -> int:
        """Settle a range that nobody has any more; return how many sequences that was.

        Raises:
            sqlite3.Error: it was not recorded.
        """
        return await self._run(self._table.give_up, source, *span, reason)

    async def note(self, what: What, detail: str, records: int) -> None:
        """Store an event of the historian's own.

        Raises:
            sqlite3.Error: it was not stored.
        """
        await self._run(self._table.note, what, detail, records)

    async def depth(self) -> int:
        """Return how many messages wait for the store."""
        return await self._run(self._table.depth)

    async def close(self) -> None:
        """Close the file and end the thread."""
        await self._run(self._table.close)
        await asyncio.to_thread(self._executor.shutdown)

    def _commit(self, batch: Sequence[Arrival], heard_of: dict[Source, int]) -> Committed | None:
        if self._table.size() >= self._max_bytes:
            return None
        for source, sequence in heard_of.items():
            self._table.hear_of(source, sequence)
        return self._table.commit(batch)

    async def _run(
        self,
        function: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: function(*arguments, **named))
