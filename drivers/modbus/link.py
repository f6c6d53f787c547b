"""What carries requests to a Modbus server and answers back: the seam between driver and wire.

`transport.py` is the link for Modbus/TCP; `library.py` is pymodbus, for everything else. A link
moves PDUs as bytes and knows nothing of values. It guarantees that an answer is only ever given
to the request it belongs to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

Reply = tuple[bytes, int]
"""An answer: its PDU, and the moment in the middle between request and answer (UTC, ns)."""


class Link(Protocol):
    """A connection to one server (which may be a gateway to many units)."""

    async def open(self) -> None:
        """Connect.

        Raises:
            Disconnected: refused, unreachable, or no answer in time; the message says which.
        """
        ...

    async def close(self) -> None:
        """Disconnect; requests under way end with `Disconnected`. Never raises, may be repeated."""
        ...

    def send(self, unit_id: int, pdu: bytes) -> asyncio.Future[Reply]:
        """Send a request; the future has the answer, or `DeviceTimeout` or `Disconnected`."""
        ...

    def last_frames(self) -> Sequence[str]:
        """Return the last frames on the wire, oldest first, as text."""
        ...


def frame_text(sent: bool, frame: bytes) -> str:
    """Return a frame as a person reads it: `> ` was sent, `< ` was received."""
    return f"{'>' if sent else '<'} {frame.hex(' ')}"
