"""What a store is to the historian, and what a reader of one is to whoever asks for history.

A `Store` takes messages whole, in the order of their arrival, and taking one twice does nothing more:
identity is (gateway, epoch, partition, sequence). It answers for each how far it got; what it never
will take goes to quarantine with a reason, what it cannot take now is kept and offered again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

from gateway.historian.buckets import Buckets, Grid
from gateway.historian.outline import Moments, Outline
from gateway.historian.packed import as_it_came
from gateway.historian.points import Source, StoredPoints
from gateway.stream.records import Kind


class StoreError(Exception):
    """A store cannot be read or written now."""


class Message(NamedTuple):
    """A message as it came, with its place in the historian's own order of arrival."""

    id: int
    source: Source
    sequence: int
    kind: Kind
    unit: str
    kept: bytes
    """As the hot table has it."""
    points: int = 0
    """As the hot table has counted them."""

    @property
    def data(self) -> bytes:
        """The message as it came; each time anew from what is kept of it, which is a fraction."""
        return as_it_came(self.kept)


class Rejected(NamedTuple):
    """What a store will never take: it goes to quarantine."""

    message: Message
    reason: str
    data: bytes
    """The line that was refused, or the whole message."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a write."""

    taken: int
    """Messages from the front of the list that the store has now, less what it rejected."""
    rejected: list[Rejected] = field(default_factory=list)
    keep: str = ""
    """Why the rest is to be kept and offered again; empty when there is no rest."""
    wait_s: float = 0.0
    """How long the store asks to be left alone."""


class Appetite(NamedTuple):
    """How a store likes its writes: at `points`, or when the oldest has waited `wait_s`."""

    points: int
    wait_s: float
    most: int
    """Points in one write, at most (a single message may hold more)."""


class Store(Protocol):
    """Where the historian puts what has arrived. Called by one thread at a time."""

    @property
    def name(self) -> str:
        """Name that the cursor is kept under: another database is another name."""
        ...

    @property
    def appetite(self) -> Appetite:
        """How it likes its writes."""
        ...

    @property
    def durable_after_s(self) -> float:
        """Writes younger than this may be lost when the store dies; 0 when none is."""
        ...

    def write(self, messages: Sequence[Message]) -> Outcome:
        """Take messages. Never raises for what a network, a server or a message can do."""
        ...

    def generation(self) -> str:
        """Return what changes when the store's server was started anew; only asked with a tail to keep.

        Raises:
            StoreError: the server does not answer.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class EventFilter(NamedTuple):
    """Which events are asked for; empty sets ask for all."""

    from_ns: int
    to_ns: int
    types: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    limit: int = 10_000
    """Newest first are kept when there are more."""


class Reader(Protocol):
    """What is stored. Times are UTC ns; a range includes its start, not its end."""

    @property
    def resolution_ns(self) -> int:
        """What the store makes of source times: multiples of this; above 1 it rounds doubles, too."""
        ...

    @property
    def keeps_events(self) -> bool:
        """Whether it has events."""
        ...

    def tags(self) -> list[str]:
        """Return the names that have points."""
        ...

    def raw(self, tags: Sequence[str], from_ns: int, to_ns: int) -> StoredPoints:
        """Return every point of the tags, by tag and time."""
        ...

    def buckets(self, tags: Sequence[str], grid: Grid) -> list[Buckets]:
        """Return what each bucket holds, one result a tag."""
        ...

    def last(self, tags: Sequence[str]) -> StoredPoints:
        """Return the newest point of each tag that has one."""
        ...

    def events(self, which: EventFilter) -> list[dict[str, Any]]:
        """Return events by time, oldest first."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


@runtime_checkable
class OutlineReader(Protocol):
    """A reader that can leave out what adds nothing to when a tag was good."""

    def outline(self, tags: Sequence[str], from_ns: int, to_ns: int, moments: Moments) -> Outline | None:
        """Return the points of a range, some of which stand for others; None where that cannot be told."""
        ...
