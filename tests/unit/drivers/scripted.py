"""A driver whose device is a script: what the session does is tested against it, not the wire."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import numpy as np

from config.devices import OtherDevice
from config.tags import Access, Tag, TagKind
from control.signal import GOOD, Columns
from drivers.api import Disconnected, TagRef, Write, WriteResult
from drivers.session import Session


def device(**settings: Any) -> OtherDevice:
    fast = {
        "driver": "scripted",
        "period": 0.02,
        "timeout": 0.1,
        "dead_after": 0.3,
        "reconnect_min": 0.02,
        "reconnect_max": 0.1,
        "writes_armed": True,
    }
    return OtherDevice(**{**fast, **settings})


def refs(*names: str, access: Access = Access.READ_WRITE, kind: TagKind = TagKind.NUMBER) -> list[TagRef]:
    return [TagRef(i, name, Tag(device="d", access=access, kind=kind)) for i, name in enumerate(names)]


class ScriptedDriver:
    """Answers good values until told otherwise, and checks what the host promises."""

    def __init__(self, *, subscribes: bool = False) -> None:
        self.subscribes = subscribes
        self.more_due = False
        self.reachable = True
        self.delay_s = 0.0
        self.read_error: Exception | None = None
        self.write_error: Exception | None = None
        self.read_quality = GOOD
        self.silent = False
        self.unreadable: dict[int, str] = {}
        self.store: dict[int, float] = {}
        self.log: list[str] = []
        self.is_open = False
        self.busy = 0
        self.tags: np.ndarray[Any, np.dtype[np.int32]] = np.empty(0, np.int32)

    def plan(self, tags: Sequence[TagRef]) -> Mapping[int, str]:
        planned = [
            r.index for r in tags if r.index not in self.unreadable and r.tag.access is not Access.WRITE
        ]
        self.tags = np.array(planned, np.int32)
        return self.unreadable

    def last_frames(self) -> Sequence[str]:
        return ["> 01 02", "< 03"]

    async def _work(self, what: str) -> None:
        assert self.is_open or what in ("open", "close"), f"{what} on a closed driver"
        assert self.busy == 0, f"{what} while another call was under way"
        self.busy += 1
        self.log.append(what)
        try:
            await asyncio.sleep(self.delay_s)
        finally:
            self.busy -= 1

    async def open(self) -> None:
        await self._work("open")
        if not self.reachable:
            raise Disconnected("connection refused")
        self.is_open = True

    async def close(self) -> None:
        self.log.append("close")
        self.is_open = False

    async def read(self) -> Columns:
        await self._work("read")
        if self.read_error is not None:
            raise self.read_error
        return self._columns()

    async def read_back(self, tags: Sequence[int]) -> Columns:
        await self._work("read_back")
        seen = [tag for tag in tags if tag in self.store]
        columns = Columns.filled(np.array(seen, np.int32), quality=self.read_quality, source_ns=1)
        columns.value[:] = [self.store[tag] for tag in seen]
        return columns

    async def subscribe(self) -> AsyncIterator[Columns]:
        yield self._columns()
        while True:
            await asyncio.sleep(3600 if self.silent else 0.02)
            if self.read_error is not None:
                raise self.read_error
            yield Columns.empty()

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        await self._work("write")
        if self.write_error is not None:
            raise self.write_error
        self.store.update({w.tag: float(w.value) for w in writes})
        return [WriteResult(w.tag) for w in writes]

    def _columns(self) -> Columns:
        value = 1.0 if self.read_quality == GOOD else float("nan")
        return Columns.filled(self.tags, quality=self.read_quality, source_ns=1, value=value)


@contextlib.asynccontextmanager
async def running(session: Session) -> AsyncIterator[None]:
    """Run a session for the length of a block; it must end within a second of being cancelled."""
    task = asyncio.create_task(session.run(), name="session under test")
    try:
        yield
    finally:
        task.cancel()
        async with asyncio.timeout(1.0):
            await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            raise error


async def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait for a condition, and fail when it does not come true."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)


class Sink:
    """Takes what a session delivers."""

    def __init__(self) -> None:
        self.columns: list[Columns] = []

    def __call__(self, columns: Columns) -> None:
        self.columns.append(columns)

    def of_quality(self, quality: int) -> list[Columns]:
        return [c for c in self.columns if (c.quality == quality).any()]
