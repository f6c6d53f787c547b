"""What carries requests to a Modbus server and answers back: the seam between driver and wire.

A link moves PDUs as bytes and knows nothing of values. It guarantees that an answer is only ever
given to the request it belongs to. Requests go in an `Exchange`: as many as are wanted are sent one
after another by the link itself, so that a cycle of a device wakes its task once and not for every
answer.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from typing import Final, Protocol

from drivers.api import DeviceTimeout, Disconnected

Reply = tuple[bytes, int]
"""An answer: its PDU, and the moment in the middle between request and answer (UTC, ns)."""

_TAIL: Final = struct.Struct(">HHB")  # protocol (0), length from here on, unit
AT_ONCE: Final = float("inf")
"""For an exchange without a time limit of its own."""


class Request:
    """A request, encoded once: it is sent as often as it is due."""

    __slots__ = ("function", "numbered", "pdu", "unit_id")

    def __init__(self, unit_id: int, pdu: bytes) -> None:
        """Encode it for TCP; on serial lines the frame is made of `unit_id` and `pdu`."""
        self.unit_id, self.pdu, self.function = unit_id, pdu, pdu[0]
        self.numbered = _TAIL.pack(0, len(pdu) + 1, unit_id) + pdu
        """The frame of Modbus/TCP after the transaction id."""


class Exchange:
    """Requests on their way, and what became of each, by position.

    It ends when every request is answered or overdue. Nothing more is sent after an exception, a
    silence or the time limit: what follows is for the caller to decide.
    """

    __slots__ = ("answers", "disturbed", "done", "end", "lost", "requests", "sent", "stamps_ns")

    def __init__(self, requests: Sequence[Request], done: asyncio.Future[None]) -> None:
        """Begin with nothing sent."""
        self.requests, self.done = requests, done
        self.answers: list[bytes | None] = [None] * len(requests)
        """PDUs; None is a request without answer."""
        self.stamps_ns = [0] * len(requests)
        """The moment in the middle between request and answer (UTC); of the request, without answer."""
        self.sent = 0
        """So many were sent, from the first on."""
        self.end = len(requests)
        """So many are to be sent."""
        self.disturbed = False
        """An exception came, or an answer did not."""
        self.lost: Disconnected | None = None
        """The connection ended before the exchange did."""


class Link(Protocol):
    """A connection to one server (which may be a gateway to many units)."""

    async def open(self) -> None:
        """Connect.

        Raises:
            DriverError: refused, unreachable, or no answer in time; the message says which.
        """
        ...

    async def close(self) -> None:
        """Disconnect; requests under way end as lost. Never raises, may be repeated."""
        ...

    async def exchange(self, requests: Sequence[Request], until: float = AT_ONCE) -> Exchange:
        """Send requests and return when the last one sent is answered or overdue.

        The first is sent in any case; none is begun after `until` (monotonic).
        """
        ...

    def last_frames(self) -> Sequence[str]:
        """Return the last frames on the wire, oldest first, as text."""
        ...


async def ask(link: Link, unit_id: int, pdu: bytes) -> Reply:
    """Send one request and return its answer.

    Raises:
        DeviceTimeout: there was none.
        Disconnected: the connection is gone.
    """
    exchange = await link.exchange([Request(unit_id, pdu)])
    answer = exchange.answers[0]
    if answer is not None:
        return answer, exchange.stamps_ns[0]
    if exchange.lost is not None:
        raise exchange.lost
    raise DeviceTimeout(f"no answer from unit {unit_id} in time")


def frame_text(sent: bool, frame: bytes) -> str:
    """Return a frame as a person reads it: `> ` was sent, `< ` was received."""
    return f"{'>' if sent else '<'} {frame.hex(' ')}"
