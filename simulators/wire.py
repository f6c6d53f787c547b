"""What a device asks of its protocol server, and what the server asks of the device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from simulators.signals import Value

HOST = "127.0.0.1"
"""Servers listen on loopback and nowhere else."""

OnCommand = Callable[[str, Value], None]
"""Called with signal and value when a client has written; type and range are checked."""


class Wire(Protocol):
    """A protocol server for one device."""

    async def start(self, on_command: OnCommand) -> int:
        """Listen on a free port of loopback and return it."""
        ...

    async def stop(self) -> None:
        """Close every connection and stop listening; repeatable."""
        ...

    async def publish(self, values: Mapping[str, Value], overlay: Mapping[str, Value | None]) -> None:
        """Show the values; `overlay` replaces some (None: the sensor has failed)."""
        ...
