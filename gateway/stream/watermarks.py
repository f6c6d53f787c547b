"""How far each consumer has the stream safe, and so how far the journal may be trimmed. Pure.

A claim that cannot be right never trims: one that moves backwards (a historian restored from an old
copy), one past what was ever sent (a journal restored from an old copy), one of another epoch (a
journal that no longer is), one of a consumer or partition that nobody configured.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from config.streams import Consumer, Streams


class Verdict(enum.Enum):
    """What a claim is."""

    ADVANCED = "advanced"
    UNCHANGED = "unchanged"
    BACKWARDS = "moves backwards"
    AHEAD = "is past what was sent"
    EPOCH = "is of an unknown epoch"
    STRANGER = "is of a consumer or partition that is not configured"

    @property
    def refused(self) -> bool:
        """Whether somebody should hear of it."""
        return self not in (Verdict.ADVANCED, Verdict.UNCHANGED)


BROKER: Final = "broker"
"""Stands for the broker's acknowledgement where no consumer is required for a partition."""


@dataclass(frozen=True, slots=True)
class Consumers:
    """Who reads the stream, and whom the journal waits for, by partition."""

    watermark: Mapping[int, frozenset[str]]
    """Those that publish watermarks."""
    puback: Mapping[int, frozenset[str]]
    """Those that are satisfied by the broker's acknowledgement: not lossless."""
    required: Mapping[int, frozenset[str]]
    """Those that the journal waits for; never empty."""
    local: frozenset[str] = frozenset()
    """Those in this process, that read every partition: each client's tree."""

    @classmethod
    def of(cls, streams: Streams, partitions: int) -> Self:
        """Return the consumers of a configuration: those listed, or else every historian.

        `partitions` may be more than are configured now: earlier ones are drained like the others.
        """
        taken = {historian.name: historian.partitions for historian in streams.historians}
        listed = streams.consumers
        if listed is None:
            listed = [Consumer(name=name) for name in taken]
        watermark, puback, required = {}, {}, {}
        local = frozenset(client_consumer(name) for name in streams.clients)
        for partition in range(partitions):
            here = [c for c in listed if taken.get(c.name) is None or partition in (taken[c.name] or ())]
            watermark[partition] = frozenset(c.name for c in here if c.acknowledgement == "watermark")
            required[partition] = frozenset(c.name for c in here if c.required) or frozenset((BROKER,))
            puback[partition] = frozenset(c.name for c in here if c.acknowledgement == "puback")
            puback[partition] |= required[partition] & {BROKER}
            required[partition] |= local
        return cls(watermark, puback, required, local)


def client_consumer(client: str) -> str:
    """Return the name under which a client's tree reads the journal."""
    return f"client/{client}"


class Watermarks:
    """The positions of the consumers in one epoch."""

    def __init__(self, consumers: Consumers, epoch: int, known: Mapping[tuple[str, int], int]) -> None:
        """Begin with the positions that the journal kept."""
        self.consumers = consumers
        self.epoch = epoch
        self.positions = {
            (name, partition): known.get((name, partition), 0)
            for partition in consumers.required
            for name in consumers.watermark[partition] | consumers.puback[partition] | consumers.local
        }

    def claim(self, consumer: str, epoch: int, partition: int, sequence: int, sent: int) -> Verdict:
        """Judge a claim, and move the position where it is right. `sent`: the last that was ever sent."""
        position = self.positions.get((consumer, partition))
        if position is None:
            return Verdict.STRANGER
        if epoch != self.epoch:
            return Verdict.EPOCH
        if sequence > sent:
            return Verdict.AHEAD
        if sequence < position:
            return Verdict.BACKWARDS
        if sequence == position:
            return Verdict.UNCHANGED
        self.positions[consumer, partition] = sequence
        return Verdict.ADVANCED

    def safe(self, partition: int) -> int:
        """Return the last sequence that every required consumer has: up to there may be trimmed."""
        return min(self.positions[name, partition] for name in self.consumers.required[partition])

    def confirmed(self, partition: int) -> int | None:
        """Return the last sequence that every required historian has; None where none is required."""
        historians = self.consumers.required[partition] & self.consumers.watermark[partition]
        return min((self.positions[name, partition] for name in historians), default=None)
