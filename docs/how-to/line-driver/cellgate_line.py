"""A driver for devices that speak lines of text over TCP, as balances and small analysers do.

`GET name` is answered with `name value`, or `name ?` when the device has no such value;
`SET name value` with `name ok`, or `name error` and why.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ValidationError

from config.devices import OtherDevice
from config.tags import Access, TagKind
from control.signal import BAD, CONFIG, GOOD, NOT_A_NUMBER, Columns
from drivers.api import DeviceTimeout, Disconnected, TagRef, Write, WriteResult

UNKNOWN = 1
"""Our status code for a name that the device does not have."""


class LineSettings(BaseModel, extra="forbid"):
    """The device's `settings` in the site's file."""

    host: str
    port: int


class LineAddress(BaseModel, extra="forbid"):
    """A tag's `address`."""

    name: str


class LineDriver:
    """One device."""

    subscribes = False
    more_due = False

    def __init__(self, name: str, device: OtherDevice) -> None:
        """Check the settings; nothing is connected yet."""
        self._settings = LineSettings.model_validate(device.settings)
        self._timeout_s = device.timeout
        self._names: dict[int, str] = {}
        self._read: list[int] = []
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._frames: deque[str] = deque(maxlen=20)

    def plan(self, tags: Sequence[TagRef]) -> Mapping[int, str]:
        """Take the names of the tags; no I/O."""
        self._names, unreadable = {}, {}
        for ref in tags:
            try:
                self._names[ref.index] = LineAddress.model_validate(ref.tag.address).name
            except ValidationError as error:
                unreadable[ref.index] = f"not an address of this driver: {error.errors()[0]['msg']}"
            else:
                if ref.tag.kind is TagKind.TEXT:
                    unreadable[ref.index] = "this device has no texts"
        readable = [ref.index for ref in tags if ref.tag.access is not Access.WRITE]
        self._read = [tag for tag in readable if tag in self._names and tag not in unreadable]
        return unreadable

    def last_frames(self) -> Sequence[str]:
        """Return the last lines, oldest first."""
        return list(self._frames)

    async def open(self) -> None:
        """Connect.

        Raises:
            Disconnected: the device cannot be reached.
        """
        await self.close()
        try:
            async with asyncio.timeout(self._timeout_s):
                self._streams = await asyncio.open_connection(self._settings.host, self._settings.port)
        except (OSError, TimeoutError) as error:
            raise Disconnected(f"{self._settings.host}:{self._settings.port}: {error}") from error

    async def close(self) -> None:
        """Disconnect."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()

    async def read(self) -> Columns:
        """Read every tag.

        Raises:
            Disconnected: the link is gone.
            DeviceTimeout: no answer.
        """
        return await self.read_back(self._read)

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Read these tags.

        Raises:
            Disconnected: the link is gone.
            DeviceTimeout: no answer.
        """
        columns = Columns.filled(np.array(tags, np.int32), quality=GOOD, source_ns=0)
        for row, tag in enumerate(tags):
            sent_ns = time.time_ns()
            answer = await self._ask(f"GET {self._names[tag]}")
            columns.source_ns[row] = (sent_ns + time.time_ns()) // 2
            if answer == "?":
                columns.quality[row], columns.status[row] = BAD | CONFIG, UNKNOWN
                continue
            value = float(answer)
            if math.isfinite(value):
                columns.value[row] = value
            else:
                columns.quality[row] = BAD | NOT_A_NUMBER
        return columns

    def subscribe(self) -> AsyncIterator[Columns]:
        """The device does not speak unasked."""
        raise NotImplementedError("the host calls read")

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Write one by one.

        Raises:
            Disconnected: the link is gone.
            DeviceTimeout: no answer.
        """
        results = []
        for write in writes:
            error: str | None = "no such tag"
            if isinstance(write.value, str) or not math.isfinite(write.value):
                error = f"{write.value!r} is not a finite number"
            elif write.tag in self._names:
                answer = await self._ask(f"SET {self._names[write.tag]} {float(write.value)!r}")
                error = None if answer == "ok" else answer
            results.append(WriteResult(write.tag, error))
        return results

    async def _ask(self, line: str) -> str:
        """Send a line and return what follows the name in the answer."""
        if self._streams is None:
            raise Disconnected("not connected")
        reader, writer = self._streams
        self._frames.append(f"> {line}")
        writer.write(f"{line}\n".encode())
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = (await reader.readline()).decode().strip()
        except TimeoutError:
            # Lines carry no number: after a timeout the late answer would be taken for the next one's.
            await self.close()
            raise DeviceTimeout(f"no answer to {line!r} within {self._timeout_s:g} s") from None
        except OSError as error:
            raise Disconnected(str(error)) from error
        if not answer:
            raise Disconnected("the device closed the connection")
        self._frames.append(f"< {answer}")
        name, _, rest = answer.partition(" ")
        if name != line.split()[1]:
            await self.close()
            raise Disconnected(f"{line!r} was answered with {answer!r}")
        return rest
