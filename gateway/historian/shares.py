"""Who of a group of historians takes which partition, and who of them is there. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

SILENT_S: Final = 5.0
"""A member that has not been heard of for this long is away, whatever the broker says."""


def share(members: Sequence[str], present: Collection[str], partitions: Sequence[int]) -> dict[int, str]:
    """Return who takes each partition: its home member, or while that is away one of the others in turn.

    Only what the absent one had moves, and it moves back when it returns. Everybody who sees the same
    members present comes to the same answer; who does not for a moment does no harm (see `group`).
    """
    living = [member for member in members if member in present]
    shares = {}
    for place, partition in enumerate(partitions):
        home = members[place % len(members)]
        if home in present:
            shares[partition] = home
        elif living:
            shares[partition] = living[place // len(members) % len(living)]
    return shares


class Presence:
    """Which members are there, by what they say of themselves. Times are monotonic seconds."""

    def __init__(self, members: Sequence[str], own: str) -> None:
        """Begin with nobody but oneself; `connected` gives the others the time to be heard."""
        self._members, self._own = members, own
        self._heard_s: dict[str, float] = {}

    def connected(self, now_s: float) -> None:
        """Forget how long nobody was heard of: without a broker nobody could be."""
        self._heard_s = dict.fromkeys(self._members, now_s)

    def hear(self, member: str, said: Mapping[str, Any], now_s: float) -> None:
        """Take a member's health: also its last will, which says that it is gone."""
        if said["online"]:
            self._heard_s[member] = now_s
        else:
            self._heard_s.pop(member, None)

    def present(self, now_s: float) -> frozenset[str]:
        """Return who is there."""
        heard = (member for member, at_s in self._heard_s.items() if now_s - at_s < SILENT_S)
        return frozenset((*heard, self._own))
