"""What commissioning wants to know of a device: what is there, and whether the tags fit it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Offered:
    """Something of a device that a tag could be, with the address that the tag would have."""

    path: str
    """Where it is, as people find it in the device."""
    name: str
    """A name for the tag, made of the path."""
    address: Mapping[str, Any]
    type: str
    """In the device's words."""
    kind: str
    """The tag's: number, bool or text; empty where no tag can be made of it as it is."""
    is_writable: bool
    value: Any
    """The present value, None when there is none."""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    note: str = ""
    """What else people should know, as other readings of the same registers."""


@runtime_checkable
class Browses(Protocol):
    """A driver that can tell what its device holds. It connects and disconnects by itself."""

    def browse(self, under: str) -> AsyncIterator[Offered]:
        """Yield what the device offers below a path (empty: everything).

        Raises:
            DriverError: the device cannot be reached, refuses, or is lost.
            ValueError: there is no such path; the message says what would be right.
        """
        ...


@dataclass(frozen=True, slots=True)
class TagFinding:
    """What a device says of a configured tag."""

    tag: int
    type: str = ""
    access: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    faults: tuple[str, ...] = ()
    """Why it cannot work as configured."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a connected device says about itself and its tags."""

    facts: Mapping[str, str]
    """Its limits and the like, in words."""
    tags: Sequence[TagFinding] = field(default_factory=tuple)


@runtime_checkable
class Inspects(Protocol):
    """A driver that can say more of its tags than their quality. Called while it is open."""

    async def inspect(self) -> Inspection:
        """Ask the device about itself and every planned tag.

        Raises:
            DriverError: the whole device.
        """
        ...


def tag_name(path: str, taken: set[str]) -> str:
    """Return a name for a tag, made of where it is in the device; unlike those that are taken.

    Args:
        path: steps with slashes between them.
        taken: names given already; the new one is added.
    """
    steps = [re.sub(r"[^A-Za-z0-9_-]+", "_", step).strip("_") for step in path.split("/")]
    name = plain = ".".join(step for step in steps if step) or "tag"
    number = 1
    while name in taken:
        number += 1
        name = f"{plain}_{number}"
    taken.add(name)
    return name
