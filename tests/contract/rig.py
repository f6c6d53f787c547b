"""What the contract suite needs of a device: a real server, known values, ways to break it.

A driver joins the suite with a rig of its own in `RIGS` of `conftest.py`. All methods are called
between tests or from the test's loop, so they must be short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from config.devices import DeviceBase
from control.signal import Columns
from drivers.api import Driver, DriverError, TagRef

Value = float | str
"""A raw device value; an int is exact."""


class Rig(Protocol):
    """A device on a real wire."""

    @property
    def device(self) -> DeviceBase:
        """Its configuration, with short times: timeout 0.5 s, dead_after 1 s, back-off 0.05 to 0.2 s."""
        ...

    @property
    def refs(self) -> Sequence[TagRef]:
        """Tags of every type the driver knows, and the broken one. Indices are not 0, 1, 2…"""
        ...

    @property
    def values(self) -> Mapping[str, Value]:
        """What the server holds at the start of each test, by tag name, extremes included."""
        ...

    @property
    def writable(self) -> Mapping[str, Sequence[Value]]:
        """Values to write and to find again, by tag name; the first differs from `values`."""
        ...

    @property
    def refused(self) -> Sequence[tuple[str, Value]]:
        """Writes that the driver or the server must refuse."""
        ...

    @property
    def broken(self) -> str:
        """The tag that the server does not have."""
        ...

    @property
    def unplannable(self) -> Sequence[TagRef]:
        """Tags whose address is of no use."""
        ...

    def driver(self) -> Driver:
        """Return a new driver for the device."""
        ...

    def reset(self) -> None:
        """Have the server run, healthy, with `values`; called before each test."""
        ...

    def stop(self) -> None:
        """Shut the rig down for good."""
        ...

    def kill(self) -> None:
        """End the server as a power cut would."""
        ...

    def start(self) -> None:
        """Start the server again, at the same address, with `values`."""
        ...

    def freeze(self) -> None:
        """Leave the connection open and answer nothing."""
        ...

    def thaw(self) -> None:
        """Go on after `freeze`."""
        ...

    def holds(self, name: str) -> Value:
        """Return what the server holds for a tag, without the driver's help."""
        ...

    def change(self, name: str, value: Value) -> None:
        """Change a value on the server, without the driver's help."""
        ...


@dataclass(frozen=True)
class Seen:
    """The last sample of a tag."""

    value: Value | None
    """None where a sample has no value (NaN)."""
    quality: int
    status: int
    source_ns: int


class Observer:
    """Takes columns and knows the last sample of every tag, by name."""

    def __init__(self, refs: Sequence[TagRef]) -> None:
        self._names = {ref.index: ref.name for ref in refs}
        self.last: dict[str, Seen] = {}
        self.all: list[tuple[str, Seen]] = []

    def __call__(self, columns: Columns) -> None:
        rows = zip(
            columns.tag, columns.value, columns.quality, columns.status, columns.source_ns, strict=True
        )
        for tag, value, quality, status, source_ns in rows:
            seen = Seen(None if value != value else float(value), int(quality), int(status), int(source_ns))
            self._take(self._names[int(tag)], seen)
        for text in columns.texts:
            self._take(self._names[text.tag], Seen(text.value, text.quality, text.status, text.source_ns))

    def _take(self, name: str, seen: Seen) -> None:
        self.last[name] = seen
        self.all.append((name, seen))


async def observe(
    driver: Driver, observer: Observer, done: Callable[[], bool], within_s: float = 5.0
) -> None:
    """Read, or follow the subscription, until the observer has seen enough."""
    async with asyncio.timeout(within_s):
        if driver.subscribes:
            stream = driver.subscribe()
            while not done():
                observer(await anext(stream))
            await close_stream(stream)
            return
        while not done():
            observer(await driver.read())
            if not driver.more_due:
                await asyncio.sleep(0.01)


async def close_stream(stream: object) -> None:
    """Close an iteration that is a generator."""
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()


async def fails_with(driver: Driver, within_s: float) -> DriverError:
    """Read, or follow, until the driver gives up; return its error."""
    try:
        async with asyncio.timeout(within_s):
            if driver.subscribes:
                async for _ in driver.subscribe():
                    pass
            while True:
                await driver.read()
                await asyncio.sleep(0.01)
    except DriverError as error:
        return error


async def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait for a condition, and fail when it does not come true."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)
