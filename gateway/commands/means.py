"""What carries commands out: the engine, the records, the devices; handed to the door as one thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from drivers.api import WriteResult
from gateway.batch.context import ContextBook
from gateway.commands.engine_line import EngineLine
from gateway.commands.methods import CallMethod
from gateway.commands.packml import WriteOnce
from gateway.continuity.orders import Order
from gateway.devices.book import RestrictionBook
from gateway.devices.keeper import Act
from gateway.gxp.audit import AuditTrail


class Answer(Protocol):
    """What a device will say to a write."""

    async def come(self) -> WriteResult:
        """Wait for it; that none came in time is an error in the result."""
        ...

    @property
    def drop(self) -> Callable[[], None]:
        """Ends the waiting: nothing was written after all."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """Everything runs on one event loop; the disk is in `executor`."""

    engine: EngineLine
    audit: AuditTrail
    """Where every command is recorded."""
    contexts: ContextBook
    """Where `context` commands end."""
    executor: Executor
    """One thread for the disk."""
    read_value: Callable[[str], float]
    """The present value of a tag, or of a loop's parameter, by its full name."""
    apply: Callable[[Order], Awaitable[str]]
    """Applies another configuration; its result in words."""
    call_method: CallMethod
    """Calls a device's method."""
    write_once: WriteOnce
    """Writes to a device past the engine, for what must not be sent again."""
    expect_write: Callable[[str, float], Awaitable[Answer]]
    """Begins to wait for a device's answer to a value of a tag; raises Refused where it is not connected."""
    act: Callable[[Act, str | None], Awaitable[str | None]]
    """Has the drivers' side act on a device, or on all; why it cannot, or None."""
    is_armed: Callable[[str | None], bool]
    """Whether a device is armed, or the gateway."""
    book: RestrictionBook
    """What outlives the process of what people restrict."""
