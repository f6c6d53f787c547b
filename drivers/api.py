"""What a driver is: the contract between a protocol and its host (`drivers.session`).

The host promises: one call at a time on a driver (writes and reads never overlap; only an iteration
of `subscribe` goes on beside them), never a call after `close` but `open`, every call inside a
timeout, and cancellation at any await. The driver promises: every request ends within the device's
`timeout`; trouble with one tag is quality in its sample; an exception means the whole device.

Errors:

    DriverError
    ├── Disconnected    the link is gone: reconnect and go on
    ├── DeviceTimeout   no answer in time: retry, reconnect after several
    └── DeviceRefused   the device says no (`code`): the same request again is useless
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from config.tags import Tag
from control.signal import Columns


class DriverError(Exception):
    """Trouble with the whole device."""


class Disconnected(DriverError):
    """The link is gone, or could not be made."""


class DeviceTimeout(DriverError):
    """The device did not answer in time."""


class DeviceRefused(DriverError):
    """The device answered that it will not; `code` is the protocol's own number."""

    def __init__(self, message: str, code: int) -> None:
        """Keep the protocol's code beside the message."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class TagRef:
    """A tag as a driver sees it: its index in the image, its full name and its definition."""

    index: int
    name: str
    tag: Tag


@dataclass(frozen=True, slots=True)
class Write:
    """A raw device value for a tag (scaling is not the driver's); an int is kept exact."""

    tag: int
    value: float | str


class Holds(enum.Enum):
    """What a device holds after a write that failed."""

    WHAT_IT_HELD = enum.auto()
    """It has refused the value, or has not got it."""
    ANOTHER = enum.auto()
    """Neither: another value was read back."""
    NOBODY_KNOWS = enum.auto()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a write: `error` is None when the device took it."""

    tag: int
    error: str | None = None
    status: int = 0
    """The protocol's own code."""
    wrote: float | str | None = None
    """The value as the device holds it after its type's rounding; None: as it was given."""
    verified: bool = False
    """True once the host has read the same value back."""
    holds: Holds = Holds.WHAT_IT_HELD
    """What is known of the device beside an `error`."""


Argument = bool | int | float | str
"""What a method takes and answers."""


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What became of a method call: `error` is None when the device carried it out."""

    error: str | None = None
    status: int = 0
    """The protocol's own code."""
    outputs: tuple[Argument, ...] = ()


ACKNOWLEDGE: Final = "$acknowledge"
CONFIRM: Final = "$confirm"
COMMENT: Final = "$comment"
"""Methods of a device that keeps conditions, beside those of the configuration: each takes the condition's
id and the change's, as `drivers.notices.Condition` told them, and a comment."""


@runtime_checkable
class CallsMethods(Protocol):
    """A driver whose device has methods; a call may go on beside everything else."""

    async def call(self, method: str, arguments: Sequence[Argument]) -> MethodResult:
        """Call a method by its name in the configuration.

        Raises:
            DriverError: the whole device; whether the method was carried out is not known.
        """
        ...


@runtime_checkable
class Driver(Protocol):
    """A device's protocol. A driver has `read`, or `subscribe`, or both (see `subscribes`)."""

    @property
    def subscribes(self) -> bool:
        """True: the host iterates `subscribe`. False: the host calls `read` each period."""
        ...

    def plan(self, tags: Sequence[TagRef]) -> Mapping[int, str]:
        """Decide how the tags are read. Pure: no I/O.

        Returns:
            The tags that cannot be read, index to reason; the host marks them bad (CONFIG).
        """
        ...

    @property
    def more_due(self) -> bool:
        """True: the last `read` stopped early, so that writes can pass; tags are still due."""
        ...

    def last_frames(self) -> Sequence[str]:
        """Return what was last sent and received, oldest first, for the log of a lost device."""
        ...

    async def open(self) -> None:
        """Connect; every tag is due again. May be called after `close` and after a failed open.

        Raises:
            DriverError: the device cannot be reached or refuses.
        """
        ...

    async def close(self) -> None:
        """Disconnect. Never raises; may be repeated; safe after a failed open."""
        ...

    async def read(self) -> Columns:
        """Read every planned tag that is due once, or as many as fit in a slice (`more_due`).

        Raises:
            DriverError: the whole device; a tag's own trouble is quality in its sample.
        """
        ...

    async def read_back(self, tags: Sequence[int]) -> Columns:
        """Read these tags now, due or not: the host compares them with what it wrote.

        Raises:
            DriverError: the whole device; a tag's own trouble is quality in its sample.
        """
        ...

    def subscribe(self) -> AsyncIterator[Columns]:
        """Yield changes as they come; ends only by an exception or by cancellation.

        The iterator yields at least every keep-alive interval (empty columns when nothing
        changed), so that the host can tell a quiet device from a dead one.

        Raises:
            DriverError: the whole device.
        """
        ...

    async def write(self, writes: Sequence[Write]) -> list[WriteResult]:
        """Write one by one, in order; one refused write does not stop the others.

        Raises:
            DriverError: the whole device (nothing is known of the remaining writes).
        """
        ...
