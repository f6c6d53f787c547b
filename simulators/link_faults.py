"""How a link can be broken: the kinds, and what each does to bytes on their way."""

from __future__ import annotations

import dataclasses
import enum
import random


class LinkFaultKind(enum.StrEnum):
    """Kinds of link fault."""

    DROP = "drop"
    """Cuts the connections that there are; new ones work."""
    REFUSE = "refuse"
    """Cuts the connections and refuses new ones."""
    DELAY = "delay"
    """Every piece arrives at least `amount` seconds late."""
    SLOW = "slow"
    """`amount` bytes a second."""
    HALF_OPEN = "half_open"
    """Connections stay open and new ones are accepted, but no byte arrives."""
    CUT = "cut"
    """Cuts each connection once `amount` more bytes went to the client."""
    CORRUPT = "corrupt"
    """Turns a bit in a piece to the client, with probability `amount`."""


NEEDS_AMOUNT = frozenset({LinkFaultKind.DELAY, LinkFaultKind.SLOW, LinkFaultKind.CUT, LinkFaultKind.CORRUPT})

_SLOW_PIECES_PER_S = 20


@dataclasses.dataclass(frozen=True)
class LinkFault:
    """One fault of a link."""

    kind: LinkFaultKind
    amount: float | None = None
    until_s: float | None = None
    """Monotonic time at which it ends by itself; None lasts until it is cleared."""

    def __post_init__(self) -> None:
        """Check the amount.

        Raises:
            ValueError: the kind needs an amount, or it is not positive.
        """
        if self.kind in NEEDS_AMOUNT and (self.amount is None or self.amount <= 0.0):
            raise ValueError(f"{self.kind} needs a positive amount")

    @property
    def wait_s(self) -> float:
        """How long a piece waits before it is passed on."""
        if self.kind is LinkFaultKind.DELAY:
            return self.amount or 0.0
        return 1.0 / _SLOW_PIECES_PER_S if self.kind is LinkFaultKind.SLOW else 0.0

    @property
    def piece_bytes(self) -> int | None:
        """Largest piece that is passed on at once; None is all there is."""
        if self.kind is LinkFaultKind.SLOW:
            return max(1, int((self.amount or 0.0) / _SLOW_PIECES_PER_S))
        return None


def corrupted(data: bytes, probability: float, chance: random.Random) -> bytes:
    """Return the data, with one bit turned with the given probability."""
    if not data or chance.random() >= probability:
        return data
    at, bit = chance.randrange(len(data)), chance.randrange(8)
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]
