"""When to ask for a gap again: not at once, for it may be on its way, and not too often. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from gateway.historian.points import Source
from gateway.historian.spans import Span

PATIENCE_S: Final = 2.0
_FIRST_REPEAT_S: Final = 2.0
_LONGEST_REPEAT_S: Final = 30.0
_AT_ONCE: Final = 16


class Gap(NamedTuple):
    """Sequences that are missing of a source."""

    source: Source
    first: int
    last: int


@dataclass(slots=True)
class _Open:
    due_s: float
    repeat_s: float


class GapWatch:
    """Remembers since when each gap has been open. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._open: dict[tuple[Source, int], _Open] = {}

    def due(self, gaps: Mapping[Source, Sequence[Span]], now_s: float) -> list[Gap]:
        """Return the gaps to ask for now, a few at a time, given all that are open."""
        current = {(source, first): last for source, spans in gaps.items() for first, last in spans}
        self._open = {key: state for key, state in self._open.items() if key in current}
        due: list[Gap] = []
        for (source, first), last in current.items():
            state = self._open.setdefault((source, first), _Open(now_s + PATIENCE_S, _FIRST_REPEAT_S))
            if now_s >= state.due_s and len(due) < _AT_ONCE:
                state.due_s = now_s + state.repeat_s
                state.repeat_s = min(2 * state.repeat_s, _LONGEST_REPEAT_S)
                due.append(Gap(source, first, last))
        return due


class Floors:
    """What each gateway still has: the first sequence that it can send, by partition.

    A gateway tells it in its health, since its journal is trimmed when those that it waits for have a
    record: a historian that joins later would ask in vain.
    """

    def __init__(self) -> None:
        self._floors: dict[Source, int] = {}
        self._offline: set[str] = set()

    def take_state(self, gateway: str, state: Mapping[str, Any]) -> None:
        """Take a gateway's retained state."""
        if state["online"]:
            self._offline.discard(gateway)
        else:
            self._offline.add(gateway)

    def take_health(self, gateway: str, health: Mapping[str, Any]) -> None:
        """Take a gateway's retained health."""
        journal = health["journal"]
        for partition, sequence in journal["first"].items():
            source = Source(gateway, int(journal["epoch"]), int(partition))
            self._floors[source] = max(int(sequence), self._floors.get(source, 1))

    def is_online(self, gateway: str) -> bool:
        """Tell whether it makes sense to ask a gateway; true when nothing is known."""
        return gateway not in self._offline

    def lost(self, gap: Gap) -> Gap | None:
        """Return the part of a gap that the gateway has no more."""
        last = min(gap.last, self._floors.get(gap.source, 1) - 1)
        return Gap(gap.source, gap.first, last) if last >= gap.first else None
