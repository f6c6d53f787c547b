"""Which tags are followed, which are read, and how many operations go into one request. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from config.devices import OpcUaAddress, OpcUaDevice
from config.tags import Access, TagKind
from drivers.api import TagRef
from drivers.opcua.wire import NUMBER, TEXT

UNKNOWN_LIMIT: Final = 500
"""Operations in a request to a server that states no limit."""
MOST: Final = 1000
"""Operations in a request, whatever the server would take: an answer stays below 100 kB."""
ROUND_S: Final = 60.0
"""Everything that is followed is also read once in this time."""
QUEUE_SPARE: Final = 2
"""The server's queue holds so many times the samples of one publishing interval."""

EARLY: Final = 0.1
"""Share of its period by which a poll may come early."""


@dataclass(frozen=True, slots=True)
class Item:
    """A tag's node: `handle` is its place in the plan and its name on the wire."""

    handle: int
    tag: int
    name: str
    address: OpcUaAddress
    kind: TagKind
    access: Access
    period_s: float
    """Sampling interval of a followed item, polling period of a polled one."""
    queue_size: int
    polled: bool

    @property
    def is_read(self) -> bool:
        """Whether samples of it are wanted."""
        return self.access is not Access.WRITE

    @property
    def is_written(self) -> bool:
        """Whether values go to it."""
        return self.access is not Access.READ


@dataclass(frozen=True, slots=True)
class Plan:
    """A device's items; the arrays are by handle."""

    items: tuple[Item, ...]
    refused: Mapping[int, str]
    tag_of: npt.NDArray[np.int32]
    kind_of: npt.NDArray[np.uint8]
    by_tag: Mapping[int, Item]

    @property
    def followed(self) -> tuple[Item, ...]:
        """Items of the subscription."""
        return tuple(item for item in self.items if item.is_read and not item.polled)

    @property
    def polled(self) -> tuple[Item, ...]:
        """Items that are read each period."""
        return tuple(item for item in self.items if item.is_read and item.polled)


def make_plan(device: OpcUaDevice, refs: Sequence[TagRef]) -> Plan:
    """Plan the tags of a device."""
    items: list[Item] = []
    refused: dict[int, str] = {}
    for ref in refs:
        try:
            address = OpcUaAddress.model_validate(ref.tag.address)
        except ValidationError as error:
            refused[ref.index] = "; ".join(str(detail["msg"]) for detail in error.errors())
            continue
        if reason := _unusable(address):
            refused[ref.index] = reason
        else:
            items.append(_item(device, ref, address, len(items)))
    return Plan(
        items=tuple(items),
        refused=refused,
        tag_of=np.array([item.tag for item in items], np.int32),
        kind_of=np.array([TEXT if item.kind is TagKind.TEXT else NUMBER for item in items], np.uint8),
        by_tag={item.tag: item for item in items},
    )


def _item(device: OpcUaDevice, ref: TagRef, address: OpcUaAddress, handle: int) -> Item:
    polled = address.poll or not device.subscribe
    period_s = ref.tag.period or (device.period if polled else device.publishing_interval)
    in_one_interval = ceil(QUEUE_SPARE * device.publishing_interval / max(period_s, 1e-3))
    return Item(
        handle=handle,
        tag=ref.index,
        name=ref.name,
        address=address,
        kind=ref.tag.kind,
        access=ref.tag.access,
        period_s=period_s,
        queue_size=max(device.queue_size, in_one_interval),
        polled=polled,
    )


def _unusable(address: OpcUaAddress) -> str:
    """Return why no server can have a node with this address, or nothing."""
    if isinstance(address.identifier, int) and not 0 <= address.identifier < 2**32:
        return f"identifier {address.identifier}: a numeric identifier is between 0 and 4294967295"
    if address.identifier == "":
        return "the identifier is empty"
    return ""


class Slices:
    """How many operations go into one request of a service: learnt from the server."""

    def __init__(self, limit: int = 0) -> None:
        """`limit` is what the server states; 0 is unknown."""
        self.size = min(limit, MOST) if limit > 0 else UNKNOWN_LIMIT

    def halve(self) -> bool:
        """Ask for less at a time; False when that is not possible."""
        if self.size == 1:
            return False
        self.size //= 2
        return True


class Polling:
    """Which polled items are due: items of one period go together, on absolute deadlines."""

    def __init__(self, items: Sequence[Item], now: float) -> None:
        """Every item is due at once."""
        self._groups: dict[float, list[Item]] = {}
        self._due: dict[float, float] = {}
        self.add(items, now)

    @property
    def next(self) -> float:
        """When something is due next; infinity when nothing is polled."""
        return min(self._due.values(), default=float("inf"))

    def add(self, items: Sequence[Item], now: float) -> None:
        """Poll further items; they are due at once."""
        for item in items:
            self._groups.setdefault(item.period_s, []).append(item)
            self._due[item.period_s] = now

    def take(self, now: float) -> list[Item]:
        """Return the items that are due; they are due again a period later."""
        due: list[Item] = []
        for period_s, at in self._due.items():
            # A poll by the host comes at about the deadline: a hair early is on time.
            if at <= now + EARLY * period_s:
                due += self._groups[period_s]
                self._due[period_s] = max(at + period_s, now)
        return due


class Round:
    """Reads what is followed, part by part and over and over, so that silence can be told from loss.

    Not every server says that a node was deleted, or notices by itself that it has stopped sampling
    one; a followed tag would show its last value for ever. What is read and is no news costs little.
    """

    def __init__(self, items: Sequence[Item], now: float) -> None:
        """The first part is due after its share of the time."""
        self._items = items
        self._at = 0
        self.next = now + ROUND_S if items else float("inf")

    def take(self, now: float, size: int) -> list[Item]:
        """Return the next `size` items when they are due."""
        if now < self.next:
            return []
        part = list(self._items[self._at : self._at + size])
        self._at = (self._at + len(part)) % len(self._items)
        self.next = now + ROUND_S * len(part) / len(self._items)
        return part
