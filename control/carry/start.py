"""Begin warm, or cold: may a snapshot be gone on from, and what becomes of it.

Monotonic time counts from the start of the machine. Within one start it goes on over processes, and
the age of a snapshot is exact whatever was done to the clock; after a reboot its age is told by UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from control.carry.held import Held
from control.carry.roster import Roster
from control.carry.snapshot import Snapshot
from control.carry.transfer import Carried, Transfer, carry_over
from control.tables import Tables

_SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Now:
    """The clocks at the start."""

    monotonic_ns: int
    utc_ns: int
    boot: str
    """As `Snapshot.boot`."""


class TooOld(ValueError):
    """A snapshot that must not be gone on from; the message says why."""


def age_ns(snapshot: Snapshot, now: Now) -> int:
    """Return how long ago a snapshot was made.

    Raises:
        TooOld: it was made in the future: the clock was set back over a reboot.
    """
    moment = snapshot.moment
    gone_ns = now.monotonic_ns - moment.monotonic_ns
    if snapshot.boot and snapshot.boot == now.boot and gone_ns >= 0:
        return gone_ns
    gone_ns = now.utc_ns - moment.utc_ns
    if gone_ns < 0:
        raise TooOld(f"it is {-gone_ns / _SECOND:.0f} s newer than the clock: its age is unknown")
    return gone_ns


def warm_start(
    snapshot: Snapshot, tables: Tables, roster: Roster, now: Now, max_age_s: float
) -> tuple[Carried, float]:
    """Go on from a snapshot; return what was carried and how old it was, in seconds.

    Raises:
        TooOld: it is older than `max_age_s`; the tables are untouched.
    """
    old_ns = age_ns(snapshot, now)
    if old_ns > max_age_s * _SECOND:
        raise TooOld(f"it is {old_ns / _SECOND:.1f} s old, more than {max_age_s:g} s")
    carried = carry_over(
        snapshot.held(),
        Held(roster, tables.arena.arrays()),
        tables.state,
        Transfer.RESTART,
        offset_ns=now.monotonic_ns - old_ns - snapshot.moment.monotonic_ns,
        now_ns=now.monotonic_ns,
    )
    return carried, old_ns / _SECOND
