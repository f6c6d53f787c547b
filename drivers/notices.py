"""What a device tells besides values: about itself, and its own alarms.

Drivers announce, the host hands on.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, SupportsFloat, runtime_checkable


class Matter(enum.StrEnum):
    """What a notice is about."""

    CLOCK_OFF = "clock_off"
    """The device's clock is further from the gateway's than is allowed."""
    CLOCK_RIGHT = "clock_right"
    TIMES_DOUBTFUL = "times_doubtful"
    """Samples have source times that are missing, impossible, or ahead of the server's own."""
    TIMES_RIGHT = "times_right"
    SAMPLES_LOST = "samples_lost"
    """The device, or the link, lost samples for good; the next ones carry the mark."""
    HISTORY_READ = "history_read"
    """Samples that were missing have been read from the device's own history."""
    CERTIFICATE_ENDS = "certificate_ends"
    """A certificate, ours or the device's, ends soon."""
    ENDPOINT_CHANGED = "endpoint_changed"
    """Another server of a redundant set is used now."""
    WRITE_FAILED = "write_failed"
    """An output does not arrive: the device refuses it, or holds another value when it is read back."""
    WRITE_WORKS = "write_works"
    """It arrives again."""
    LEASE_TAKEN = "lease_taken"
    """This gateway may write to the device from now on."""
    LEASE_LOST = "lease_lost"
    """It may not any more: another gateway has taken the device, or the lease could not be renewed."""
    DEGRADED = "degraded"
    """The device says itself that it is not well."""
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Notice:
    """A device, or the driver about it, tells something."""

    what: Matter
    detail: str
    utc_ns: int
    value: float | None = None
    """A number that belongs to it: seconds of a clock's offset, samples, days."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An alarm or condition of the device's own, as it stands after a change."""

    name: str
    source: str
    """What it belongs to, in the device's words."""
    identifier: str
    """The device's own id of the condition, which stays the same."""
    event: str
    """The device's id of this change: an acknowledgement names it."""
    type: str
    severity: int
    """1 to 1000."""
    message: str
    active: bool | None
    """None where the device does not tell."""
    acknowledged: bool | None
    confirmed: bool | None
    retain: bool
    """It is still of interest; false ends its life."""
    suppressed_or_shelved: bool | None
    utc_ns: int
    refreshed: bool = False
    """Told anew after a reconnection, not because it changed."""


News = Notice | Condition
Announce = Callable[[News], None]


def silent(news: News) -> None:
    """Announce to nobody."""


@runtime_checkable
class Announces(Protocol):
    """A driver that tells more than values: the host sets where to."""

    announce: Announce


@runtime_checkable
class Tells(Protocol):
    """A driver that knows facts about its device, for the gateway's health."""

    @property
    def facts(self) -> Mapping[str, float | str | None]:
        """What is known of the device now, by name (units in the names)."""
        ...


def plain(fact: object) -> float | str | None:
    """Return a fact as the health can hold it: a driver may count in numbers of NumPy."""
    if fact is None or type(fact) in (int, float, str):
        return fact  # type: ignore[return-value]
    return float(fact) if isinstance(fact, SupportsFloat) else str(fact)
